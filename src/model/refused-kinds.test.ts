/** Resource reference §6.17.3, what is about other kinds than policies: each mistake in YAML, with document:line, path and reason. */
import t from 'tap'
import { refusals, yaml } from './refused.fixture.ts'

const calico = 'projectcalico.org/v3'
type Row = readonly [number: number, title: string, text: string, problems: readonly string[], before?: string]

const rows: readonly Row[] = [
  [26, 'host endpoint without node', yaml('HostEndpoint', 'interfaceName: eth0'), ['0:4 spec.node: is required']],
  [
    26,
    'host endpoint with an empty node',
    yaml('HostEndpoint', "node: ''\ninterfaceName: eth0"),
    ['0:5 spec.node: must be a DNS-1123 subdomain: at most 253 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit'],
  ],
  [
    27,
    'host endpoint without interface and IPs',
    yaml('HostEndpoint', 'node: node-a'),
    ['0:4 spec: needs interfaceName or expectedIPs: by one of them the interface is found'],
  ],
  [
    28,
    'wildcard misuse in a workload endpoint',
    yaml('WorkloadEndpoint', "node: node-a\ninterfaceName: '*'\nipNetworks: [10.0.0.1/32]"),
    ['0:6 spec.interfaceName: must be an interface name: 1 to 15 of A-Z, a-z, 0-9, "_", "." and "-"'],
  ],
  [
    29,
    'WEP with /24',
    yaml('WorkloadEndpoint', 'node: node-a\ninterfaceName: tort1\nipNetworks: [10.0.0.1/24]'),
    ['0:7 spec.ipNetworks[0]: must be one address: /32 or /128, not the unspecified one'],
  ],
  [
    30,
    'NAT outside ipNetworks',
    yaml(
      'WorkloadEndpoint',
      'node: node-a\ninterfaceName: tort1\nipNetworks: [10.0.0.1/32]\nipNATs:\n- internalIP: 10.0.0.2\n  externalIP: 192.0.2.1',
    ),
    ['0:9 spec.ipNATs[0].internalIP: is none of ipNetworks'],
  ],
  [
    31,
    'pool unmasked',
    yaml('IPPool', 'cidr: 10.0.0.1/16'),
    ['0:5 spec.cidr: must be a CIDR whose host bits are zero, or an address, did you mean 10.0.0.0/16?'],
  ],
  [31, 'pool link-local', yaml('IPPool', 'cidr: 169.254.0.0/24'), ['0:5 spec.cidr: overlaps the link-local range']],
  [
    31,
    'pool overlap',
    `${yaml('IPPool', 'cidr: 10.0.0.0/16')}---\n${yaml('IPPool', 'cidr: 10.0.1.0/24', calico, '{ name: b }')}`,
    ['0:5 spec.cidr: overlaps IPPool b, 10.0.1.0/24', '1:11 spec.cidr: overlaps IPPool a, 10.0.0.0/16'],
  ],
  [
    31,
    'block size too small',
    yaml('IPPool', 'cidr: 10.0.0.0/16\nblockSize: 19'),
    ['0:6 spec.blockSize: must be 20 to 32 for IPv4, or 0 for the default'],
  ],
  [
    31,
    'block size too large',
    yaml('IPPool', 'cidr: 10.0.0.0/16\nblockSize: 33'),
    ['0:6 spec.blockSize: must be 20 to 32 for IPv4, or 0 for the default'],
  ],
  [31, 'pool smaller than block', yaml('IPPool', 'cidr: 10.0.0.0/28'), ['0:4 spec.blockSize: a block (/26) must fit into the pool (/28)']],
  [32, 'IPIP on v6', yaml('IPPool', 'cidr: fd00::/64\nipipMode: Always'), ['0:6 spec.ipipMode: must be Never: IP-in-IP carries IPv4 only']],
  [
    32,
    'both modes',
    yaml('IPPool', 'cidr: 10.0.0.0/16\nipipMode: Always\nvxlanMode: Always'),
    ['0:6 spec.ipipMode: and vxlanMode cannot both be enabled'],
  ],
  [
    33,
    'LB pool with encapsulation',
    yaml('IPPool', 'cidr: 10.0.0.0/16\nallowedUses: [LoadBalancer]\nipipMode: Always'),
    ['0:7 spec.ipipMode: must be Never in a pool for LoadBalancer'],
  ],
  [
    33,
    'LB pool with a second use',
    yaml('IPPool', 'cidr: 10.0.0.0/16\nallowedUses: [LoadBalancer, Workload]'),
    ['0:6 spec.allowedUses: LoadBalancer must be the only use'],
  ],
  [
    34,
    'tunnel pool with namespaceSelector',
    yaml('IPPool', 'cidr: 10.0.0.0/16\nallowedUses: [Tunnel]\nnamespaceSelector: has(a)'),
    ['0:7 spec.namespaceSelector: cannot be in a pool that is used for tunnels: set allowedUses to [Workload]'],
  ],
  [
    35,
    'immutable CIDR',
    yaml('IPPool', 'cidr: 10.1.0.0/16'),
    ['0:5 spec.cidr: cannot be changed, it is 10.0.0.0/16: delete the pool and make another'],
    yaml('IPPool', 'cidr: 10.0.0.0/16'),
  ],
  [
    35,
    'immutable block size',
    yaml('IPPool', 'cidr: 10.0.0.0/16\nblockSize: 27'),
    ['0:6 spec.blockSize: cannot be changed, it is 26: delete the pool and make another'],
    yaml('IPPool', 'cidr: 10.0.0.0/16'),
  ],
  [
    36,
    'node + nodeSelector',
    yaml('BGPPeer', 'peerIP: 10.0.0.1\nasNumber: 1\nnode: node-a\nnodeSelector: all()'),
    ['0:8 spec.nodeSelector: excludes node'],
  ],
  [
    36,
    'peerIP + peerSelector',
    yaml('BGPPeer', 'peerIP: 10.0.0.1\nasNumber: 1\npeerSelector: all()'),
    ['0:7 spec.peerSelector: excludes peerIP', '0:6 spec.asNumber: is that of the nodes which peerSelector finds: leave it out'],
  ],
  [
    36,
    'AS with peerSelector',
    yaml('BGPPeer', 'peerSelector: all()\nasNumber: 1'),
    ['0:6 spec.asNumber: is that of the nodes which peerSelector finds: leave it out'],
  ],
  [
    36,
    'missing AS with local workload',
    yaml('BGPPeer', 'localWorkloadSelector: all()'),
    ['0:4 spec.asNumber: is required with localWorkloadSelector'],
  ],
  [
    37,
    'reachableBy wrong family',
    yaml('BGPPeer', "peerIP: 10.0.0.1\nasNumber: 1\nreachableBy: 'fd00::1'"),
    ['0:7 spec.reachableBy: is not of the family of peerIP'],
  ],
  [37, 'reachableBy without peerIP', yaml('BGPPeer', 'peerSelector: all()\nreachableBy: 10.0.0.1'), ['0:6 spec.reachableBy: needs peerIP']],
  [
    38,
    'next-hop fields together',
    yaml('BGPPeer', 'peerIP: 10.0.0.1\nasNumber: 1\nnextHopMode: Keep\nkeepOriginalNextHop: true'),
    ['0:7 spec.nextHopMode: excludes keepOriginalNextHop'],
  ],
  [
    39,
    'bad community',
    yaml('BGPConfiguration', "prefixAdvertisements:\n- cidr: 10.0.0.0/8\n  communities: ['70000:1']", calico, '{ name: default }'),
    ['0:7 spec.prefixAdvertisements[0].communities[0]: is no community and no name of one'],
  ],
  [
    39,
    'unused community names',
    yaml('BGPConfiguration', "communities:\n- { name: blue, value: '1:2' }", calico, '{ name: default }'),
    ['0:5 spec.communities: needs at least one of prefixAdvertisements'],
  ],
  [
    39,
    'undefined name',
    yaml('BGPConfiguration', 'prefixAdvertisements:\n- cidr: 10.0.0.0/8\n  communities: [blue]', calico, '{ name: default }'),
    ['0:7 spec.prefixAdvertisements[0].communities[0]: is no community and no name of one'],
  ],
  [
    40,
    'mesh password with mesh disabled',
    yaml(
      'BGPConfiguration',
      'nodeToNodeMeshEnabled: false\nnodeMeshPassword: { secretKeyRef: { name: a, key: b } }',
      calico,
      '{ name: default }',
    ),
    ['0:6 spec.nodeMeshPassword: needs the mesh, which is disabled here'],
  ],
  [
    41,
    'operator without cidr',
    yaml('BGPFilter', 'importV4:\n- action: Accept\n  matchOperator: In'),
    ['0:7 spec.importV4[0].matchOperator: needs cidr'],
  ],
  [
    41,
    'prefix length without cidr',
    yaml('BGPFilter', 'importV4:\n- action: Accept\n  prefixLength: { min: 24 }'),
    ['0:7 spec.importV4[0].prefixLength: needs cidr'],
  ],
  [
    41,
    'operations with Reject',
    yaml('BGPFilter', 'importV4:\n- action: Reject\n  operations: [{ setPriority: { value: 1 } }]'),
    ['0:7 spec.importV4[0].operations: needs action Accept'],
  ],
  [
    41,
    'two fields in one operation',
    yaml('BGPFilter', "importV4:\n- action: Accept\n  operations: [{ setPriority: { value: 1 }, addCommunity: { value: '1:2' } }]"),
    ['0:7 spec.importV4[0].operations[0]: must have exactly one of addCommunity, prependASPath and setPriority'],
  ],
  [42, 'node with empty bgp', yaml('Node', 'bgp: {}'), ['0:5 spec.bgp: must not be empty: leave it out or give it a field']],
  [
    47,
    'nodeSelector in default',
    yaml('FelixConfiguration', 'nodeSelector: all()', calico, `{ name: default }`),
    ['0:5 spec.nodeSelector: is not for default, which says by its name where it applies'],
  ],
  [
    48,
    'route tables both fields',
    yaml('FelixConfiguration', 'routeTableRange: { min: 1, max: 2 }\nrouteTableRanges: [{ min: 1, max: 2 }]', calico, `{ name: default }`),
    ['0:6 spec.routeTableRanges: excludes routeTableRange'],
  ],
  [
    49,
    'node port ranges > 7',
    yaml('FelixConfiguration', 'kubeNodePortRanges: [1, 2, 3, 4, 5, 6, 7, 8]', calico, `{ name: default }`),
    ['0:5 spec.kubeNodePortRanges: must not have more than 7 items'],
  ],
  [
    49,
    'node port ranges named',
    yaml('FelixConfiguration', 'kubeNodePortRanges: [http]', calico, `{ name: default }`),
    ['0:5 spec.kubeNodePortRanges[0]: must be a port 1 to 65535 or a range "a:b" with a <= b'],
  ],
]
for (const [number, title, text, problems, before] of rows)
  t.test(`§6.17.3 no ${number}: ${title}`, async (t) => t.strictSame(refusals(text, before), problems))

t.test('every number of the list that is about these kinds is there', async (t) => {
  t.strictSame([...new Set(rows.map(([number]) => number))], [...Array.from({ length: 17 }, (_, i) => i + 26), 47, 48, 49])
})
