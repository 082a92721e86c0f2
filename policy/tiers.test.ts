import t from 'tap'
import { marksOf } from './marks.ts'
import { profileNames, profileOf } from './profiles.ts'
import { kernelProtocol, protocolNumber } from './protocol.ts'
import { profile, tier } from './test-resources.ts'
import { compareTiers, type Tier, tierOf } from './tiers.ts'

const last = Number.POSITIVE_INFINITY
const tiers: [title: string, actual: Tier, expected: Tier][] = [
  ['kube-admin', tierOf('kube-admin', undefined), { name: 'kube-admin', order: 1_000, defaultAction: 'Pass' }],
  ['default', tierOf('default', undefined), { name: 'default', order: 1_000_000, defaultAction: 'Deny' }],
  ['kube-baseline', tierOf('kube-baseline', undefined), { name: 'kube-baseline', order: 10_000_000, defaultAction: 'Pass' }],
  [
    'order and action of a built-in one are fixed',
    tierOf('default', tier('default', { order: 1, defaultAction: 'Pass' })),
    tierOf('default', undefined),
  ],
  ['its own order and action', tierOf('a', tier('a', { order: 5, defaultAction: 'Pass' })), { name: 'a', order: 5, defaultAction: 'Pass' }],
  ['without order: last; without action: Deny', tierOf('a', tier('a', {})), { name: 'a', order: last, defaultAction: 'Deny' }],
  ['one that does not exist comes last and denies', tierOf('gone', undefined), { name: 'gone', order: last, defaultAction: 'Deny' }],
]
for (const [title, actual, expected] of tiers) t.test(`§6.12: ${title}`, async (t) => t.strictSame(actual, expected))

t.test('§6.2.1: tiers by order, then name, those without order last', async (t) => {
  const names = ['z', 'gone', 'default', 'kube-baseline', 'a', 'kube-admin']
  const orders: Readonly<Record<string, number>> = { z: 1, a: 1 }
  const sorted = names
    .map((name) => tierOf(name, name in orders ? tier(name, { order: orders[name] ?? 0 }) : undefined))
    .toSorted(compareTiers)
  t.strictSame(
    sorted.map(({ name }) => name),
    ['a', 'z', 'kube-admin', 'default', 'kube-baseline', 'gone'],
  )
})

const allow = [{ index: 0, action: 'Allow', source: {}, destination: {} }]
const profiles: [title: string, actual: unknown, expected: unknown][] = [
  ['kns allows both ways', profileOf('kns.shop', undefined), { name: 'kns.shop', ingress: allow, egress: allow }],
  ['ksa has no rules', profileOf('ksa.shop.robot', undefined), { name: 'ksa.shop.robot', ingress: [], egress: [] }],
  [
    'projectcalico-default-allow',
    profileOf('projectcalico-default-allow', undefined),
    { name: 'projectcalico-default-allow', ingress: allow, egress: allow },
  ],
  ["a user's own", profileOf('p', profile('p', { egress: [{ action: 'Allow' }] })), { name: 'p', ingress: [], egress: allow }],
  ['one that nobody defined', profileOf('p', undefined), undefined],
]
for (const [title, actual, expected] of profiles) t.test(`§6.6: ${title}`, async (t) => t.strictSame(actual, expected))

t.test('INTERFACE §4: without profiles the one of the namespace, [] is none', async (t) => {
  t.strictSame(profileNames(undefined, 'shop'), ['kns.shop'])
  t.strictSame(profileNames([], 'shop'), [])
  t.strictSame(profileNames(['b', 'a'], 'shop'), ['b', 'a'])
})

t.test('marks are the lowest bits of the mask, unsigned', async (t) => {
  t.strictSame(marksOf(0xffff_0000), { accept: 0x1_0000, pass: 0x2_0000 })
  t.strictSame(marksOf(0xc000_0000), { accept: 0x4000_0000, pass: 0x8000_0000 })
  for (const mask of [0, 1, 0x8000_0000]) t.throws(() => marksOf(mask), RangeError)
})

t.test('protocols by name in any case, by number as it is, in the words of iptables', async (t) => {
  t.strictSame(['TCP', 'udp', 'Icmp', 'ICMPv6', 'SCTP', 'UDPLite', 47, '47'].map(protocolNumber), [6, 17, 1, 58, 132, 136, 47, 47])
  t.strictSame([6, 58, 136, 47].map(kernelProtocol), ['tcp', 'icmpv6', 'udplite', 47])
  t.equal(protocolNumber(undefined), undefined)
  for (const name of ['tcpp', 'constructor']) t.throws(() => protocolNumber(name), /^unknown protocol/)
})
