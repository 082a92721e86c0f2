/** SIGHUP: the configuration of peers and pod CIDRs is taken live, a changed peer restarts alone (INTERFACE §1). */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import { until } from './lab/until.ts'

type Peer = {
  readonly name: string
  readonly state: string
  readonly since: string
  readonly flaps: number
  readonly timers: { readonly holdTimeSec: number }
  readonly messages: { readonly received: number }
}

const cluster = await Cluster.create({ holdTimeSec: 9, command: agentCommand() })
t.teardown(() => cluster.remove())
const { nodeA, bird } = cluster
await cluster.start()

async function peers(): Promise<ReadonlyMap<string, Peer>> {
  const { body } = await nodeA.request('GET', '/v1/bgp/peers')
  return new Map((body as { peers: readonly Peer[] }).peers.map((peer) => [peer.name, peer]))
}

async function allUp(count: number): Promise<ReadonlyMap<string, Peer>> {
  return until(`${count} peers are Established`, async () => {
    const now = await peers()
    return now.size === count && [...now.values()].every(({ state }) => state === 'Established') ? now : undefined
  })
}

const configured = nodeA.options.peers
const bgp = (list: readonly Record<string, unknown>[]) => ({ bgp: { asNumber: nodeA.options.asNumber, peers: list } })

t.test('a changed peer restarts alone, with its new terms', async (t) => {
  const before = await allUp(3)
  await nodeA.writeConfig(bgp(configured.map((peer) => (peer.name === 'bird' ? { ...peer, holdTimeSec: 6 } : peer))))
  nodeA.signal('SIGHUP')
  const bird = await until('BIRD is back with the new hold time', async () => {
    const now = (await peers()).get('bird')
    return now?.state === 'Established' && now.timers.holdTimeSec === 6 ? now : undefined
  })
  t.not(bird.since, before.get('bird')?.since)
  const after = await peers()
  for (const name of ['node-b', 'frr'])
    t.strictSame([after.get(name)?.since, after.get(name)?.flaps], [before.get(name)?.since, before.get(name)?.flaps], name)
})

t.test('what is live is taken under the session: limits, and a key that is read again from its file at both ends', async (t) => {
  const { nodeB } = cluster
  const before = await allUp(3)
  const ends = [
    { node: nodeA, peer: 'node-b' },
    { node: nodeB, peer: 'node-a' },
  ]
  const change = async (key: string, more: Record<string, unknown>) => {
    for (const { node, peer } of ends) {
      const passwordFile = path.join(node.options.directory, 'key')
      await writeFile(passwordFile, key, { mode: 0o600 })
      const list = node.options.peers.map((entry) => (entry.name === peer ? { ...entry, ...more, passwordFile } : entry))
      await node.writeConfig({ bgp: { asNumber: node.options.asNumber, peers: list } })
      node.signal('SIGHUP')
    }
  }
  for (const [key, more] of [
    ['one', { maxPrefixes: 1000 }],
    ['two', { maxPrefixes: 500, maxPrefixesWarnPercent: 50 }],
  ] as const) {
    await change(key, more)
    const heard = (await peers()).get('node-b')?.messages.received ?? 0
    await until('node-b is heard, signed with the key', async () => ((await peers()).get('node-b')?.messages.received ?? 0) > heard + 1)
  }
  const after = await peers()
  for (const name of ['node-b', 'frr'])
    t.strictSame([after.get(name)?.since, after.get(name)?.flaps], [before.get(name)?.since, before.get(name)?.flaps], name)
  await nodeB.writeConfig({ bgp: { asNumber: nodeB.options.asNumber, peers: nodeB.options.peers } })
  await nodeA.writeConfig(bgp(configured))
  for (const { node } of ends) node.signal('SIGHUP')
  await allUp(3)
})

t.test('a BGPPeer comes, changes and goes: the sessions of others notice nothing', async (t) => {
  const before = await allUp(3)
  const tor = (rest: string) => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: tor }
spec: { peerIP: 10.99.0.77, asNumber: 65077${rest} }
`
  for (const rest of ['', ', ttlSecurity: 1', ', keepaliveTime: 2s']) {
    await nodeA.apply(tor(rest))
    await until('the peer is there', async () => (await peers()).has('tor'))
  }
  await nodeA.delete(tor(''))
  await until('the peer is gone', async () => !(await peers()).has('tor'))
  const after = await peers()
  for (const name of ['node-b', 'frr', 'bird'])
    t.strictSame([after.get(name)?.since, after.get(name)?.flaps], [before.get(name)?.since, before.get(name)?.flaps], name)
})

t.test('a peer that is taken out goes with its routes, and comes back when it is put in again', async (t) => {
  const before = await allUp(3)
  await nodeA.writeConfig(bgp(configured.filter(({ name }) => name !== 'frr')))
  nodeA.signal('SIGHUP')
  await until('the routes of FRR are gone', async () => (await nodeA.namespace.ip('route', 'show', '10.244.4.0/24')) === '')
  t.strictSame([...(await peers()).keys()].toSorted(), ['bird', 'node-b'])
  await nodeA.writeConfig(bgp(configured))
  nodeA.signal('SIGHUP')
  const after = await allUp(3)
  t.equal(after.get('node-b')?.since, before.get('node-b')?.since)
  t.match(await until('the route is back', () => nodeA.namespace.ip('route', 'show', '10.244.4.0/24')), 'via 10.99.0.4')
})

t.test('pod CIDRs change: announced and blackholed, the old one withdrawn', async (t) => {
  const { name, address } = nodeA.options
  await nodeA.writeConfig({ node: { name, ipv4: `${address}/24`, podCidrs: ['10.244.9.0/24'] } })
  nodeA.signal('SIGHUP')
  t.match(await until('BIRD has the new one', () => bird.namespace.ip('route', 'show', '10.244.9.0/24')), 'via 10.99.0.1')
  await until('BIRD has lost the old one', async () => (await bird.namespace.ip('route', 'show', '10.244.1.0/24')) === '')
  t.match(await nodeA.namespace.ip('route', 'show', '10.244.9.0/24'), 'blackhole')
  t.equal(await nodeA.namespace.ip('route', 'show', '10.244.1.0/24'), '')
})

t.test('a configuration with a mistake changes nothing and says every line of it', async (t) => {
  const before = await allUp(3)
  nodeA.log = ''
  await writeFile(path.join(nodeA.options.directory, 'tortie.yaml'), 'bgp:\n  listenPort: 70000\n  peers: 7\n')
  nodeA.signal('SIGHUP')
  await until('the mistake is in the log', () => nodeA.log.includes('the configuration has mistakes and was not taken'))
  t.match(nodeA.log, /tortie\.yaml:2: bgp\.listenPort/)
  t.match(nodeA.log, /tortie\.yaml:3: bgp\.peers/)
  t.strictSame(
    [...(await peers()).values()].map(({ name, since }) => [name, since]),
    [...before.values()].map(({ name, since }) => [name, since]),
  )
})
