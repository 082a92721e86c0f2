import t from 'tap'
import type { BfdTerms } from '../../bgp/peer.ts'
import { effectiveSettings } from './effective-settings.ts'
import { config, here, interfaceAddress, nodeAt, resources } from './fixture.ts'

const usual = { minTxMs: 300, minRxMs: 300, multiplier: 3 }
const far = { ...usual, multihop: true }
const mesh = { nodes: { 'node-a': nodeAt(1), 'node-b': nodeAt(2) } }
const remote = { nodes: { 'node-a': nodeAt(1), 'node-b': { bgp: { ipv4Address: '10.50.0.2/24' } } } }

type Written = Parameters<typeof resources>[0]
const plans: [title: string, file: string, written: Written, expected: Readonly<Record<string, BfdTerms | undefined>>][] = [
  ['nobody asked for it', '', mesh, { 'mesh.node-b': undefined }],
  ['bgp.bfd is for the mesh', 'bgp: { bfd: {} }', mesh, { 'mesh.node-b': usual }],
  ['a node of the mesh in another subnet is several hops away', 'bgp: { bfd: {} }', remote, { 'mesh.node-b': far }],
  ['unless the file knows better', 'bgp: { bfd: { multihop: false } }', remote, { 'mesh.node-b': { ...usual, multihop: false } }],
  ['bgp.bfd is off with enabled: false', 'bgp: { bfd: { enabled: false } }', mesh, { 'mesh.node-b': undefined }],
  [
    'bgp.bfd is for BGPPeers; an eBGP peer elsewhere is as far as its TTL, whatever its subnet',
    'bgp: { bfd: { minTxMs: 50, minRxMs: 60, multiplier: 5 } }',
    { peers: { tor: { peerIP: '172.16.0.1', asNumber: 65_009 } } },
    { tor: { minTxMs: 50, minRxMs: 60, multiplier: 5 } },
  ],
  [
    'the peer of the file has its own, none, or that of all',
    `bgp:
  bfd: { minTxMs: 1000 }
  peers:
    - { name: own, address: 10.99.0.2, asNumber: 65002, bfd: { multiplier: 9 } }
    - { name: none, address: 10.99.0.3, asNumber: 65002, bfd: { enabled: false } }
    - { name: all, address: 10.99.0.4, asNumber: 65002 }
    - { name: far, address: 10.50.0.4, asNumber: 64512 }
`,
    {},
    { own: { ...usual, multiplier: 9 }, none: undefined, all: { ...usual, minTxMs: 1000 }, far: { ...far, minTxMs: 1000 } },
  ],
]
for (const [title, file, written, expected] of plans) {
  t.test(title, async (t) => {
    const { peers } = effectiveSettings({ config: config(file), passwords: new Map() }, here, resources(written))
    t.strictSame(Object.fromEntries(peers.map(({ name, bfd }) => [name, bfd])), expected)
  })
}

t.test('an IPv6 peer of our AS is measured by the IPv6 subnet of the node', async (t) => {
  const file = `bgp:
  bfd: {}
  peers:
    - { name: near, address: 'fd99::2', asNumber: 64512 }
    - { name: far, address: 'fd98::2', asNumber: 64512 }
`
  const addresses = { ...here.addresses, ipv6: interfaceAddress('fd99::1/64') }
  const { peers } = effectiveSettings({ config: config(file), passwords: new Map() }, { ...here, addresses }, resources({}))
  t.strictSame(
    peers.map(({ bfd }) => bfd),
    [usual, far],
  )
})
