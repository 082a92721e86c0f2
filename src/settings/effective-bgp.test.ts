import t from 'tap'
import { applicableBgp } from './applicable.ts'
import { type EffectiveBgp, effectiveBgp } from './effective-bgp.ts'
import { config, here, interfaceAddress, resources } from './fixture.ts'

type Written = Parameters<typeof resources>[0]

function effective(file: string, written: Written, addresses: Parameters<typeof effectiveBgp>[3] = here.addresses): EffectiveBgp {
  const { nodes, bgpConfigurations } = resources(written)
  const own = nodes.find(({ metadata }) => metadata.name === here.name)
  return effectiveBgp(config(file), own, applicableBgp(bgpConfigurations, here.name), addresses)
}

t.test('without a word from anyone every value is the default', async (t) => {
  t.strictSame(effective('', {}), {
    asNumber: 64_512,
    routerId: '10.99.0.1',
    listenAddresses: ['10.99.0.1'],
    listenPort: 179,
  })
})

const everyone: Written = {
  nodes: { 'node-a': { bgp: { asNumber: 65_002, routeReflectorClusterID: '10.0.0.2' } } },
  bgp: {
    default: { asNumber: 65_004, listenPort: 1_004 },
    'node.node-a': { asNumber: 65_003, listenPort: 1_003 },
    'node.node-b': { asNumber: 65_005, listenPort: 1_005 },
  },
}
const { 'node.node-a': _, ...ofOthers } = everyone.bgp as Record<string, object>
const file = 'bgp: {asNumber: 65001, listenPort: 1001, clusterId: 10.0.0.1, routerId: 10.0.0.9}'

/** INTERFACE §4, from the one with the most weight to the one with the least. */
const precedence: [title: string, file: string, written: Written, expected: Partial<EffectiveBgp>][] = [
  ['the configuration file wins over all', file, everyone, { asNumber: 65_001, listenPort: 1_001, clusterId: '10.0.0.1' }],
  ['then the Node resource', '', everyone, { asNumber: 65_002, listenPort: 1_003, clusterId: '10.0.0.2' }],
  ['then node.NAME', '', { ...everyone, nodes: {} }, { asNumber: 65_003, listenPort: 1_003 }],
  ['then default', '', { bgp: ofOthers }, { asNumber: 65_004, listenPort: 1_004 }],
  ['another node’s configuration says nothing', '', { bgp: { 'node.node-b': { asNumber: 1 } } }, { asNumber: 64_512 }],
] as [string, string, Written, Partial<EffectiveBgp>][]
for (const [title, file, written, expected] of precedence)
  t.test(title, async (t) => {
    const bgp = effective(file, written)
    t.strictSame(Object.fromEntries(Object.keys(expected).map((key) => [key, bgp[key as keyof EffectiveBgp]])), expected)
    t.equal('clusterId' in bgp, 'clusterId' in expected)
  })

const ipv6 = interfaceAddress('fd99::1/64')
const listening: [title: string, file: string, spec: Record<string, string>, dual: boolean, expected: string[]][] = [
  ['the node’s addresses by default', '', {}, true, ['10.99.0.1', 'fd99::1']],
  ['bindMode NodeIP: the same', '', { bindMode: 'NodeIP' }, false, ['10.99.0.1']],
  ['bindMode None: any address', '', { bindMode: 'None' }, true, ['0.0.0.0', '::']],
  ['bindMode None on a node without IPv6', '', { bindMode: 'None' }, false, ['0.0.0.0']],
  ['listenAddresses of the configuration file win', 'bgp: {listenAddresses: [10.99.0.1]}', { bindMode: 'None' }, true, ['10.99.0.1']],
]
for (const [title, file, spec, dual, expected] of listening)
  t.test(`where to listen: ${title}`, async (t) =>
    t.strictSame(
      effective(file, { bgp: { default: spec } }, dual ? { ...here.addresses, ipv6 } : here.addresses).listenAddresses,
      expected,
    ),
  )
