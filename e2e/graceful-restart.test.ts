/** The agent killed with -9 between peers that know graceful restart (RFC 4724), another Tortie and FRR, and one that does not, BIRD. */
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import { soonSec, until } from './lab/until.ts'

const cluster = await Cluster.create({ holdTimeSec: 9, command: agentCommand(), birdGracefulRestart: 'off' })
t.teardown(() => cluster.remove())
const { nodeA, nodeB, bird, frr } = cluster
await cluster.start()
const here = await nodeA.addPod('here', '10.244.1.10', { app: 'stream' })
const there = await nodeB.addPod('there', '10.244.2.10', { app: 'stream' })
const atFrr = cluster.keep(await frr.addPod('f1', '10.244.4.10'))

type Peer = { readonly name: string; readonly state: string; readonly families: Record<string, { readonly endOfRibAwaited?: true }> }

async function peers(): Promise<readonly Peer[]> {
  const { body } = await nodeA.request('GET', '/v1/bgp/peers')
  return (body as { peers: readonly Peer[] }).peers
}

const ours = '10.244.1.0/24'
const routeTo = (prefix: string) => nodeA.namespace.ip('route', 'show', prefix)
const allUp = async () => {
  const all = await peers()
  return all.length === 3 && all.every(({ state }) => state === 'Established')
}

/** Nothing of a restart is left to wait for. */
async function converged(): Promise<boolean> {
  const { body } = await nodeA.request('GET', '/v1/status')
  return !(body as { problems: readonly { subject: string }[] }).problems.some(({ subject }) => subject === 'bgp/restart')
}

async function everywhere(): Promise<void> {
  await until('all sessions are up', allUp)
  await until('BIRD has our route', async () => (await bird.namespace.ip('route', 'show', ours)).includes('10.99.0.1'))
  await until('FRR has our route', async () => (await frr.namespace.ip('route', 'show', ours)).includes('10.99.0.1'))
  await until('node-b has our route', async () => (await nodeB.namespace.ip('route', 'show', ours)).includes('10.99.0.1'))
  for (const [prefix, via] of [
    ['10.244.2.0/24', '10.99.0.2'],
    ['10.244.3.0/24', '10.99.0.3'],
    ['10.244.4.0/24', '10.99.0.4'],
  ] as const)
    await until(`we have ${prefix}`, async () => (await routeTo(prefix)).includes(via))
}

t.test('RFC 4724 killed with -9, twice: no packet between the pods is lost, and only the peer without it notices', async (t) => {
  await everywhere()
  await here.startStream(there.address, 1000)
  await there.startStream(here.address, 1000)
  const received = async () => (await there.streamCount(0)).received
  await until('the stream runs', async () => (await received()) > 500)
  await nodeA.end('SIGKILL')
  await until('BIRD takes its route away at once', async () => !(await bird.namespace.ip('route', 'show', ours)).includes('10.99.0.1'))
  t.match(await nodeB.namespace.ip('route', 'show', ours), 'via 10.99.0.1', 'the other node keeps it')
  t.match(await frr.namespace.ip('route', 'show', ours), 'via 10.99.0.1', 'FRR keeps it')
  for (const [prefix, via] of [
    ['10.244.2.0/24', '10.99.0.2'],
    ['10.244.3.0/24', '10.99.0.3'],
    ['10.244.4.0/24', '10.99.0.4'],
  ] as const)
    t.match(await routeTo(prefix), via, `our kernel keeps ${prefix}`)
  await nodeA.start()
  await nodeA.end('SIGKILL') // a restart within the restart
  t.match(await nodeB.namespace.ip('route', 'show', ours), 'via 10.99.0.1', 'the other node still keeps it')
  await nodeA.start()
  await everywhere()
  await until('every peer has finished, or cannot say so: long before the 30 s are over', converged, soonSec)
  const back = await received()
  await until('two more seconds of stream', async () => (await received()) > back + 2000)
  const [sent1, sent2] = [await here.stopSending(), await there.stopSending()]
  await until(
    'the last datagram arrived',
    async () => (await there.streamCount(sent1)).lost === 0 && (await here.streamCount(sent2)).lost === 0,
    soonSec,
  )
  t.strictSame(await there.streamCount(sent1), { received: sent1, lost: 0, duplicated: 0, reordered: 0 })
  t.strictSame(await here.streamCount(sent2), { received: sent2, lost: 0, duplicated: 0, reordered: 0 })
  t.equal(await here.reaches({ protocol: 'icmp', to: atFrr.address }), true)
})

t.test('RFC 4724 §4.1: a peer that is not there delays the decision, not the traffic; who it is, is shown', async (t) => {
  await everywhere()
  await nodeA.end('SIGKILL')
  await cluster.setCable(nodeB, 'down')
  await nodeA.start()
  await until('the routers are back', async () => (await peers()).filter(({ state }) => state === 'Established').length === 2)
  const { body } = await nodeA.request('GET', '/v1/status')
  t.match(body, {
    problems: [{ subject: 'bgp/restart', message: /^this node restarted: ipv4-unicast decisions wait for End-of-RIB of node-b, / }],
  })
  t.match((await peers()).find(({ name }) => name === 'node-b')?.families, { 'ipv4-unicast': { endOfRibAwaited: true } })
  t.match(await routeTo('10.244.4.0/24'), 'via 10.99.0.4', 'the kernel forwards as before')
  await cluster.setCable(nodeB, 'up')
  await until('it is there, and nothing is waited for any more', converged, 40)
  await everywhere()
})
