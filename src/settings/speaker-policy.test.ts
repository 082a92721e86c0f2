import t from 'tap'
import type { FilterRule } from '../../bgp/peer.ts'
import { resources } from './fixture.ts'
import { speakerPolicy } from './speaker-policy.ts'

/** The rule that the speaker is told of, for one that is posted. */
function rule(written: object): FilterRule | undefined {
  const [filter] = speakerPolicy(resources({ filters: { tor: { importV4: [{ action: 'Accept', ...written }] } } }), []).filters ?? []
  return filter?.import['ipv4-unicast'][0]
}

const net = { cidr: '10.0.0.0/8', matchOperator: 'In' } as const
const prefix = { cidr: '10.0.0.0/8', operator: 'in', minLength: 8, maxLength: 32 }

const rules: readonly [title: string, written: object, told: object][] = [
  ['no condition at all', {}, {}],
  ['Reject', { action: 'Reject' }, { action: 'reject' }],
  ['cidr without prefixLength: from its own length to the longest', net, { prefix }],
  ['prefixLength.min alone', { ...net, prefixLength: { min: 20 } }, { prefix: { ...prefix, minLength: 20 } }],
  ['prefixLength.max alone', { ...net, prefixLength: { max: 24 } }, { prefix: { ...prefix, maxLength: 24 } }],
  ['Equal', { ...net, matchOperator: 'Equal' }, { prefix: { ...prefix, operator: 'equal' } }],
  ['NotEqual', { ...net, matchOperator: 'NotEqual' }, { prefix: { ...prefix, operator: 'not-equal' } }],
  ['NotIn', { ...net, matchOperator: 'NotIn' }, { prefix: { ...prefix, operator: 'not-in' } }],
  ['RFC 1997 a community', { communities: { values: ['65535:666'] } }, { community: 0xffff_029a }],
  ['RFC 8092 a large community', { communities: { values: ['4294967295:1:2'] } }, { community: [4_294_967_295, 1, 2] }],
  ['asPathPrefix, also as high.low', { asPathPrefix: [65_001, '1.0'] }, { asPathPrefix: [65_001, 65_536] }],
  ['peerType', { peerType: 'eBGP' }, { peerType: 'eBGP' }],
  ['interface', { interface: 'eth*' }, { interface: 'eth*' }],
  ['source', { source: 'RemotePeers' }, { learned: true }],
  ['priority', { priority: 1024 }, { priority: 1024 }],
  [
    'operations in their order',
    { operations: [{ setPriority: { value: 512 } }, { addCommunity: { value: '1:2' } }, { prependASPath: { prefix: [7, 8] } }] },
    {
      operations: [
        { type: 'set-priority', priority: 512 },
        { type: 'add-community', community: 65_538 },
        { type: 'prepend-as-path', asNumbers: [7, 8] },
      ],
    },
  ],
]
for (const [title, written, told] of rules)
  t.test(`§6.11.3 a rule: ${title}`, async (t) => t.strictSame(rule(written), { action: 'accept', ...told }))

t.test('§6.11.3 the four lists of a BGPFilter by direction and family', async (t) => {
  const list = (cidr: string) => [{ cidr, matchOperator: 'Equal', action: 'Accept' }]
  const written = { exportV4: list('1.0.0.0/8'), importV4: list('2.0.0.0/8'), exportV6: list('1::/16'), importV6: list('2::/16') }
  const policy = speakerPolicy(resources({ filters: { tor: written, spine: {} } }), [])
  const cidrs = (rules: readonly FilterRule[]) => rules.map(({ prefix }) => `${prefix?.cidr} ${prefix?.maxLength}`)
  t.strictSame(
    policy.filters?.map((filter) => ({
      name: filter.name,
      rules: [
        cidrs(filter.export['ipv4-unicast']),
        cidrs(filter.import['ipv4-unicast']),
        cidrs(filter.export['ipv6-unicast']),
        cidrs(filter.import['ipv6-unicast']),
      ],
    })),
    [
      { name: 'tor', rules: [['1.0.0.0/8 32'], ['2.0.0.0/8 32'], ['1::/16 128'], ['2::/16 128']] },
      { name: 'spine', rules: [[], [], [], []] },
    ],
  )
})

t.test('a resource that is the same object is the same filter, so that it is compiled once', async (t) => {
  const stored = resources({ filters: { tor: { importV4: [{ action: 'Reject' }] } } })
  t.equal(speakerPolicy(stored, []).filters?.[0], speakerPolicy(stored, []).filters?.[0])
})

t.test('§6.11.4 pools that are not exported, and communities of prefix advertisements by value and by name', async (t) => {
  const stored = resources({
    pools: { a: { cidr: '10.1.0.0/16', disableBGPExport: true }, b: { cidr: '10.2.0.0/16' } },
    bgp: {
      default: {
        communities: [{ name: 'edge', value: '65000:7' }],
        prefixAdvertisements: [{ cidr: '10.2.0.0/16', communities: ['edge', '1:2:3'] }, { cidr: '10.3.0.0/16' }],
      },
      'node.node-b': { prefixAdvertisements: [] },
    },
  })
  const specs = stored.bgpConfigurations.map(({ spec }) => spec)
  const { notExported, advertisements } = speakerPolicy(stored, specs)
  t.strictSame(notExported, ['10.1.0.0/16'])
  t.strictSame(advertisements, [
    { cidr: '10.2.0.0/16', communities: [65_000 * 65_536 + 7, [1, 2, 3]] },
    { cidr: '10.3.0.0/16', communities: [] },
  ])
  t.strictSame(speakerPolicy(stored, specs.toReversed()).advertisements, [], 'the configuration with more weight has the word')
})
