/** BFD between two built agents: a broken path is found long before the hold time, an agent that restarts is none (RFC 5882). */
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import type { TortieNode } from './lab/tortie-node.ts'
import { soonSec, until } from './lab/until.ts'

const cluster = await Cluster.create({ holdTimeSec: 90, command: agentCommand() })
t.teardown(() => cluster.remove())
const { nodeA, nodeB } = cluster
for (const node of [nodeA, nodeB]) {
  const peers = node.options.peers.filter(({ name }) => name === 'node-a' || name === 'node-b')
  await node.writeConfig({ bgp: { asNumber: 64512, bfd: { multiplier: 10 }, peers: peers.map((peer) => ({ ...peer, holdTimeSec: 90 })) } })
  await node.start()
}

type Peer = {
  readonly state: string
  readonly flaps: number
  readonly lastError?: { readonly name: string }
  readonly bfd?: { readonly state: string; readonly intervalMs: number; readonly detectionTimeMs: number; readonly downs: number }
}

async function peerOf(node: TortieNode): Promise<Peer | undefined> {
  const { body } = await node.request('GET', '/v1/bgp/peers')
  return (body as { peers: readonly Peer[] }).peers[0]
}

const routeToB = () => nodeA.namespace.ip('route', 'show', '10.244.2.0/24')
const isUp = ({ state, bfd }: Peer) => state === 'Established' && bfd?.state === 'Up' && bfd.detectionTimeMs === 3000

async function allUp(): Promise<void> {
  for (const node of [nodeA, nodeB])
    await until(`${node.options.name} sees the other`, async () => {
      const peer = await peerOf(node)
      return peer !== undefined && isUp(peer)
    })
  await until('the route to node-b', async () => (await routeToB()).includes('10.99.0.2'))
}

t.test('the API and the metrics show it', async (t) => {
  await allUp()
  t.match(await peerOf(nodeA), { bfd: { state: 'Up', intervalMs: 300, detectionTimeMs: 3000, downs: 0 } })
  const { body } = await nodeA.request('GET', '/metrics')
  t.match(String(body), 'tortie_bgp_peer_bfd_up{peer="node-b"} 1')
})

for (const signal of ['SIGTERM', 'SIGKILL'] as const)
  t.test(`an agent that ends with ${signal} and comes back loses no route at its peer`, async (t) => {
    const before = (await peerOf(nodeA))?.flaps ?? 0
    await nodeB.end(signal)
    await until('BFD is down', async () => (await peerOf(nodeA))?.bfd?.state === 'Down')
    t.match(await routeToB(), '10.99.0.2')
    await nodeB.start()
    await allUp()
    t.equal((await peerOf(nodeA))?.flaps, before + 1, 'one session, one restart')
  })

t.test('a cable that is pulled ends the session and takes the route; plugged in again, all comes back', async (t) => {
  await cluster.setCable(nodeB, 'down')
  await until('the route is gone, long before 90 s', async () => (await routeToB()) === '', soonSec)
  t.match((await peerOf(nodeA))?.lastError?.name, /Hard Reset|BFD Down/)
  await cluster.setCable(nodeB, 'up')
  await allUp()
})
