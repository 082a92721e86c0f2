/** BGPPeer, Node, BGPConfiguration and FelixConfiguration posted to a running agent: each is taken at once, and nothing else moves. */
import t from 'tap'
import { stringify } from 'yaml'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import type { TortieNode } from './lab/tortie-node.ts'
import { until } from './lab/until.ts'

type Peer = { readonly name: string; readonly state: string; readonly since: string; readonly asNumber: number }
type Problem = { readonly subject: string; readonly message: string }
type Status = { readonly bgp: { readonly asNumber: number }; readonly problems: readonly Problem[] }

const cluster = await Cluster.create({ holdTimeSec: 9, command: agentCommand() })
t.teardown(() => cluster.remove())
const { nodeA, nodeB, bird } = cluster
await cluster.start()

/** The file of a node that leaves everything but one router to resources. */
async function configure(node: TortieNode): Promise<void> {
  await node.writeConfig({ bgp: { peers: node.options.peers.filter(({ name }) => name === 'frr') } })
  node.signal('SIGHUP')
  await until(`${node.options.name} peers with FRR only`, async () => [...(await peers(node)).keys()].join() === 'frr')
}

function resource(kind: string, name: string, spec: Record<string, unknown>): string {
  return stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
}

async function peers(node: TortieNode): Promise<ReadonlyMap<string, Peer>> {
  const { body } = await node.request('GET', '/v1/bgp/peers')
  return new Map((body as { peers: readonly Peer[] }).peers.map((peer) => [peer.name, peer]))
}

function established(node: TortieNode, name: string): Promise<Peer> {
  return until(`${node.options.name} has ${name} Established`, async () => {
    const peer = (await peers(node)).get(name)
    return peer?.state === 'Established' ? peer : undefined
  })
}

async function status(): Promise<Status> {
  return (await nodeA.request('GET', '/v1/status')).body as Status
}

function routeTo(prefix: string): Promise<string> {
  return nodeA.namespace.ip('route', 'show', prefix)
}

await configure(nodeA)
await configure(nodeB)

t.test('a BGPPeer brings a session up and takes it with it; the other peer notices nothing', async (t) => {
  const before = await established(nodeA, 'frr')
  const peer = resource('BGPPeer', 'bird', { peerIP: bird.options.address, asNumber: bird.options.asNumber })
  await nodeA.apply(peer)
  t.equal((await established(nodeA, 'bird')).asNumber, bird.options.asNumber)
  t.match(await until('the route of BIRD is there', () => routeTo(bird.options.podCidr)), `via ${bird.options.address}`)
  await nodeA.delete(peer)
  await until('the route of BIRD is gone', async () => (await routeTo(bird.options.podCidr)) === '')
  const after = await peers(nodeA)
  t.strictSame([...after.keys()], ['frr'])
  t.equal(after.get('frr')?.since, before.since)
})

t.test('the nodes of a cluster mesh as soon as they know of each other, and no longer when it is disabled', async (t) => {
  const nodes = [nodeA, nodeB].map(({ options: { name, address } }) => resource('Node', name, { bgp: { ipv4Address: `${address}/24` } }))
  for (const node of [nodeA, nodeB]) await node.apply(nodes.join('---\n'))
  await Promise.all([established(nodeA, 'mesh.node-b'), established(nodeB, 'mesh.node-a')])
  t.match(await until('the route of node-b is there', () => routeTo(nodeB.options.podCidr)), `via ${nodeB.options.address}`)
  const noMesh = resource('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false })
  await nodeA.apply(noMesh)
  t.strictSame([...(await peers(nodeA)).keys()], ['frr'])
  await nodeA.delete(noMesh)
  await established(nodeA, 'mesh.node-b')
})

t.test('another AS number ends every session and goes on with it; its routes leave the kernel and come back', async (t) => {
  await established(nodeA, 'frr')
  const asNumber = resource('BGPConfiguration', 'node.node-a', { asNumber: 64_600 })
  await nodeA.apply(asNumber)
  await until('FRR, which expects another AS, has refused us', async () => (await peers(nodeA)).get('frr')?.state !== 'Established')
  t.equal((await status()).bgp.asNumber, 64_600)
  await until('the route of node-b is gone', async () => (await routeTo(nodeB.options.podCidr)) === '')
  await nodeA.delete(asNumber)
  await established(nodeA, 'frr')
  await established(nodeA, 'mesh.node-b')
  t.match(await until('the route of node-b is back', () => routeTo(nodeB.options.podCidr)), `via ${nodeB.options.address}`)
})

t.test('the listener moves to another port', async (t) => {
  const listeners = () => nodeA.namespace.run('ss', ['-Hltn'])
  const address = nodeA.options.address
  await nodeA.apply(resource('BGPConfiguration', 'node.node-a', { listenPort: 1790 }))
  await until('it listens on 1790', async () => (await listeners()).includes(`${address}:1790 `))
  t.notMatch(await listeners(), `${address}:179 `)
  await nodeA.delete(resource('BGPConfiguration', 'node.node-a', {}))
  await until('it listens on 179', async () => (await listeners()).includes(`${address}:179 `))
})

t.test('FelixConfiguration chooses what becomes of packets from workloads to the host, live', async (t) => {
  const lastRule = async () => (await nodeA.namespace.run('iptables', ['-S', 'tort-wl-to-host'])).trim().split('\n').at(-1)
  t.match(await lastRule(), '-g tort-denied')
  const accept = resource('FelixConfiguration', 'default', { defaultEndpointToHostAction: 'Accept' })
  await nodeA.apply(accept)
  t.match(await lastRule(), '-j ACCEPT')
  await nodeA.delete(accept)
  t.match(await lastRule(), '-g tort-denied')
})

t.test('what has no effect is said, and so is what needs a restart', async (t) => {
  const wanted = [
    resource('IPReservation', 'printers', { reservedCIDRs: ['10.244.9.0/24'] }),
    resource('FelixConfiguration', 'node.node-a', { iptablesBackend: 'Legacy', reportingInterval: '0s' }),
  ].join('---\n')
  await nodeA.apply(wanted)
  const told = new Map((await status()).problems.map(({ subject, message }) => [subject, message]))
  t.equal(told.get('ipreservation/printers'), 'IPReservation has no effect yet')
  t.equal(told.get('felixconfiguration/node.node-a'), 'spec.reportingInterval has no effect yet')
  t.match(told.get('felix/iptablesBackend'), 'legacy needs a restart of the agent')
  await nodeA.delete(wanted)
  const subjects = (await status()).problems.map(({ subject }) => subject)
  t.notOk(
    subjects.some((subject) => /^(ipreservation|felix)/.test(subject)),
    subjects.join(),
  )
})
