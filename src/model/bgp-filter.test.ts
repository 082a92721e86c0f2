import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

t.test('a filter as Calico documents it is kept (§6.11.3)', async (t) => {
  const spec = {
    exportV4: [
      {
        action: 'Accept',
        matchOperator: 'In',
        cidr: '77.0.0.0/16',
        source: 'RemotePeers',
        interface: '*.calico',
        prefixLength: { min: 16, max: 24 },
      },
      { action: 'Reject', peerType: 'eBGP' },
    ],
    importV4: [{ action: 'Reject', matchOperator: 'NotIn', cidr: '44.0.0.0/16' }],
    exportV6: [
      {
        action: 'Accept',
        communities: { values: ['65000:100'] },
        asPathPrefix: [65_001, 65_002],
        priority: 512,
        operations: [{ addCommunity: { value: '65000:1:2' } }, { prependASPath: { prefix: [64_512] } }, { setPriority: { value: 1024 } }],
      },
    ],
    importV6: [{ action: 'reject', matchOperator: 'equal', cidr: 'FD00::/64' }],
  }
  t.strictSame(stored(calico('BGPFilter', spec)).spec, {
    ...spec,
    importV6: [{ action: 'Reject', matchOperator: 'Equal', cidr: 'fd00::/64' }],
  })
})

const asNumberExpected = 'must be an AS number 1 to 4294967295, or "high.low" with both at most 65535'
const refused: [title: string, spec: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    'an operator without a cidr',
    { importV4: [{ action: 'Accept', matchOperator: 'In' }] },
    [['spec.importV4[0].matchOperator', 'needs cidr']],
  ],
  [
    'a cidr without an operator',
    { importV4: [{ action: 'Accept', cidr: '10.0.0.0/8' }] },
    [['spec.importV4[0].matchOperator', 'is required with cidr']],
  ],
  [
    'a prefix length without a cidr',
    { exportV6: [{ action: 'Accept', prefixLength: { min: 64 } }] },
    [['spec.exportV6[0].prefixLength', 'needs cidr']],
  ],
  [
    'a prefix length the wrong way round',
    { exportV4: [{ action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { min: 24, max: 16 } }] },
    [['spec.exportV4[0].prefixLength.max', 'is less than min']],
  ],
  [
    'a prefix length of the other family',
    { exportV4: [{ action: 'Accept', cidr: '10.0.0.0/8', matchOperator: 'In', prefixLength: { max: 64 } }] },
    [['spec.exportV4[0].prefixLength.max', 'must be <= 32']],
  ],
  [
    'a cidr of the other family',
    { importV4: [{ action: 'Accept', cidr: 'fd00::/64', matchOperator: 'In' }] },
    [['spec.importV4[0].cidr', 'must be an IPv4 CIDR whose host bits are zero']],
  ],
  [
    'host bits',
    { importV4: [{ action: 'Accept', cidr: '10.0.0.1/8', matchOperator: 'In' }] },
    [['spec.importV4[0].cidr', 'must be an IPv4 CIDR whose host bits are zero']],
  ],
  [
    'operations on what is rejected',
    { importV4: [{ action: 'Reject', operations: [{ setPriority: { value: 1 } }] }] },
    [['spec.importV4[0].operations', 'needs action Accept']],
  ],
  [
    'two fields in one operation',
    { importV4: [{ action: 'Accept', operations: [{ setPriority: { value: 1 }, addCommunity: { value: '1:2' } }, {}] }] },
    [
      ['spec.importV4[0].operations[0]', 'must have exactly one of addCommunity, prependASPath and setPriority'],
      ['spec.importV4[0].operations[1]', 'must have exactly one of addCommunity, prependASPath and setPriority'],
    ],
  ],
  [
    '#80 a regular expression over the AS path: there is none to have',
    {
      importV4: [
        { action: 'Accept', asPathRegex: '(1*)*2' },
        { action: 'Accept', asPathPrefix: ['(1*)*2'] },
      ],
    },
    [
      ['spec.importV4[0].asPathRegex', 'unknown field'],
      ['spec.importV4[1].asPathPrefix[0]', asNumberExpected],
    ],
  ],
  [
    '#80 a regular expression as an interface',
    { importV4: [{ action: 'Accept', interface: '(1*)*2' }] },
    [['spec.importV4[0].interface', 'must be an interface name; "*" stands for any characters']],
  ],
  ['no action', { importV4: [{}] }, [['spec.importV4[0].action', 'is required']]],
  [
    'two communities',
    { importV4: [{ action: 'Accept', communities: { values: ['1:2', '3:4'] } }] },
    [['spec.importV4[0].communities.values', 'must not have more than 1 items']],
  ],
]
for (const [title, spec, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico('BGPFilter', spec)), problems))
