import fc from 'fast-check'
import t from 'tap'
import { type Cidr, containsPrefix, formatPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { FilterRule } from '../speaker-policy.ts'
import type { FilteredRoute } from './filter-rule.ts'
import { accept, matching, path, reject, route } from './fixture.ts'
import { RuleList } from './rule-list.ts'

/** The number of the first rule that matches. */
function matched(rules: readonly FilterRule[], what: FilteredRoute): number | undefined {
  return new RuleList(rules, what.bytes.length === 4 ? 'ipv4-unicast' : 'ipv6-unicast').match(what)?.order
}

const conditions: readonly [title: string, rule: object, matches: readonly FilteredRoute[], not: readonly FilteredRoute[]][] = [
  ['without a condition matches every route', {}, [route('0.0.0.0/0'), route('10.0.0.1/32'), route('::/0')], []],
  [
    'Equal matches the prefix itself',
    matching('equal 10.0.0.0/8'),
    [route('10.0.0.0/8')],
    [route('10.0.0.0/9'), route('10.0.0.0/7'), route('11.0.0.0/8')],
  ],
  [
    'Equal with lengths that leave its own out matches nothing',
    matching('equal 10.0.0.0/8 16-24'),
    [],
    [route('10.0.0.0/8'), route('10.0.0.0/16')],
  ],
  [
    'NotEqual matches every other prefix',
    matching('not-equal 10.0.0.0/8'),
    [route('10.0.0.0/9'), route('11.0.0.0/8'), route('0.0.0.0/0')],
    [route('10.0.0.0/8')],
  ],
  [
    'In matches what is inside or equal',
    matching('in 10.0.0.0/8'),
    [route('10.0.0.0/8'), route('10.255.0.0/16'), route('10.1.2.3/32')],
    [route('0.0.0.0/0'), route('11.0.0.0/16'), route('10.0.0.0/7')],
  ],
  [
    'In with prefixLength matches inside and of these lengths',
    matching('in 10.0.0.0/8 16-24'),
    [route('10.1.0.0/16'), route('10.1.2.0/24')],
    [route('10.0.0.0/8'), route('10.1.2.0/25'), route('11.1.0.0/16')],
  ],
  [
    'NotIn matches what lies outside',
    matching('not-in 10.0.0.0/8'),
    [route('11.0.0.0/8'), route('0.0.0.0/0')],
    [route('10.0.0.0/8'), route('10.1.2.3/32')],
  ],
  [
    'NotIn with prefixLength matches everything but inside and of these lengths',
    matching('not-in 10.0.0.0/8 16-24'),
    [route('10.0.0.0/8'), route('10.1.2.0/25'), route('11.1.0.0/16')],
    [route('10.1.0.0/16')],
  ],
  ['of IPv6 compares 128 bits', matching('in 2001:db8:0:1::/64'), [route('2001:db8:0:1::1/128')], [route('2001:db8:0:2::/64')]],
  [
    'RFC 1997: communities matches a route that has it among others',
    { community: 0xffff_029a },
    [route('10.0.0.0/8', { communities: [1, 0xffff_029a] })],
    [
      route('10.0.0.0/8'),
      route('10.0.0.0/8', { communities: [0xffff_029b] }),
      route('10.0.0.0/8', { largeCommunities: [[0, 0xffff, 0x29a]] }),
    ],
  ],
  [
    'RFC 8092: communities matches a large one whole',
    { community: [4_294_967_295, 1, 2] },
    [route('10.0.0.0/8', { largeCommunities: [[4_294_967_295, 1, 2]] })],
    [route('10.0.0.0/8', { largeCommunities: [[4_294_967_295, 1, 3]] }), route('10.0.0.0/8', { communities: [65_538] })],
  ],
  [
    'asPathPrefix matches a path that begins with it',
    { asPathPrefix: [65_001, 7] },
    [
      route('10.0.0.0/8', { asPath: path('65001 7') }),
      route('10.0.0.0/8', { asPath: path('65001 7 8') }),
      route('10.0.0.0/8', { asPath: [...path('65001'), ...path('7')] }),
    ],
    [
      route('10.0.0.0/8'),
      route('10.0.0.0/8', { asPath: path('65001') }),
      route('10.0.0.0/8', { asPath: path('7 65001 7') }),
      route('10.0.0.0/8', { asPath: [...path('65001'), { type: 'set', asNumbers: [7] }] }),
    ],
  ],
  ['peerType eBGP', { peerType: 'eBGP' }, [route('10.0.0.0/8')], [route('10.0.0.0/8', {}, { external: false })]],
  ['peerType iBGP', { peerType: 'iBGP' }, [route('10.0.0.0/8', {}, { external: false })], [route('10.0.0.0/8')]],
  ['source RemotePeers matches what was learned', { learned: true }, [route('10.0.0.0/8')], [route('10.0.0.0/8', {}, { learned: false })]],
  [
    'interface: * stands for any characters, and an unknown interface matches nothing',
    { interface: 'e*.1*' },
    ['eth0.100', 'e.1'].map((name) => route('10.0.0.0/8', {}, { interfaceName: () => name })),
    ['eth0x100', 'xeth0.100', undefined].map((name) => route('10.0.0.0/8', {}, { interfaceName: () => name })),
  ],
  [
    'interface * alone matches any that is known',
    { interface: '*' },
    [route('10.0.0.0/8', {}, { interfaceName: () => 'x' })],
    [route('::/0')],
  ],
  [
    '§6.11.4: priority is the mirror image of LOCAL_PREF',
    { priority: 512 },
    [route('10.0.0.0/8', { localPref: 2_147_483_135 })],
    [route('10.0.0.0/8', { localPref: 512 }), route('10.0.0.0/8')],
  ],
  [
    '§6.11.4: a route without priority, as with LOCAL_PREF 100, has the normal one',
    { priority: 1024 },
    [route('10.0.0.0/8'), route('10.0.0.0/8', { localPref: 100 }), route('10.0.0.0/8', { localPref: 2_147_482_623 })],
    [route('10.0.0.0/8', { localPref: 2_147_483_135 }), route('10.0.0.0/8', { localPref: 1_073_741_824 })],
  ],
  [
    'with several conditions matches a route which has all that is said',
    { ...matching('in 10.0.0.0/8'), peerType: 'eBGP', community: 7 },
    [route('10.0.0.0/8', { communities: [7] })],
    [route('10.0.0.0/8'), route('11.0.0.0/8', { communities: [7] }), route('10.0.0.0/8', { communities: [7] }, { external: false })],
  ],
]
for (const [title, rule, matches, not] of conditions)
  t.test(`§6.11.3 a rule ${title}`, async (t) => {
    for (const what of matches) t.equal(matched([{ ...rule, ...accept }], what), 0)
    for (const what of not) t.equal(matched([{ ...rule, ...accept }], what), undefined)
  })

t.test('§6.11.3 the first rule that matches decides, whether it asks for a prefix or not', async (t) => {
  const rules: readonly FilterRule[] = [
    { ...matching('in 10.1.0.0/16'), ...reject },
    { community: 7, ...accept },
    { ...matching('in 10.0.0.0/8'), ...accept },
    { ...matching('equal 10.1.0.0/16'), ...accept },
    { ...matching('not-in 11.0.0.0/8'), ...reject },
    reject,
  ]
  const first = (prefix: string, communities: readonly number[] = []) => matched(rules, route(prefix, { communities }))
  t.strictSame(
    [first('10.1.0.0/16', [7]), first('10.2.0.0/16', [7]), first('10.2.0.0/16'), first('12.0.0.0/8'), first('11.0.0.0/8')],
    [0, 1, 2, 4, 5],
  )
})

/** Short prefixes, so that many contain one another. */
const prefix = fc
  .tuple(fc.constantFrom(4 as const, 16 as const), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 16, maxLength: 16 }), fc.nat(18))
  .map(
    ([octets, values, length]) =>
      parsePrefix(
        formatPrefix({ family: octets === 4 ? 4 : 6, bytes: Uint8Array.from(values.slice(0, octets).map((v) => v << 6)), length }),
      ) as Prefix,
  )

const condition = fc.record({
  operator: fc.constantFrom('equal' as const, 'not-equal' as const, 'in' as const, 'not-in' as const),
  prefix,
  minLength: fc.nat(12),
  more: fc.nat(12),
})

t.test('§6.11.3 a list finds the rule that looking at one after the other finds', async () => {
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 30 }), fc.array(prefix, { minLength: 1, maxLength: 20 }), (conditions, asked) => {
      for (const one of asked) {
        const own = conditions.filter(({ prefix }) => prefix.family === one.family)
        const rules = own.map(({ operator, prefix, minLength, more }): FilterRule => {
          const masked = formatPrefix(parsePrefix(formatPrefix(prefix)) as Prefix) as Cidr
          return { prefix: { operator, cidr: masked, minLength, maxLength: minLength + more }, action: 'accept' }
        })
        const slow = own.findIndex(({ operator, prefix, minLength, more }) => {
          const isOfLength = one.length >= minLength && one.length <= minLength + more
          const isNamed = containsPrefix(prefix, one) && (operator.endsWith('in') || prefix.length === one.length)
          return (isOfLength && isNamed) === !operator.startsWith('not')
        })
        const found = matched(rules, route(formatPrefix(one)))
        if ((found ?? -1) !== slow) throw new Error(`rule ${found} instead of ${slow} for ${formatPrefix(one)}`)
      }
    }),
    { numRuns: 300 },
  )
})

t.test('#80 of ten thousand rules a route is compared with the logarithm of their number, and with those around it', async (t) => {
  const rules = Array.from({ length: 10_000 }, (_, i): FilterRule => ({ ...matching(`equal 10.${i >> 8}.${i & 255}.0/24`), ...accept }))
  const list = new RuleList([...rules, { ...matching('in 0.0.0.0/0'), ...reject }], 'ipv4-unicast')
  /** Octets of the route that were looked at. */
  let looks = 0
  const counting = (what: FilteredRoute) => {
    const bytes = new Proxy(what.bytes, {
      get: (target, key) => {
        looks++
        return Reflect.get(target, key)
      },
    })
    return { ...what, bytes }
  }
  t.equal(list.match(counting(route('10.20.30.0/24')))?.order, 20 * 256 + 30)
  t.equal(list.match(counting(route('192.0.2.0/24')))?.order, 10_000)
  // log2(10,001) < 14 comparisons of at most four octets for each route, and a few for what contains it.
  t.ok(looks <= 2 * 16 * 4, `${looks} octets`)
})
