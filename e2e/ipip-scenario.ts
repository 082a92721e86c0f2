/** IP-in-IP with real packets; run in the second kernel by ipip.test.ts. */
import t from 'tap'
import { stringify } from 'yaml'
import { agentCommand } from './lab/agent-command.ts'
import { Pod } from './lab/pod.ts'
import { webPolicy } from './lab/policies.ts'
import { RoutedNodes, stranger } from './lab/routed-nodes.ts'
import { packetsCounted } from './lab/rule-counter.ts'
import { endpointYaml, type TortieNode } from './lab/tortie-node.ts'
import { patience, until } from './lab/until.ts'

const lab = await RoutedNodes.create(agentCommand())
const { nodeA, nodeB, nodeC, nodes } = lab
t.teardown(() => {
  if (!t.passing()) for (const { options, log } of nodes) console.error(`${options.name}:\n${log}`)
  return lab.remove()
})
await lab.start()

/** Makes a pod; the nodes are told of all at once, which spares a slow machine many requests. */
async function makePod(node: TortieNode, name: string, host: number): Promise<Pod> {
  const address = node.options.podCidr.replace('.0/24', `.${host}`)
  const pod = await Pod.create(node.namespace, { name, address, hostInterface: `tort${name}` })
  node.pods.set(name, pod)
  return pod
}
const client = await makePod(nodeA, 'client', 10)
const other = await makePod(nodeA, 'other', 11)
const web = await makePod(nodeB, 'web', 10)
const near = await makePod(nodeC, 'near', 10)

const labels: Readonly<Record<string, Readonly<Record<string, string>>>> = { client: { role: 'client' }, web: { app: 'web' } }
const endpoints = nodes.flatMap(({ options, pods }) =>
  [...pods.values()].map(({ name, address }) =>
    endpointYaml({ node: options.name, name, address, labels: labels[name] ?? {}, hostInterface: `tort${name}` }),
  ),
)
const calico = (kind: string, name: string, spec: unknown) =>
  stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
const pool = (ipipMode: string) => calico('IPPool', 'pods', { cidr: '10.244.0.0/16', ipipMode })

/** The learned routes, as `ip route` shows them. */
async function learned(node: TortieNode): Promise<readonly string[]> {
  const shown = await node.namespace.ip('route', 'show', 'proto', '116')
  const lines = shown.split('\n').map((line) => line.trim())
  return lines.filter((line) => line.includes(' via ')).sort()
}
const learnedAre = (node: TortieNode, expected: readonly string[]) =>
  until(`${node.options.name}: ${expected.join(', ')}`, async () => (await learned(node)).join() === expected.join())

/** Packets that left this node through its tunnel. */
async function tunnelled({ namespace }: TortieNode): Promise<number> {
  return Number(await namespace.run('cat', ['/sys/class/net/tunl0/statistics/tx_packets']))
}

const http = (pod: Pod) => ({ protocol: 'tcp', to: pod.address, port: 8080 }) as const
/** One datagram to a pod. */
const send = (from: Pod, to: Pod) => from.namespace.run('bash', ['-c', `echo packet >/dev/udp/${to.address}/8080`])
/** What `ping` prints of one packet of so many octets in all that may not be fragmented. */
async function ping(from: Pod, to: Pod, octets: number): Promise<string> {
  const args = ['-n', '-M', 'do', '-s', String(octets - 28), '-c', '1', '-W', String(2 * patience), to.address]
  return from.namespace.run('ping', args).catch((error: Error) => error.message)
}

await lab.apply([pool('Always'), ...endpoints].join('---\n'))

await t.test('iptables: the kernel refuses nft tables, so auto takes legacy, whatever the system prefers', async (t) => {
  const { body } = await nodeA.request('GET', '/v1/status')
  t.match(body, {
    iptables: { backend: 'legacy', reason: /^iptables-nft cannot be used: the kernel refuses nft tables: ENOTSUP / },
    problems: [],
  })
})

await t.test('Always: tunl0 is up, with the first address of the pod CIDR and 20 octets less than the underlay carries', async (t) => {
  const shown = await nodeA.namespace.ip('addr', 'show', 'dev', 'tunl0')
  t.match(shown, /<NOARP,UP,LOWER_UP> mtu 1480 /)
  t.match(shown, 'inet 10.244.1.0/32 ')
})

await t.test('Always: every other node is reached through tunl0, on-link, also in the same subnet', async (t) => {
  const expected = ['10.244.2.0/24 via 10.98.2.2 dev tunl0 onlink', '10.244.3.0/24 via 10.98.1.3 dev tunl0 onlink']
  await learnedAre(nodeB, ['10.244.1.0/24 via 10.98.1.1 dev tunl0 onlink', '10.244.3.0/24 via 10.98.1.3 dev tunl0 onlink'])
  await learnedAre(nodeC, ['10.244.1.0/24 via 10.98.1.1 dev tunl0 onlink', '10.244.2.0/24 via 10.98.2.2 dev tunl0 onlink'])
  await learnedAre(nodeA, expected)
  t.strictSame(await learned(nodeA), expected)
})

await t.test('pods in different subnets talk TCP; the router, which knows no pod, sees IP protocol 4 only', async (t) => {
  const before = await lab.forwarded()
  t.equal(await client.reaches(http(web)), true)
  t.equal(await web.reaches(http(near)), true)
  const after = await lab.forwarded()
  t.ok(after.tunnelled > before.tunnelled, 'tunnelled packets were forwarded')
  t.equal(after.bare, 0, 'none from or to a pod address')
})

await t.test('a node reaches a pod of another from the address of its tunnel', async (t) => {
  t.match(await nodeA.namespace.ip('route', 'get', web.address), 'src 10.244.1.0 ')
  t.match(await nodeA.namespace.run('ping', ['-n', '-c', '1', '-W', String(2 * patience), web.address]), '1 received')
})

await t.test('a packet of the tunnel MTU passes unfragmented; of one octet more its sender hears from the own node', async (t) => {
  t.match(await ping(client, web, 1480), '1 received')
  t.match(await ping(client, web, 1481), 'From 10.244.1.0 icmp_seq=1 Frag needed and DF set (mtu = 1480)')
})

await t.test('policy sees the inner packet: one pod is refused and another is not, both through the tunnel', async (t) => {
  await nodeB.apply(webPolicy)
  t.equal(await client.reaches(http(web)), true)
  t.equal(await other.isThrough(http(web), false), false)
  await nodeB.delete(webPolicy)
  t.equal(await other.reaches(http(web)), true)
})

await t.test('a forged outer source is dropped, whatever is inside; the same packet from a known node arrives', async (t) => {
  const rule = `INPUT -s ${stranger.innerAddress}/32 -p udp`
  await web.namespace.run('iptables-legacy', ['-A', ...rule.split(' ')])
  const arrived = () => packetsCounted(web.namespace, 'filter', rule)
  const dropped = () => packetsCounted(nodeB.namespace, 'filter', 'IP-in-IP from nobody known')
  const before = await dropped()

  await send(lab.stranger, web)
  await until('the packet is dropped', async () => (await dropped()) === before + 1)
  t.equal(await arrived(), 0)

  const node = calico('Node', 'stranger', { bgp: { ipv4Address: `${stranger.address}/24` } })
  await nodeB.apply(node)
  await send(lab.stranger, web)
  await until('the packet arrives', async () => (await arrived()) === 1)
  t.equal(await dropped(), before + 1)

  await nodeB.delete(node)
  await send(lab.stranger, web)
  await until('the packet is dropped again', async () => (await dropped()) === before + 2)
  t.equal(await arrived(), 1)
})

await t.test('a workload sends no IP-in-IP of its own, neither to another node nor to the one it is on', async (t) => {
  const { namespace } = other
  const route = (node: TortieNode) => [`${web.address}/32`, 'via', node.options.address, 'dev', 'tunl0', 'onlink', 'src', other.address]
  const chains = [
    [nodeB, 'tort-FORWARD -i tort+ -p ipencap'],
    [nodeA, 'tort-wl-to-host -p ipencap'],
  ] as const
  const { tunnelled: forwarded } = await lab.forwarded()
  await namespace.ip('link', 'set', 'tunl0', 'up')
  for (const [node, rule] of chains) {
    await namespace.ip('route', 'replace', ...route(node))
    await send(other, web)
    await until(`dropped by ${rule}`, async () => (await packetsCounted(nodeA.namespace, 'filter', rule)) === 1)
  }
  t.equal((await lab.forwarded()).tunnelled, forwarded, 'nothing left the node')
  await namespace.ip('route', 'del', `${web.address}/32`)
  t.equal(await other.reaches(http(web)), true, 'what its node tunnels for it does')
})

await t.test(
  'an agent killed with -9 and started again leaves tunnel and routes alone: no packet is lost, no change is heard',
  async (t) => {
    let heard = ''
    const onOutput = (text: string) => {
      heard += text
    }
    nodeA.namespace.start('ip', ['monitor', 'link', 'address', 'route'], { onOutput })
    const mark = async (address: string) => {
      // put again as it is, a route is no news
      await nodeA.namespace.ip('route', 'add', 'blackhole', address)
      await nodeA.namespace.ip('route', 'del', 'blackhole', address)
      return heard.includes(address)
    }
    await until('the monitor listens', () => mark('192.0.2.1'))
    await client.startStream(web.address, 50)
    await nodeA.end('SIGKILL')
    await nodeA.start()
    await until('the sessions are back', async () => {
      const { body } = await nodeA.request('GET', '/v1/status')
      return JSON.stringify(body).includes('"peers":2,"established":2') && JSON.stringify(body).includes('"inSync":true')
    })
    const sent = await client.stopSending()
    await until('the last packet is there', async () => (await web.streamCount(sent)).received === sent)
    t.strictSame(await web.streamCount(sent), { received: sent, lost: 0, duplicated: 0, reordered: 0 })
    await until('the monitor has said all', () => mark('192.0.2.2'))
    t.strictSame(
      heard.split('\n').filter((line) => line !== '' && !line.includes('192.0.2.')),
      [],
    )
  },
)

await t.test('changed live to CrossSubnet: direct within the subnet, where no packet is lost, tunnelled between subnets', async (t) => {
  const expected = ['10.244.2.0/24 via 10.98.2.2 dev tunl0 onlink', '10.244.3.0/24 via 10.98.1.3 dev eth0']
  await near.startStream(client.address, 50)
  await lab.apply(pool('CrossSubnet'))
  await Promise.all([learnedAre(nodeA, expected), learnedAre(nodeC, ['10.244.1.0/24 via 10.98.1.1 dev eth0', expected[0] ?? ''])])
  t.strictSame(await learned(nodeA), expected)
  const before = await tunnelled(nodeA)
  t.equal(await client.reaches(http(near)), true)
  t.equal(await tunnelled(nodeA), before, 'not through the tunnel')
  t.equal(await client.reaches(http(web)), true)
  t.ok((await tunnelled(nodeA)) > before, 'through the tunnel')
})

await t.test(
  'changed live to Never: tunl0 is down and without address, its rules are gone, the subnet lost nothing all the while',
  async (t) => {
    await lab.apply(pool('Never'))
    await learnedAre(nodeA, ['10.244.3.0/24 via 10.98.1.3 dev eth0'])
    t.strictSame(await learned(nodeA), ['10.244.3.0/24 via 10.98.1.3 dev eth0'])
    const device = () => nodeA.namespace.ip('addr', 'show', 'dev', 'tunl0')
    await until('tunl0 is down', async () => !/[<,]UP[,>]| inet /.test(await device()))
    t.match(await device(), /<NOARP> mtu \d+ /)
    t.notMatch(await nodeA.namespace.run('iptables-legacy-save', []), 'tort-ipip')
    t.equal(await client.isThrough(http(web), false), false)
    const sent = await near.stopSending()
    await until('the last packet is there', async () => (await client.streamCount(sent)).received === sent)
    t.strictSame(await client.streamCount(sent), { received: sent, lost: 0, duplicated: 0, reordered: 0 })
  },
)

await t.test('and back to Always: everything goes through the tunnel again', async (t) => {
  await lab.apply(pool('Always'))
  const expected = ['10.244.2.0/24 via 10.98.2.2 dev tunl0 onlink', '10.244.3.0/24 via 10.98.1.3 dev tunl0 onlink']
  await learnedAre(nodeA, expected)
  t.strictSame(await learned(nodeA), expected)
  await until('both are reached', async () => (await client.reaches(http(web))) && client.reaches(http(near)))
  t.equal((await lab.forwarded()).bare, 0, 'the router never saw a pod address')
})
