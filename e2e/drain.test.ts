/** `tortie drain` (RFC 8326) as its neighbours see it: BIRD and FRR outside the AS, another Tortie inside. */
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import { TortieCommand, tortieOn } from './lab/tortie-command.ts'
import { until } from './lab/until.ts'

const cluster = await Cluster.create({ holdTimeSec: 9, command: agentCommand() })
t.teardown(() => cluster.remove())
const { nodeA, nodeB, bird, frr } = cluster
await Promise.all([nodeA.writeConfig(), nodeB.writeConfig()])
await Promise.all([bird.start(), frr.start(), nodeA.start(), nodeB.start()])

const tortie = tortieOn(nodeA)
const prefix = nodeA.options.podCidr
const outside = () => bird.birdc('show', 'route', 'for', prefix, 'all', 'protocol', 'node_a')

type FrrPath = { readonly peer?: { readonly peerId?: string }; readonly locPrf?: number; readonly community?: { readonly string: string } }

/** What FRR was told by node-a. */
async function atFrr(): Promise<FrrPath | undefined> {
  const answer = JSON.parse(await frr.vtysh(`show bgp ipv4 unicast ${prefix} json`)) as { paths?: readonly FrrPath[] }
  return answer.paths?.find(({ peer }) => peer?.peerId === nodeA.options.address)
}

type Path = { readonly peer: string; readonly localPref?: number; readonly communities?: readonly string[] }

/** What node-b was told by node-a. */
async function inside(): Promise<Path | undefined> {
  const { body } = await nodeB.request('GET', `/v1/bgp/routes?table=in&peer=node-a&prefix=${prefix}`)
  return (body as { routes: readonly { paths: readonly Path[] }[] }).routes[0]?.paths[0]
}

async function plain(): Promise<void> {
  await until('FRR has the route as it always is', async () => {
    const path = await atFrr()
    return path !== undefined && path.community === undefined
  })
  await until('both neighbours have the route as it always is', async () => {
    const text = await outside().catch(() => '')
    return text.includes(prefix) && !text.includes('(65535,0)') && (await inside())?.localPref === 100
  })
}

type Session = { readonly name: string; readonly state: string; readonly since: string; readonly flaps: number }

async function sessions(): Promise<readonly Session[]> {
  const { peers } = JSON.parse((await tortie('bgp peers -o json')).out) as { peers: readonly Session[] }
  return peers.map(({ name, state, since, flaps }) => ({ name, state, since, flaps }))
}

t.test('RFC 8326 §4.2: announced with GRACEFUL_SHUTDOWN, inside with LOCAL_PREF 0, then withdrawn, then back', async (t) => {
  await plain()
  const before = await sessions()
  const drain = new TortieCommand(nodeA, ['drain', '--wait', '5'])
  await until('BIRD has the community', async () => (await outside()).includes('BGP.community: (65535,0)'))
  t.match(await until('node-b has it too', async () => ((await inside())?.localPref === 0 ? inside() : undefined)), {
    communities: ['graceful-shutdown'],
    localPref: 0,
  })
  // RFC 8326 §4.1: who receives the community prefers anything else; FRR does so without being told
  t.match(await until('FRR has it as well', async () => ((await atFrr())?.community === undefined ? undefined : atFrr())), {
    community: { string: 'graceful-shutdown' },
    locPrf: 0,
  })
  const { out } = await tortie('status -o json')
  t.match(JSON.parse(out), { drain: { state: 'announced' }, problems: [{ subject: 'bgp/drain', severity: 'warning' }] })
  t.match(await drain.result(), { code: 0, out: /^drained since \S+: the prefixes of this node are withdrawn, sessions are up; / })
  await until('BIRD has no route any more', async () => !(await outside().catch(() => '')).includes(prefix))
  await until('nor has FRR', async () => (await atFrr()) === undefined)
  await until('nor has node-b', async () => (await inside()) === undefined)
  t.match(before, [{ state: 'Established' }, { state: 'Established' }, { state: 'Established' }])
  t.strictSame(await sessions(), before, 'every session stays up')
  t.match(await nodeA.namespace.ip('route', 'show', prefix), 'blackhole', 'our own kernel is as it was')
  t.match(await tortie('drain --undo'), { code: 0, out: 'not drained: the prefixes of this node are announced\n' })
  await plain()
  t.equal(JSON.parse((await tortie('status -o json')).out).drain, undefined)
})

t.test('a restart ends a drain', async (t) => {
  t.match(await tortie('drain --wait 0'), { code: 0 })
  await until('BIRD has no route any more', async () => !(await outside().catch(() => '')).includes(prefix))
  await nodeA.end('SIGTERM')
  await nodeA.start()
  await plain()
  t.match(await nodeA.request('GET', '/v1/drain'), { status: 200, body: { state: 'none' } })
})
