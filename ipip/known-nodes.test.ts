import t from 'tap'
import type { NodeSpec } from '../src/model/node.ts'
import type { IpAddress } from '../src/net/address.ts'
import { knownNodes } from './known-nodes.ts'

const own = new Set(['10.99.0.1' as IpAddress])
const addresses = (...texts: readonly string[]) => texts as readonly IpAddress[]

const table: [
  title: string,
  nodes: readonly NodeSpec[],
  peers: readonly IpAddress[],
  targets: readonly string[],
  sources: readonly string[],
][] = [
  ['nobody', [], [], [], []],
  ['nodes by their BGP address', [{ bgp: { ipv4Address: '10.99.0.2/24' } }], [], ['10.99.0.2'], ['10.99.0.2']],
  ['peers', [], addresses('10.99.0.9'), ['10.99.0.9'], ['10.99.0.9']],
  [
    'a node that is a peer too is one node',
    [{ bgp: { ipv4Address: '10.99.0.2/24' } }],
    addresses('10.99.0.2'),
    ['10.99.0.2'],
    ['10.99.0.2'],
  ],
  [
    'a node with several addresses is sent to one, and may send from any',
    [{ bgp: { ipv4Address: '10.99.0.2/24' }, addresses: [{ address: '10.98.0.2/24', type: 'InternalIP' }, { address: '10.97.0.2' }] }],
    [],
    ['10.99.0.2'],
    ['10.97.0.2', '10.98.0.2', '10.99.0.2'],
  ],
  [
    'IPv6 addresses take no part',
    [{ bgp: { ipv6Address: 'fd99::2/64' }, addresses: [{ address: 'fd99::2' }] }],
    addresses('fd99::3'),
    [],
    [],
  ],
  ['nor does our own address, whoever claims it', [{ bgp: { ipv4Address: '10.99.0.1/24' } }], addresses('10.99.0.1'), [], []],
]
for (const [title, nodes, peers, targets, sources] of table) {
  t.test(`INTERFACE §4, known nodes: ${title}`, async (t) => {
    const known = knownNodes(nodes, peers, own)
    t.strictSame([...known.targets], targets)
    t.strictSame([...known.sources], sources)
  })
}
