import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const all = { name: 'default' }

t.test('a configuration as Calico documents it is kept, its words and numbers in their one form (§6.11.1)', async (t) => {
  const spec = {
    logSeverityScreen: 'info',
    nodeToNodeMeshEnabled: true,
    nodeMeshMaxRestartTime: '120s',
    asNumber: '1.10',
    bindMode: 'nodeip',
    serviceClusterIPs: [{ cidr: '10.96.0.1/12' }],
    serviceExternalIPs: [{ cidr: '104.244.42.129' }],
    listenPort: 178,
    communities: [{ name: 'bgp-large-community', value: '63400:300:100' }],
    prefixAdvertisements: [{ cidr: '172.218.4.0/26', communities: ['bgp-large-community', '63400:120'] }],
    ignoredInterfaces: ['dummy*', 'eth1'],
  }
  t.strictSame(stored(calico('BGPConfiguration', spec, all)).spec, {
    ...spec,
    logSeverityScreen: 'Info',
    asNumber: 65_546,
    bindMode: 'NodeIP',
    serviceClusterIPs: [{ cidr: '10.96.0.0/12' }],
    serviceExternalIPs: [{ cidr: '104.244.42.129/32' }],
  })
  t.strictSame(stored(calico('BGPConfiguration', {}, { name: 'node.node-a' })).spec, {}, 'nothing is filled in: defaults weigh less')
})

const refused: [title: string, spec: object, metadata: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  ['a name that nothing looks up', {}, { name: 'other' }, [['metadata.name', 'must be default, for all nodes, or node.NAME for one']]],
  [
    'a mesh password where the mesh is disabled',
    { nodeToNodeMeshEnabled: false, nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } },
    all,
    [['spec.nodeMeshPassword', 'needs the mesh, which is disabled here']],
  ],
  [
    'a restart time of the mesh for one node',
    { nodeMeshMaxRestartTime: '1m' },
    { name: 'node.a' },
    [['spec.nodeMeshMaxRestartTime', 'is for the whole mesh: set it in default']],
  ],
  [
    'communities that nothing uses',
    { communities: [{ name: 'x', value: '1:2' }] },
    all,
    [['spec.communities', 'needs at least one of prefixAdvertisements']],
  ],
  [
    'a community of no name',
    { prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['1:2', 'x', '1:65536'] }] },
    all,
    [
      ['spec.prefixAdvertisements[0].communities[1]', 'is no community and no name of one'],
      ['spec.prefixAdvertisements[0].communities[2]', 'is no community and no name of one'],
    ],
  ],
  [
    'values out of their range',
    {
      listenPort: 0,
      asNumber: 0,
      ignoredInterfaces: ['*'],
      ipv4NormalRoutePriority: 2_147_483_647,
      bindMode: 'Any',
      nodeMeshMaxRestartTime: '120',
    },
    all,
    [
      ['spec.asNumber', 'must be an AS number 1 to 4294967295, or "high.low" with both at most 65535'],
      ['spec.listenPort', 'must be >= 1'],
      ['spec.bindMode', 'must be None or NodeIP'],
      ['spec.nodeMeshMaxRestartTime', 'must be a duration: numbers with ms, s, m or h, as in 90s or 1m30s'],
      ['spec.ignoredInterfaces[0]', 'must be an interface name of at most 15 of A-Z, a-z, 0-9, "_", ".", "-" and "*", not "*" alone'],
      ['spec.ipv4NormalRoutePriority', 'must be <= 2147483646'],
    ],
  ],
  ['a field of nobody', { asNumbr: 1 }, all, [['spec.asNumbr', 'unknown field, did you mean "asNumber"?']]],
]
for (const [title, spec, metadata, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico('BGPConfiguration', spec, { ...metadata })), problems))
