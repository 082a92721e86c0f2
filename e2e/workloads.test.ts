/** Workloads made by someone else (INTERFACE §4): the node fails closed around them, programs them when they appear, forgets them whole. */
import t from 'tap'
import type { Pod } from './lab/pod.ts'
import type { Probe } from './lab/pod-messages.ts'
import { endpoint, type PodOptions, SingleNode } from './lab/single-node.ts'
import { soonSec, until } from './lab/until.ts'

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
const { node, namespace, outside } = lab
await node.start()

const options = {
  web: { name: 'web', host: 10, labels: { app: 'web' }, ipv6: true },
  client: { name: 'client', host: 11, labels: { role: 'client' }, ipv6: true },
  stranger: { name: 'stranger', host: 12 },
  late: { name: 'late', host: 13 },
} as const satisfies Record<string, PodOptions>
const [web, client] = await lab.addPods(options.web, options.client)

const web6 = 'fd00:244:1::10'
const client6 = 'fd00:244:1::11'
const tcp = (to: string, port = 8080): Probe => ({ protocol: 'tcp', to, port })
const udp = (to: string, port = 8080): Probe => ({ protocol: 'udp', to, port })
const icmp = (to: string): Probe => ({ protocol: 'icmp', to })
const nodeAddress = '10.99.0.1'
const gnp = (name: string, spec: string) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: ${name} }
spec: ${spec}
`

type Row = readonly [title: string, from: Pod, probe: Probe, through: boolean]

async function verdicts(t: { strictSame(found: unknown, wanted: unknown): unknown }, rows: readonly Row[]): Promise<void> {
  const seen = await Promise.all(rows.map(async ([title, from, probe, through]) => [title, await from.isThrough(probe, through)]))
  t.strictSame(
    seen,
    rows.map(([title, , , through]) => [title, through]),
  )
}

/** How many echo requests have come to a pod, IPv4 and IPv6. */
async function pings(pod: Pod): Promise<readonly number[]> {
  const v4 = /Icmp: (\d+)/.exec(await pod.namespace.run('cat', ['/proc/net/snmp']))?.[1]
  const v6 = /Icmp6InEchos\s+(\d+)/.exec(await pod.namespace.run('cat', ['/proc/net/snmp6']))?.[1]
  return [Number(v4), Number(v6)]
}

/** A ping from the node itself, as a kubelet's probe would come. */
async function nodePings(address: string): Promise<boolean> {
  return namespace.run('ping', ['-n', '-c', '1', '-W', '1', address]).then(
    () => true,
    () => false,
  )
}

t.test('an interface with our prefix that nobody told of is dropped both ways', async (t) => {
  const stranger = await lab.makePod(options.stranger)
  await namespace.ip('link', 'set', 'tortstranger', 'up')
  await namespace.ip('route', 'add', `${stranger.address}/32`, 'dev', 'tortstranger', 'scope', 'link')
  await namespace.sysctl('net.ipv4.conf.tortstranger.proxy_arp', '1')
  await verdicts(t, [
    ['to a pod', stranger, icmp(web.address), false],
    ['from a pod', web, icmp(stranger.address), false],
    ['to outside', stranger, udp(outside.address), false],
    ['from outside', outside, udp(stranger.address), false],
    ['to the node', stranger, icmp(nodeAddress), false],
  ])
  await namespace.ip('route', 'del', `${stranger.address}/32`, 'dev', 'tortstranger')
  await node.apply(endpoint(options.stranger))
  await verdicts(t, [
    ['told of: to a pod', stranger, icmp(web.address), true],
    ['told of: from outside', outside, udp(stranger.address), true],
  ])
})

t.test('a pod cannot send with an address that is not its own', async (t) => {
  await client.namespace.ip('addr', 'add', '10.244.1.99/32', 'dev', 'eth0')
  await client.namespace.ip('addr', 'add', 'fd00:244:1::99/128', 'dev', 'eth0', 'nodad')
  await client.namespace.ip('addr', 'add', '203.0.113.7/32', 'dev', 'eth0')
  // with a neighbour that is known the packets do leave the pod
  t.equal(await client.reaches(icmp(web.address)), true)
  t.equal(await client.reaches(icmp(web6)), true)
  const before = await pings(web)
  for (const source of ['10.244.1.99', '203.0.113.7', 'fd00:244:1::99']) {
    const to = source.includes(':') ? web6 : web.address
    const sent = client.namespace.run('ping', ['-n', '-c', '1', '-W', '1', '-I', source, to])
    await t.rejects(sent, source)
  }
  t.strictSame(await pings(web), before, 'nothing reached the pod')
  t.equal(await client.reaches(icmp(web.address)), true)
  await client.namespace.ip('addr', 'del', '10.244.1.99/32', 'dev', 'eth0')
  await client.namespace.ip('addr', 'del', '203.0.113.7/32', 'dev', 'eth0')
  await client.namespace.ip('addr', 'del', 'fd00:244:1::99/128', 'dev', 'eth0')
})

t.test('the interface may come later: pending, answered 200, programmed when it appears', async (t) => {
  const { status, body } = await node.request('POST', '/v1/apply?wait=5', endpoint(options.late))
  t.equal(status, 200)
  const { unprogrammed } = body as { unprogrammed: readonly { subject: string; state: string }[] }
  t.ok(unprogrammed.some(({ subject }) => subject.includes('tortlate')))
  t.strictSame([...new Set(unprogrammed.map(({ state }) => state))], ['pending'])
  const problems = async () => JSON.stringify(((await node.request('GET', '/v1/status')).body as { problems: unknown }).problems)
  t.match(await problems(), 'tortlate')
  const late = await lab.makePod(options.late)
  await until('the route is there', () => namespace.ip('route', 'show', late.address, 'dev', 'tortlate'), soonSec)
  await until('proxy ARP is on', async () => (await namespace.run('cat', ['/proc/sys/net/ipv4/conf/tortlate/proxy_arp'])) === '1', soonSec)
  t.equal(await late.reaches(tcp(web.address)), true)
  await until('nothing is pending', async () => !(await problems()).includes('tortlate'), soonSec)
})

t.test('an interface that is removed and made again works again', async (t) => {
  await namespace.ip('link', 'del', 'tortlate')
  await until('the route is gone', async () => (await namespace.ip('route', 'show', '10.244.1.13')) === '', soonSec)
  const { namespace: pod } = lab.pod('late')
  await namespace.ip('link', 'add', 'tortlate', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod.name)
  await pod.ip('addr', 'add', '10.244.1.13/32', 'dev', 'eth0')
  await pod.ip('link', 'set', 'eth0', 'up')
  await pod.ip('route', 'add', 'default', 'via', '169.254.1.1', 'dev', 'eth0', 'onlink')
  t.ok(await until('it works again', () => lab.pod('late').reaches(tcp(web.address)), soonSec))
})

t.test('a deleted endpoint: route and chains are gone, traffic has stopped, also what was established', async (t) => {
  const late = lab.pod('late')
  await web.listen('tcp', 9000)
  const stillThere = await late.connect(web.address, 9000)
  t.equal(await stillThere(), true)
  await node.delete(endpoint(options.late))
  t.equal(await namespace.ip('route', 'show', late.address), '')
  t.strictSame(
    [...(await lab.rules()), ...(await lab.rules('ip6tables-save'))].filter((rule) => rule.includes('tortlate')),
    [],
  )
  await verdicts(t, [
    ['from it', late, tcp(web.address), false],
    ['to it', web, icmp(late.address), false],
  ])
  t.equal(await stillThere(), false)
})

t.test('IPv6: pods reach each other, and policy decides for TCP, UDP and ICMPv6', async (t) => {
  t.match(await namespace.ip('-6', 'route', 'show', web6), `${web6} dev tortweb`)
  await verdicts(t, [
    ['tcp', client, tcp(web6), true],
    ['udp', web, udp(client6), true],
    ['icmp', client, icmp(web6), true],
  ])
  const policy = gnp(
    'six',
    `{ selector: app == 'web', ingress: [
      { action: Allow, protocol: ICMPv6, icmp: { type: 128 } },
      { action: Allow, protocol: TCP, source: { nets: ["fd00:244:1::/64"], notNets: ["fd00:244:1::12"] }, destination: { ports: [8080] } },
      { action: Allow, protocol: UDP, source: { nets: [10.244.1.11/32] } } ] }`,
  )
  await node.apply(policy)
  await verdicts(t, [
    ['icmpv6', client, icmp(web6), true],
    ['tcp', client, tcp(web6), true],
    ['a net of the other family is no "any"', client, udp(web6), false],
    ['but its own', client, udp(web.address), true],
    ['ICMPv6 is not ICMP', client, icmp(web.address), false],
    ['a net of IPv6 is no "any" in IPv4', client, tcp(web.address), false],
  ])
  await node.delete(policy)
})

t.test('the node reaches its pods whatever policy says; a pod does not reach its node, but for what it answers', async (t) => {
  await namespace.run('sysctl', ['-qw', 'net.ipv4.icmp_ratelimit=0'])
  const deny = gnp('deny', '{ selector: all(), types: [Ingress, Egress] }')
  t.equal(await nodePings(web.address), true)
  await node.apply(deny)
  t.equal(await nodePings(web.address), true)
  t.equal(await nodePings(web6), true)
  await node.delete(deny)
  await verdicts(t, [
    ['icmp', web, icmp(nodeAddress), false],
    ['tcp to a closed port: no reset comes', web, tcp(nodeAddress, 1), false],
    ['through it', web, icmp(outside.address), true],
  ])
})
