/** Settings that change while packets flow: what policy denies never passes, what it allows is never lost, and the last settings count. */
import t from 'tap'
import { stringify } from 'yaml'
import { seeded } from './lab/audited-resources.ts'
import { SingleNode } from './lab/single-node.ts'
import { soonSec, until } from './lab/until.ts'

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
const { node } = lab
await node.writeConfig({ bgp: {} })
await node.start()

type Peer = { readonly name: string; readonly address: string; readonly asNumber: number }
type Spec = Readonly<Record<string, unknown>>
const resource = (kind: string, name: string, spec: Spec) =>
  stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
const felix = (spec: Spec) => resource('FelixConfiguration', 'default', spec)
const status = async () => (await node.request('GET', '/v1/status')).body as { problems: readonly { subject: string }[] }
const effective = async () => ((await node.request('GET', '/v1/config')).body as { effective: unknown }).effective

/** All of the kernel that is ours to change, as its own tools show it; built-in chains without a rule of ours stay. */
async function kernel(): Promise<unknown> {
  const saved = await Promise.all(
    ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save'].map(async (tool) =>
      (await lab.rules(tool)).filter((line) => !line.startsWith('-P')),
    ),
  )
  const sets = (await lab.namespace.run('ipset', ['save'])).replaceAll(/ (hashsize|initval|bucketsize) \S+/g, '')
  return [saved, sets.split('\n').toSorted(), await lab.namespace.ip('route', 'show', 'table', 'all', 'proto', '116')]
}

/** But for whom a start waits for: that passes. */
async function everything(): Promise<unknown> {
  const { body } = await node.request('GET', '/v1/bgp/peers')
  const peers = (body as { peers: readonly Peer[] }).peers.map(({ name, address, asNumber }) => ({ name, address, asNumber }))
  const problems = (await status()).problems.filter(({ subject }) => subject !== 'bgp/restart')
  return { kernel: await kernel(), effective: await effective(), problems, peers }
}

const atFirst = await everything()

/** Each with several values of one resource. */
const choices: readonly (readonly [kind: string, name: string, ...specs: Spec[]])[] = [
  ['FelixConfiguration', 'default', { iptablesMarkMask: 0xff }, { chainInsertMode: 'Append' }, { ipipEnabled: false, ipipMTU: 1400 }],
  ['FelixConfiguration', 'node.node-n', { iptablesMarkMask: 0x3000_0000, iptablesFilterDenyAction: 'Reject' }, { interfacePrefix: 'cali' }],
  ['BGPConfiguration', 'default', { asNumber: 64_999 }, { listenPort: 1790, nodeToNodeMeshEnabled: false }, { bindMode: 'None' }],
  ['BGPConfiguration', 'node.node-n', { listenPort: 1791 }, {}],
  ['BGPPeer', 'outside', { peerIP: '10.99.0.9', asNumber: 65_001 }, { peerIP: '10.99.0.9', asNumber: 65_002, maxRestartTime: '60s' }],
  ['BGPPeer', 'itself', { peerIP: '10.99.0.1', asNumber: 64_512 }, { peerIP: '10.99.0.9:1790', asNumber: 65_001 }],
  ['BGPPeer', 'selected', { peerSelector: 'all()' }, { nodeSelector: 'all()', peerSelector: "rack == 'a'", keepaliveTime: '1s' }],
  ['Node', 'node-n', { bgp: { ipv4Address: '10.99.0.1/24', asNumber: 65_123 } }, { bgp: { routeReflectorClusterID: '1.0.0.1' } }, {}],
  [
    'Node',
    'node-m',
    { bgp: { ipv4Address: '10.99.0.7/24' } },
    { bgp: { ipv4Address: '10.99.0.1/24' } },
    { bgp: { ipv6Address: 'fd99::7/64' } },
  ],
  ['IPPool', 'pods', { cidr: '10.244.0.0/16', natOutgoing: true }, { cidr: '10.244.0.0/16', natOutgoing: true, disabled: true }],
  ['IPPool', 'six', { cidr: 'fd00:244::/48', natOutgoing: true }, { cidr: 'fd00:244::/48' }],
]

t.test('whatever came before, the settings and the kernel are those of what is stored; of nothing, when all is deleted', async (t) => {
  const random = seeded(Number(process.env.SETTINGS_SEED ?? 1))
  const request = async () => {
    const some = choices.filter((choice, i) => i === random(choices.length) || random(10) < 3 || choice === choices.at(-1))
    const wanted = some.map(([kind, name, ...specs]) => resource(kind, name, specs[random(specs.length)] ?? {}))
    const [method, query] = [random(10) < 6 ? 'apply' : 'delete', random(2) === 0 ? '?wait=20' : '']
    return node.request('POST', `/v1/${method}${query}`, wanted.join('---\n'))
  }
  for (let round = 0; round < 15; round++) {
    const answers = await Promise.all([request(), request(), request()])
    // 404: nothing of it is stored just now
    t.strictSame(
      answers.filter(({ status }) => status !== 200 && status !== 404),
      [],
      `round ${round}`,
    )
    if (random(10) < 2) node.signal('SIGHUP')
  }
  const last = choices.map(([kind, name, spec]) => resource(kind, name, spec ?? {})).join('---\n')
  await node.apply(last)
  const before = await everything()
  await node.end('SIGKILL')
  await node.start()
  t.strictSame(await everything(), before)
  await node.delete(last)
  t.strictSame(await everything(), atFirst)
})

t.test('what policy denies never passes and what it allows is never lost, whatever setting changes', async (t) => {
  const pods = ['a', 'b', 'c', 'd'].map((name, i) => ({ name, host: 20 + i, labels: { side: i < 2 ? 'light' : 'dark' } }))
  const [a, b, c, d] = await lab.addPods(...pods)
  if (a === undefined || b === undefined || c === undefined || d === undefined) return t.fail('a pod is missing')
  const deny = resource('GlobalNetworkPolicy', 'dark', { selector: "side == 'dark'", types: ['Ingress', 'Egress'] })
  await node.apply(deny)
  for (const [from, to] of [
    [a, b],
    [b, a],
    [c, d],
    [d, c],
  ] as const)
    await from.startStream(to.address, 500)
  await until('the stream runs', async () => (await b.streamCount(0)).received > 100)
  const changes: readonly Spec[] = [
    { iptablesMarkMask: 0xff },
    { iptablesMarkMask: 0xc000_0000 },
    { chainInsertMode: 'Append' },
    { iptablesFilterAllowAction: 'Return' },
    { iptablesFilterDenyAction: 'Reject' },
    { defaultEndpointToHostAction: 'Accept' },
    { allowVXLANPacketsFromWorkloads: true },
    {},
  ]
  for (const change of changes) await node.apply(felix(change))
  for (const iptablesBackend of ['Legacy', 'NFT']) {
    await node.apply(felix({ iptablesBackend }))
    await node.end('SIGKILL')
    await node.start()
    await until('the other backend has nothing of ours', async () => {
      const tool = iptablesBackend === 'NFT' ? 'iptables-legacy-save' : 'iptables-nft-save'
      return !(await lab.namespace.run(tool, [])).includes('tort')
    })
  }
  const [toB, toA] = await Promise.all([a.stopSending(), b.stopSending()])
  await Promise.all([c.stopSending(), d.stopSending()])
  const all = (sent: number) => ({ received: sent, lost: 0, duplicated: 0, reordered: 0 })
  await until('the last datagrams', async () => (await b.streamCount(toB)).lost + (await a.streamCount(toA)).lost === 0, soonSec).catch(
    () => undefined,
  )
  t.strictSame([await b.streamCount(toB), await a.streamCount(toA)], [all(toB), all(toA)])
  t.strictSame([(await c.streamCount(0)).received, (await d.streamCount(0)).received], [0, 0])
})
