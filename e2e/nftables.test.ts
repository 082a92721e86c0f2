/** A node that writes policy with nftables itself: real packets, a restart, others who interfere, the way to iptables and back, the cleanup. */
import path from 'node:path'
import { execa } from 'execa'
import t from 'tap'
import type { Pod } from './lab/pod.ts'
import type { Probe } from './lab/pod-messages.ts'
import { type PodOptions, SingleNode } from './lab/single-node.ts'
import { soonSec, until } from './lab/until.ts'

const options = {
  web: { name: 'web', host: 10, labels: { app: 'web' }, spec: { ports: [{ name: 'http', protocol: 'TCP', port: 8080 }] }, ipv6: true },
  client: { name: 'client', host: 11, labels: { role: 'client' }, ipv6: true },
  other: { name: 'other', host: 12, labels: { role: 'other' }, ipv6: true },
} as const satisfies Record<string, PodOptions>
/** More than 15 ports; a name, which only web has; a network set of the outside. */
const policy = (extra: string) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: web }
spec:
  selector: app == 'web'
  ingress:
    - { action: Allow, protocol: TCP, source: { selector: role == 'client' }, destination: { ports: [http] } }
    - action: Allow
      protocol: TCP
      source: { selector: site == 'outside' }
      destination: { ports: [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, '9000:9001', ${extra}] }
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: { name: outside, labels: { site: outside } }
spec: { nets: [10.99.0.0/24, 10.99.0.9/32, 'fd00:99::/64'] }
`

const lab = await SingleNode.create({ nftablesMode: 'enabled' })
t.teardown(() => lab.remove())
const { node, namespace, outside } = lab
await node.start()
const [web, client, other] = await lab.addPods(options.web, options.client, options.other)
await web.listen('tcp', 9001)
await node.apply(policy('40'))

const tcp = (to: Pod, port = 8080): Probe => ({ protocol: 'tcp', to: to.address, port })
const tcp6 = (host: number): Probe => ({ protocol: 'tcp', to: `fd00:244:1::${host}`, port: 8080 })
const nft = (...args: readonly string[]) => namespace.run('nft', args)
/** With handles, which change where something is written again. */
const tables = async () => [await nft('-a', '-s', 'list', 'table', 'ip', 'tortie'), await nft('-a', '-s', 'list', 'table', 'ip6', 'tortie')]
const iptables = async () => (await lab.rules('iptables-nft-save')).filter((rule) => rule.includes('tort-'))

/** Allowed and denied in turns: a named port, what is denied beside it, IPv6, a network set with many ports, one that is not among them. */
async function asPolicySays(): Promise<readonly boolean[]> {
  return Promise.all([
    client.reaches(tcp(web)),
    other.isThrough(tcp(web), false),
    client.reaches(tcp6(10)),
    other.isThrough(tcp6(10), false),
    outside.reaches(tcp(web, 9001)),
    outside.isThrough(tcp(web), false),
    other.reaches(tcp(client)),
  ])
}
const right = [true, false, true, false, true, false, true]

t.test('packets go as policy says, and iptables has nothing of ours', async (t) => {
  t.strictSame(await asPolicySays(), right)
  t.strictSame(await iptables(), [])
  t.equal(await namespace.run('ipset', ['list', '-n']), '')
  const { body } = await node.request('GET', '/v1/status')
  t.match(body, { iptables: { backend: 'nftables', reason: 'felix.nftablesMode is enabled' }, problems: [] })
  const { body: page } = await node.request('GET', '/v1/felix/chains?limit=1000')
  const chains = new Map(
    (page as { items: { name: string; counters?: { packets: number; rule?: number }[] }[] }).items.map((item) => [item.name, item]),
  )
  const counters = chains.get('chain filter/tort-pi-gnp/web (IPv4)')?.counters
  t.ok(
    counters?.some(({ packets, rule }) => packets > 0 && rule === 0),
    'its rules count',
  )
})

t.test('interfaces are looked up at once, and all ports of a rule too', async (t) => {
  t.match(await nft('list', 'chain', 'ip', 'tortie', 'filter-tort-to-wl'), 'oifname vmap @filter-tort-to-wl')
  t.match(await nft('list', 'map', 'ip', 'tortie', 'filter-tort-to-wl'), '"tortweb" : goto filter-tort-tw-tortweb')
  const rules = (await nft('list', 'chain', 'ip', 'tortie', 'filter-tort-pi-gnp/web')).split('\n')
  t.equal(rules.filter((rule) => rule.includes('9000-9001')).length, 1)
})

t.test('a policy that changes writes its own chain and nothing else', async (t) => {
  const without = (text: string) => text.replace(/chain filter-tort-pi-gnp\/web [\s\S]*?\n\t}/, '')
  const before = await tables()
  await node.apply(policy('41'))
  await until('the new port', async () => (await nft('list', 'chain', 'ip', 'tortie', 'filter-tort-pi-gnp/web')).includes(', 41'))
  t.strictSame((await tables()).map(without), before.map(without))
})

t.test('an agent killed with -9 and started again writes nothing', async (t) => {
  const before = await tables()
  await node.end('SIGKILL')
  t.strictSame(await asPolicySays(), right, 'nothing changes while it is dead')
  await node.start()
  t.strictSame(await tables(), before)
  t.strictSame(await asPolicySays(), right)
})

for (const [what, args] of [
  ['flushes our table', ['flush', 'table', 'ip', 'tortie']],
  ['deletes our table', ['delete', 'table', 'ip6', 'tortie']],
  ['takes the interfaces away', ['flush', 'map', 'ip', 'tortie', 'filter-tort-to-wl']],
  ['lets everything pass', ['insert', 'rule', 'ip', 'tortie', 'filter-tort-tw-tortweb', 'accept']],
] as const) {
  t.test(`somebody ${what}: it is put right and named`, async (t) => {
    const shown = async () =>
      [await nft('-s', 'list', 'table', 'ip', 'tortie'), await nft('-s', 'list', 'table', 'ip6', 'tortie')].join('').split('\n').toSorted()
    const before = await shown()
    await nft(...args)
    await until('the tables are as before', async () => JSON.stringify(await shown()) === JSON.stringify(before), soonSec)
    t.strictSame(await asPolicySays(), right)
    const { body } = await node.request('GET', '/v1/status')
    t.match(body, { repairs: { last: [{ object: /IPv[46]|IP set/ }] } })
  })
}

t.test('what another table drops stays dropped: our accept ends our table only', async (t) => {
  await nft('add', 'table', 'ip', 'theirs')
  await nft('add', 'chain', 'ip', 'theirs', 'forward', '{ type filter hook forward priority 10; }')
  await nft('add', 'rule', 'ip', 'theirs', 'forward', 'tcp', 'dport', '8080', 'drop')
  t.strictSame([await client.isThrough(tcp(web), false), await client.reaches(tcp6(10))], [false, true])
  await nft('delete', 'table', 'ip', 'theirs')
  t.strictSame(await asPolicySays(), right)
})

t.test('with iptables again, and back: never both for long, and never neither', async (t) => {
  const change = async (nftablesMode: string) => {
    await node.end('SIGTERM')
    await node.writeConfig({ bgp: { enabled: false }, felix: { nftablesMode } })
    await node.start()
  }
  await change('disabled')
  await until('the tables of nftables are gone', async () => !(await nft('list', 'tables')).includes('tortie'))
  t.ok((await iptables()).length > 10)
  t.strictSame(await asPolicySays(), right)
  await change('enabled')
  await until('the chains of iptables are gone', async () => (await iptables()).length === 0)
  await until('the sets too', async () => (await namespace.run('ipset', ['list', '-n'])) === '')
  t.strictSame(await asPolicySays(), right)
})

t.test('the cleanup removes both tables', async (t) => {
  await node.end('SIGTERM')
  const [command = '', ...args] = node.options.command
  const agent = [...args, 'agent', '--config', path.join(node.options.directory, 'tortie.yaml'), '--cleanup']
  const { stdout } = await execa('ip', ['netns', 'exec', namespace.name, command, ...agent])
  t.match(stdout, /, 2 tables of nftables$/)
  t.notMatch(await nft('list', 'tables'), 'tortie')
})
