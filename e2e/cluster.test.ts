/** The whole path with real packets: two Tortie nodes, BIRD and FRR (issue "the first whole path", Deliver 6). */
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Cluster } from './lab/cluster.ts'
import type { Pod } from './lab/pod.ts'
import { dnsPolicy, jailPolicy, webPolicy } from './lab/policies.ts'
import { endpointYaml } from './lab/tortie-node.ts'
import { soonSec, until } from './lab/until.ts'

const holdTimeSec = 9
const cluster = await Cluster.create({ holdTimeSec, command: agentCommand() })
t.teardown(() => cluster.remove())
const { nodeA, nodeB, bird, frr } = cluster
await cluster.start()

const labels = {
  web1: { app: 'web' },
  web2: { app: 'web' },
  dns1: { app: 'dns' },
  client1: { role: 'client' },
  client2: { role: 'client' },
  jailed2: { role: 'jailed' },
}
const web1 = await nodeA.addPod('web1', '10.244.1.10', labels.web1)
const client1 = await nodeA.addPod('client1', '10.244.1.11', labels.client1)
const dns1 = await nodeA.addPod('dns1', '10.244.1.12', labels.dns1)
const web2 = await nodeB.addPod('web2', '10.244.2.10', labels.web2)
const client2 = await nodeB.addPod('client2', '10.244.2.11', labels.client2)
const jailed2 = await nodeB.addPod('jailed2', '10.244.2.12', labels.jailed2)
const birdPod = cluster.keep(await bird.addPod('c1', '10.244.3.10'))
const frrPod = cluster.keep(await frr.addPod('d1', '10.244.4.10'))
const everyPod = [web1, client1, dns1, web2, client2, jailed2, birdPod, frrPod]

/** Without a shared store each node is told of the others' endpoints (INTERFACE §4). */
const pods = { web1, client1, dns1, web2, client2, jailed2 }
for (const [node, names] of [
  [nodeB, ['web1', 'client1', 'dns1']],
  [nodeA, ['web2', 'client2', 'jailed2']],
] as const) {
  const other = node === nodeA ? nodeB : nodeA
  for (const name of names) {
    const { address } = pods[name]
    await node.apply(endpointYaml({ node: other.options.name, name, address, labels: labels[name], hostInterface: `tort${name}` }))
  }
}

async function peerStates(node: typeof nodeA): Promise<Record<string, string>> {
  const { body } = await node.request('GET', '/v1/bgp/peers')
  const peers = Array.isArray(body) ? body : (body as { peers: unknown[] }).peers
  return Object.fromEntries((peers as { name: string; state: string }[]).map(({ name, state }) => [name, state]))
}

const tcp = (to: Pod) => ({ protocol: 'tcp', to: to.address, port: 8080 }) as const
const udp = (to: Pod) => ({ protocol: 'udp', to: to.address, port: 8080 }) as const
const icmp = (to: Pod) => ({ protocol: 'icmp', to: to.address }) as const

t.test('sessions come up in both directions of connection', async (t) => {
  for (const [node, peers] of [
    [nodeA, ['node-b', 'bird', 'frr']],
    [nodeB, ['node-a', 'bird', 'frr']],
  ] as const) {
    const established = Object.fromEntries(peers.map((peer) => [peer, 'Established']))
    await until(`all peers of ${node.options.name}`, async () => JSON.stringify(await peerStates(node)) === JSON.stringify(established))
    t.strictSame(await peerStates(node), established)
  }
})

t.test('pod CIDRs are in every kernel, ours under our protocol number', async (t) => {
  const learned = [
    [nodeA, ['10.244.2.0/24', '10.244.3.0/24', '10.244.4.0/24'], ['proto', '116']],
    [nodeB, ['10.244.1.0/24', '10.244.3.0/24', '10.244.4.0/24'], ['proto', '116']],
    [bird, ['10.244.1.0/24', '10.244.2.0/24', '10.244.4.0/24'], []],
    [frr, ['10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24'], []],
  ] as const
  for (const [node, prefixes, filter] of learned) {
    for (const prefix of prefixes) {
      const route = await until(`${prefix} on ${node.options.name}`, () => node.namespace.ip('route', 'show', prefix, ...filter))
      t.match(route, / via 10\.99\.0\.[1-4] dev eth0/, `${node.options.name}: ${route}`)
    }
  }
})

t.test('own pod CIDRs are blackholes, pods have their /32', async (t) => {
  t.match(await nodeA.namespace.ip('route', 'show', '10.244.1.0/24'), 'blackhole 10.244.1.0/24 proto 116')
  t.match(await nodeA.namespace.ip('route', 'show', '10.244.1.10'), '10.244.1.10 dev tortweb1')
})

t.test('without policy every pod reaches every pod, on all four nodes', async (t) => {
  for (const from of everyPod) {
    const answers = await Promise.all(
      everyPod.filter((to) => to !== from).map(async (to) => [to.name, await from.reaches(icmp(to)), await from.reaches(tcp(to))]),
    )
    t.strictSame(
      answers,
      answers.map(([name]) => [name, true, true]),
      `from ${from.name}`,
    )
  }
})

t.test('policies decide for TCP, UDP and ICMP, on one node and between nodes', async (t) => {
  const policies = [webPolicy, dnsPolicy, jailPolicy].join('---\n')
  await nodeA.apply(policies)
  await nodeB.apply(policies)
  const table: [title: string, from: Pod, probe: Parameters<Pod['reaches']>[0], allowed: boolean][] = [
    ['client to web, TCP, same node', client1, tcp(web1), true],
    ['client to web, TCP, other node', client2, tcp(web1), true],
    ['client to web, UDP, same node', client1, udp(web1), false],
    ['client to web, ICMP, other node', client1, icmp(web2), false],
    ['others to web, TCP, same node', dns1, tcp(web1), false],
    ['others to web, TCP, other node', dns1, tcp(web2), false],
    ['BIRD pod to web, TCP', birdPod, tcp(web1), false],
    ['client to dns, UDP, same node', client1, udp(dns1), true],
    ['client to dns, UDP, other node', client2, udp(dns1), true],
    ['client to dns, TCP, same node', client1, tcp(dns1), false],
    ['client to dns, TCP, other node', client2, tcp(dns1), false],
    ['client to dns, ICMP, same node', client1, icmp(dns1), true],
    ['FRR pod to dns, UDP', frrPod, udp(dns1), true],
    ['jailed, ICMP, same node', jailed2, icmp(client2), true],
    ['jailed, ICMP, other node', jailed2, icmp(client1), true],
    ['jailed, TCP, same node', jailed2, tcp(client2), false],
    ['jailed, UDP, other node', jailed2, udp(client1), false],
    ['both ends must allow: jailed to dns, UDP', jailed2, udp(dns1), false],
    ['pods no policy selects stay open: TCP', birdPod, tcp(client1), true],
  ]
  const seen = await Promise.all(table.map(async ([title, from, probe]) => [title, await from.reaches(probe)]))
  t.strictSame(
    seen,
    table.map(([title, , , allowed]) => [title, allowed]),
  )
})

t.test('a deleted policy is gone from the packets', async (t) => {
  await nodeA.delete(webPolicy)
  t.equal(await dns1.reaches(tcp(web1)), true)
  await nodeA.apply(webPolicy)
  t.equal(await dns1.reaches(tcp(web1)), false)
})

t.test('a route of ours that somebody removes or changes is repaired, a route of others is left alone', async (t) => {
  const { namespace } = nodeA
  await namespace.ip('route', 'add', '192.0.2.0/24', 'via', '10.99.0.4')
  await namespace.ip('route', 'del', '10.244.3.0/24', 'proto', '116')
  await until('the removed route is back', () => namespace.ip('route', 'show', '10.244.3.0/24', 'proto', '116'), soonSec)
  const right = await namespace.ip('route', 'show', '10.244.4.0/24', 'proto', '116')
  await namespace.ip('route', 'replace', '10.244.4.0/24', 'via', '10.99.0.3', 'proto', '116')
  await until(
    'the changed route is right again',
    async () => (await namespace.ip('route', 'show', '10.244.4.0/24', 'proto', '116')) === right,
    soonSec,
  )
  t.match(await namespace.ip('route', 'show', '192.0.2.0/24'), 'via 10.99.0.4')
})

t.test('an agent killed with -9 and started again: no packet lost, peers keep its routes, the kernel keeps everything', async (t) => {
  await client1.startStream(client2.address, 1000)
  await client2.startStream(client1.address, 1000)
  const received = async () => (await client2.streamCount(0)).received
  await until('the stream runs', async () => (await received()) > 500)
  const rules = await nodeA.namespace.run('iptables-save', ['-t', 'filter'])
  await nodeA.end('SIGKILL')
  t.match(await nodeA.namespace.ip('route', 'show', '10.244.2.0/24'), 'via 10.99.0.2', 'routes stay')
  const withoutCounters = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('-A') || line.startsWith('-P'))
      .join('\n')
  t.equal(withoutCounters(await nodeA.namespace.run('iptables-save', ['-t', 'filter'])), withoutCounters(rules), 'rules stay')
  const kept = await received()
  await until('two seconds of stream without an agent', async () => (await received()) > kept + 2000)
  t.match(await bird.namespace.ip('route', 'show', '10.244.1.0/24'), 'via 10.99.0.1', 'BIRD keeps the route')
  t.match(await nodeB.namespace.ip('route', 'show', '10.244.1.0/24'), 'via 10.99.0.1', 'the other node keeps the route')
  await nodeA.start()
  await until('its sessions are back', async () => Object.values(await peerStates(nodeA)).every((state) => state === 'Established'))
  const back = await received()
  await until('two more seconds of stream', async () => (await received()) > back + 2000)
  const [sent1, sent2] = [await client1.stopSending(), await client2.stopSending()]
  await until(
    'the last datagram arrived',
    async () => (await client2.streamCount(sent1)).lost === 0 && (await client1.streamCount(sent2)).lost === 0,
    soonSec,
  )
  t.strictSame(await client2.streamCount(sent1), { received: sent1, lost: 0, duplicated: 0, reordered: 0 })
  t.strictSame(await client1.streamCount(sent2), { received: sent2, lost: 0, duplicated: 0, reordered: 0 })
  t.equal(
    withoutCounters(await nodeA.namespace.run('iptables-save', ['-t', 'filter'])),
    withoutCounters(rules),
    'rules are the same after the restart',
  )
})

t.test('a node whose link is cut loses its routes when the hold time is over, others are untouched', async (t) => {
  const others = await nodeA.namespace.ip('route', 'show', '10.244.4.0/24')
  await cluster.setCable(bird, 'down')
  for (const node of [nodeA, nodeB]) {
    await until(
      `${node.options.name} forgets BIRD`,
      async () => (await node.namespace.ip('route', 'show', '10.244.3.0/24')) === '',
      holdTimeSec + soonSec,
    )
  }
  t.equal(await nodeA.namespace.ip('route', 'show', '10.244.4.0/24'), others)
  t.match(await peerStates(nodeA), { 'node-b': 'Established', frr: 'Established' })
  t.equal(await client2.reaches(icmp(client1)), true)
  await cluster.setCable(bird, 'up')
  await until('BIRD is back', () => nodeA.namespace.ip('route', 'show', '10.244.3.0/24'))
})
