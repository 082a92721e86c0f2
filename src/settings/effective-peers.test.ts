import fc from 'fast-check'
import t from 'tap'
import type { PeerConfig } from '../../bgp/peer.ts'
import { effectiveSettings } from './effective-settings.ts'
import { config, here, interfaceAddress, nodeAt, resources } from './fixture.ts'

type Written = Parameters<typeof resources>[0]
type Addresses = Parameters<typeof effectiveSettings>[1]['addresses']

function effective(file: string, written: Written, addresses: Addresses = here.addresses) {
  return effectiveSettings({ config: config(file), passwords: new Map() }, { name: here.name, addresses }, resources(written))
}

/** "name AS@address:port", with what is not as usual behind it. */
function peersOf(file: string, written: Written, addresses?: Addresses): readonly string[] {
  return effective(file, written, addresses).peers.map(line)
}

function line({ name, address, port, ...peer }: PeerConfig): string {
  const families = peer.families.map((family) => family.slice(0, 4)).join('+')
  const unusual = Object.entries({ ...usual, ...peer }).filter(([key, value]) => key in usual && value !== usual[key as keyof typeof usual])
  const optional = ['restartTimeSec', 'importFilters', 'exportFilters', 'localAs', 'replaceAs', 'allowLocalAs', 'nextHop'] as const
  const said = optional.flatMap((key) => (peer[key] === undefined ? [] : [[key, peer[key]]]))
  return [
    `${name} ${peer.asNumber}@${address} ${port} ${families}`,
    ...[...unusual, ...said].map(([key = '', value]) => `${String(key)}=${typeof value === 'string' ? value : JSON.stringify(value)}`),
  ].join(' ')
}

const usual = { passive: false, routeReflectorClient: false, holdTimeSec: 90, maxPrefixes: 0, import: 'all', export: 'local' }

const dual = { ...here.addresses, ipv6: interfaceAddress('fd99::1/64') }
const tor = { peerIP: '10.99.0.9', asNumber: 65_009 }

const peers: [title: string, file: string, written: Written, expected: readonly string[], addresses?: Addresses][] = [
  ['nobody asked for peers', '', {}, []],
  ['a BGPPeer for all nodes', '', { peers: { tor } }, ['tor 65009@10.99.0.9 179 ipv4']],
  ['on a node with both families', '', { peers: { tor } }, ['tor 65009@10.99.0.9 179 ipv4+ipv6'], dual],
  ['a BGPPeer with a port', '', { peers: { tor: { ...tor, peerIP: '10.99.0.9:1179' } } }, ['tor 65009@10.99.0.9 1179 ipv4']],
  ['a BGPPeer of this node', '', { peers: { tor: { ...tor, node: 'node-a' } } }, ['tor 65009@10.99.0.9 179 ipv4']],
  ['a BGPPeer of another node', '', { peers: { tor: { ...tor, node: 'node-b' } } }, []],
  [
    'a BGPPeer for labels this node has',
    '',
    {
      nodes: { 'node-a': { labels: { rack: '1' } } },
      peers: { tor: { ...tor, nodeSelector: "rack == '1'" }, no: { ...tor, nodeSelector: "rack == '2'" } },
    },
    ['tor 65009@10.99.0.9 179 ipv4'],
  ],
  ['one of the configuration file that leads to this node itself', 'bgp: {peers: [{name: self, address: 10.99.0.1, asNumber: 1}]}', {}, []],
  ['a BGPPeer that leads to this node itself', '', { peers: { self: { peerIP: '10.99.0.1', asNumber: 64_512 } } }, []],
  [
    'times of a BGPPeer',
    '',
    { peers: { tor: { ...tor, keepaliveTime: '10s', maxRestartTime: '5m' } } },
    ['tor 65009@10.99.0.9 179 ipv4 holdTimeSec=30 restartTimeSec=300'],
  ],
  [
    'times out of the range of the protocol',
    '',
    { peers: { tor: { ...tor, keepaliveTime: '100ms', maxRestartTime: '5h' } } },
    ['tor 65009@10.99.0.9 179 ipv4 holdTimeSec=3 restartTimeSec=4095'],
  ],
  [
    'filters of a BGPPeer, in their order, both ways',
    '',
    { peers: { tor: { ...tor, filters: ['g', 'f'] } }, filters: { f: {}, g: {} } },
    ['tor 65009@10.99.0.9 179 ipv4 importFilters=["g","f"] exportFilters=["g","f"]'],
  ],
  [
    'next hop modes of a BGPPeer; keepOriginalNextHop is for eBGP (§6.11.2)',
    '',
    {
      peers: {
        a: { ...tor, nextHopMode: 'Self' },
        b: { peerIP: '10.99.0.8', asNumber: 65_008, nextHopMode: 'Keep' },
        c: { peerIP: '10.99.0.7', asNumber: 65_007, keepOriginalNextHop: true },
        d: { peerIP: '10.99.0.6', asNumber: 64_512, keepOriginalNextHop: true },
        e: { peerIP: '10.99.0.5', asNumber: 65_005, nextHopMode: 'Auto' },
      },
    },
    [
      'a 65009@10.99.0.9 179 ipv4 nextHop=self',
      'b 65008@10.99.0.8 179 ipv4 nextHop=keep',
      'c 65007@10.99.0.7 179 ipv4 nextHop=keep',
      'd 64512@10.99.0.6 179 ipv4',
      'e 65005@10.99.0.5 179 ipv4',
    ],
  ],
  [
    'localASNumber is all that the peer sees of us; our own is none',
    '',
    { peers: { a: { ...tor, localASNumber: 65_001 }, b: { peerIP: '10.99.0.8', asNumber: 1, localASNumber: 64_512 } } },
    ['a 65009@10.99.0.9 179 ipv4 localAs=65001 replaceAs=true', 'b 1@10.99.0.8 179 ipv4'],
  ],
  [
    'numAllowedLocalASNumbers',
    '',
    { peers: { tor: { ...tor, numAllowedLocalASNumbers: 2 } } },
    ['tor 65009@10.99.0.9 179 ipv4 allowLocalAs=2'],
  ],
  [
    'RFC 8212 an eBGP peer with nothing said of its routes exchanges none, where that is asked for; the mesh is of one mind',
    'bgp: {requireEbgpPolicy: true, peers: [{name: a, address: 10.99.0.5, asNumber: 1}, {name: b, address: 10.99.0.6, asNumber: 1, import: all, export: f}, {name: c, address: 10.99.0.7, asNumber: 64512}]}',
    {
      nodes: { 'node-b': nodeAt(2, { asNumber: 65_002 }) },
      peers: { tor, edge: { peerIP: '10.99.0.8', asNumber: 65_008, filters: ['f'] } },
      filters: { f: {} },
    },
    [
      'a 1@10.99.0.5 179 ipv4 import=none export=none',
      'b 1@10.99.0.6 179 ipv4 exportFilters=["f"]',
      'c 64512@10.99.0.7 179 ipv4',
      'tor 65009@10.99.0.9 179 ipv4 import=none export=none',
      'edge 65008@10.99.0.8 179 ipv4 importFilters=["f"] exportFilters=["f"]',
      'mesh.node-b 65002@10.99.0.2 179 ipv4',
    ],
  ],
  [
    'the mesh: every other node that has an address',
    '',
    { nodes: { 'node-a': nodeAt(1), 'node-b': nodeAt(2), 'node-c': nodeAt(3, { asNumber: 65_003 }), 'node-d': {} } },
    ['mesh.node-b 64512@10.99.0.2 179 ipv4', 'mesh.node-c 65003@10.99.0.3 179 ipv4'],
  ],
  [
    'the mesh in both families: a session each',
    '',
    { nodes: { 'node-b': nodeAt(2, { ipv6Address: 'fd99::2/64' }) } },
    ['mesh.node-b 64512@10.99.0.2 179 ipv4', 'mesh6.node-b 64512@fd99::2 179 ipv6'],
    dual,
  ],
  ['the mesh of a node without IPv6', '', { nodes: { 'node-b': { bgp: { ipv6Address: 'fd99::2/64' } } } }, []],
  [
    'the other nodes’ AS and port: their own, then the cluster’s',
    '',
    {
      nodes: { 'node-b': nodeAt(2), 'node-c': nodeAt(3) },
      bgp: {
        default: { asNumber: 65_000, listenPort: 1_179, nodeMeshMaxRestartTime: '1m' },
        'node.node-c': { asNumber: 65_003, listenPort: 1_180 },
      },
    },
    ['mesh.node-b 65000@10.99.0.2 1179 ipv4 restartTimeSec=60', 'mesh.node-c 65003@10.99.0.3 1180 ipv4 restartTimeSec=60'],
  ],
  [
    'the other nodes’ AS where nothing stored says it: as this node is configured',
    'bgp: {asNumber: 65001}',
    { nodes: { 'node-b': nodeAt(2) } },
    ['mesh.node-b 65001@10.99.0.2 179 ipv4'],
  ],
  ['no mesh where it is disabled', '', { nodes: { 'node-b': nodeAt(2) }, bgp: { default: { nodeToNodeMeshEnabled: false } } }, []],
  ['a route reflector is in no mesh (§6.11.2)', '', { nodes: { 'node-b': nodeAt(2, { routeReflectorClusterID: '10.0.0.1' }) } }, []],
  [
    'this node is a route reflector: no mesh',
    '',
    { nodes: { 'node-a': nodeAt(1, { routeReflectorClusterID: '10.0.0.1' }), 'node-b': nodeAt(2) } },
    [],
  ],
  [
    'a peer of the configuration file wins over the mesh',
    'bgp: {peers: [{name: b, address: 10.99.0.2, asNumber: 64512}]}',
    { nodes: { 'node-b': nodeAt(2) } },
    ['b 64512@10.99.0.2 179 ipv4'],
  ],
  [
    'a BGPPeer wins over the mesh, its port is the node’s',
    '',
    {
      nodes: { 'node-b': nodeAt(2) },
      peers: { b: { peerIP: '10.99.0.2', asNumber: 64_512 } },
      bgp: { 'node.node-b': { listenPort: 1_179 } },
    },
    ['b 64512@10.99.0.2 1179 ipv4'],
  ],
  [
    'peerSelector: the nodes with the label, and the mesh with the others',
    '',
    {
      nodes: { 'node-a': nodeAt(1), 'node-b': { labels: { rr: 'yes' }, ...nodeAt(2) }, 'node-c': nodeAt(3) },
      peers: { rr: { peerSelector: 'has(rr)' } },
    },
    ['rr.node-b 64512@10.99.0.2 179 ipv4', 'mesh.node-c 64512@10.99.0.3 179 ipv4'],
  ],
  [
    'a route reflector found by others: they are its clients, and hear all it knows',
    '',
    {
      nodes: {
        'node-a': { labels: { rr: 'yes' }, ...nodeAt(1, { routeReflectorClusterID: '10.0.0.1' }) },
        'node-b': nodeAt(2),
        'node-c': { labels: { rr: 'yes' }, ...nodeAt(3, { routeReflectorClusterID: '10.0.0.1' }) },
      },
      peers: { rr: { nodeSelector: '!has(rr)', peerSelector: 'has(rr)' }, among: { nodeSelector: 'has(rr)', peerSelector: 'has(rr)' } },
    },
    ['among.node-c 64512@10.99.0.3 179 ipv4 export=all', 'rr.node-b 64512@10.99.0.2 179 ipv4 routeReflectorClient=true export=all'],
  ],
  [
    'reversePeering Manual: the node that was found does nothing',
    '',
    {
      nodes: { 'node-a': { labels: { rr: 'yes' }, ...nodeAt(1, { routeReflectorClusterID: '10.0.0.1' }) }, 'node-b': nodeAt(2) },
      peers: { rr: { nodeSelector: '!has(rr)', peerSelector: 'has(rr)', reversePeering: 'Manual' } },
    },
    [],
  ],
]
for (const [title, file, written, expected, addresses] of peers)
  t.test(title, async (t) => t.strictSame(peersOf(file, written, addresses), expected))

const secret = { secretKeyRef: { name: 'bgp', key: 'tor' } }
const noSecrets = 'stays down: the password is in secret bgp, key tor, which is not below bgp.secretsPath of the configuration file'

const problems: [title: string, file: string, written: Written, expected: readonly (readonly [subject: string, message: string])[]][] = [
  ['a password in a secret: never without it', '', { peers: { tor: { ...tor, password: secret } } }, [['bgppeer/tor', noSecrets]]],
  [
    'a password of the mesh, also where it is not wanted for one node',
    '',
    { nodes: { 'node-b': nodeAt(2) }, bgp: { default: { nodeMeshPassword: secret } } },
    [['bgp/peer/mesh.node-b', noSecrets]],
  ],
  [
    'a peer of the configuration file that is this node itself',
    'bgp: {peers: [{name: self, address: 10.99.0.1, asNumber: 64512}]}',
    {},
    [['bgp/peer/self', 'is not used: 10.99.0.1 is an address of this node']],
  ],
  [
    'at an address of this node, on another port, is somebody else',
    'bgp: {peers: [{name: other, address: 10.99.0.1, port: 1179, asNumber: 1}]}',
    {},
    [],
  ],
  [
    'what is for eBGP on an iBGP peer, and the reverse; a localAs that is none',
    `bgp: {peers: [
      {name: in, address: 10.99.0.5, asNumber: 64512, role: provider}, {name: out, address: 10.99.0.6, asNumber: 1, routeReflectorClient: true},
      {name: same, address: 10.99.0.7, asNumber: 1, localAs: 64512}, {name: good, address: 10.99.0.8, asNumber: 1, role: provider, localAs: 2},
    ]}`,
    {},
    [
      ['bgp/peer/in', 'role has no effect: the peer is internal, and roles are for eBGP (RFC 9234 §4)'],
      ['bgp/peer/out', 'routeReflectorClient has no effect: the peer is external, and reflection is for iBGP (RFC 4456)'],
      ['bgp/peer/same', 'localAs has no effect: 64512 is the AS of this node'],
    ],
  ],
  [
    'a missing filter lets nothing through: told once, with the peers that name it',
    'bgp: {peers: [{name: a, address: 10.99.0.5, asNumber: 1, import: lost}]}',
    { peers: { tor: { ...tor, filters: ['f', 'lost'] }, edge: { peerIP: '10.99.0.8', asNumber: 1, filters: ['f'] } }, filters: { f: {} } },
    [['bgpfilter/lost', 'is missing: nothing passes from and to the peers that name it: a, tor']],
  ],
  [
    'RFC 8212 asked for, and no filter',
    'bgp: {requireEbgpPolicy: true}',
    { peers: { tor } },
    [['bgppeer/tor', 'exchanges no routes: bgp.requireEbgpPolicy asks for spec.filters (RFC 8212)']],
  ],
  [
    'one for all nodes wins over one for this node at the same address',
    '',
    { peers: { a: { ...tor, node: 'node-a' }, b: tor } },
    [['bgppeer/a', 'is not used: peer b has the address 10.99.0.9 already']],
  ],
  [
    'one that selects what another has selected loses once, however many nodes these are',
    '',
    {
      nodes: { b: nodeAt(2), c: nodeAt(3), d: nodeAt(4) },
      peers: { first: { peerSelector: 'all()' }, second: { peerSelector: 'all()' } },
    },
    [['bgppeer/second', 'is not used: peer first.b has the address 10.99.0.2 already, and so with 2 more of its addresses']],
  ],
  [
    'the configuration file wins at the same address, and by the same name',
    'bgp: {peers: [{name: c, address: 10.99.0.9, asNumber: 1}]}',
    { peers: { tor, c: { peerIP: '10.99.0.8', asNumber: 1 } } },
    [
      ['bgppeer/tor', 'is not used: peer c has the address 10.99.0.9 already'],
      ['bgppeer/c', 'is not used: another peer is called c'],
    ],
  ],
]
for (const [title, file, written, expected] of problems)
  t.test(`told: ${title}`, async (t) => {
    const found = effective(file, written).problems.map(({ subject, message }) => [subject, message] as const)
    t.strictSame(found.toSorted(byText), expected.toSorted(byText))
  })

function byText(a: readonly string[], b: readonly string[]): number {
  return a.join() < b.join() ? -1 : 1
}

t.test('a peer that must stay down keeps its address from the mesh', async (t) => {
  const written = { nodes: { 'node-b': nodeAt(2) }, peers: { b: { peerIP: '10.99.0.2', asNumber: 64_512, password: secret } } }
  t.strictSame(peersOf('', written), [])
})

t.test('each address and each name is used once, whatever is stored', async () => {
  const host = fc.integer({ min: 1, max: 6 })
  const name = fc.constantFrom('node-a', 'node-b', 'node-c', 'x')
  const written = fc.record({
    nodes: fc.dictionary(
      name,
      host.map((n) => ({ labels: { n: String(n % 2) }, ...nodeAt(n) })),
    ),
    peers: fc.dictionary(
      name,
      fc.oneof(
        host.map((n) => ({ peerIP: `10.99.0.${n}`, asNumber: n })),
        fc.constantFrom({ peerSelector: "n == '1'" }, { nodeSelector: "n == '0'", peerSelector: 'all()' }),
      ),
    ),
  })
  fc.assert(
    fc.property(written, (written) => {
      const { peers } = effective('', written)
      const addresses = peers.map(({ address }) => address)
      return (
        new Set(addresses).size === peers.length &&
        new Set(peers.map(({ name }) => name)).size === peers.length &&
        !addresses.includes(here.addresses.ipv4.address)
      )
    }),
  )
})

const transports: [title: string, written: Written, secrets: Record<string, string>, expected: object][] = [
  ['the TTL keeps no external peer of a resource away', { peers: { tor } }, {}, { multihop: 255 }],
  ['nor an external node of the mesh', { nodes: { 'node-b': nodeAt(2, { asNumber: 65_003 }) } }, {}, { multihop: 255 }],
  ['ttlSecurity in its place', { peers: { tor: { ...tor, ttlSecurity: 2 } } }, {}, { ttlSecurity: 2 }],
  ['sourceAddress None', { peers: { tor: { ...tor, sourceAddress: 'None' } } }, {}, { multihop: 255, sourceAddress: 'any' }],
  ['sourceAddress UseNodeIP', { peers: { tor: { ...tor, sourceAddress: 'UseNodeIP' } } }, {}, { multihop: 255 }],
  [
    'a link-local peer with its link',
    { peers: { tor: { ...tor, peerIP: '[fe80::1%eth0]:1179' } } },
    {},
    { address: 'fe80::1', interface: 'eth0', port: 1179, multihop: 255 },
  ],
  ['a password that is there', { peers: { tor: { ...tor, password: secret } } }, { 'bgp/tor': 'key' }, { multihop: 255, password: 'key' }],
  [
    'the password of the mesh',
    { nodes: { 'node-b': nodeAt(2) }, bgp: { default: { nodeMeshPassword: secret } } },
    { 'bgp/tor': 'key' },
    { password: 'key' },
  ],
]
for (const [title, written, secrets, expected] of transports)
  t.test(`how the peer is connected: ${title}`, async (t) => {
    const settings = { config: config(''), passwords: new Map(), secrets: new Map(Object.entries(secrets)) }
    const [peer] = effectiveSettings(settings, here, resources(written)).peers
    const { address, interface: link, port, multihop, ttlSecurity, sourceAddress, password } = peer ?? {}
    const usual = { address: peer?.address, interface: undefined, port: 179 }
    const nothing = { multihop: undefined, ttlSecurity: undefined, sourceAddress: undefined, password: undefined }
    t.strictSame({ address, interface: link, port, multihop, ttlSecurity, sourceAddress, password }, { ...usual, ...nothing, ...expected })
  })

for (const [title, text] of [
  ['an empty one', ''],
  ['one longer than TCP takes (RFC 2385)', 'x'.repeat(81)],
] as const)
  t.test(`a password that cannot be one keeps the peer down: ${title}`, async (t) => {
    const settings = { config: config(''), passwords: new Map(), secrets: new Map([['bgp/tor', text]]) }
    t.strictSame(effectiveSettings(settings, here, resources({ peers: { tor: { ...tor, password: secret } } })).peers, [])
  })
