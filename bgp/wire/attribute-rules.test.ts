/** Each row of the table, as the decoder behaves: one attribute with one fault among good ones. */
import t from 'tap'
import { type AttributeRule, attributeRules, stronger, verdicts } from './attribute-rules.ts'
import { BgpError } from './bgp-error.ts'
import { decodeAttributes } from './decode-attributes.ts'
import { attribute, concat, external, hex, internal, old, sample } from './fixture.ts'
import type { DecodeContext } from './update.ts'

/** A value that is as it must be, and one of a right length that cannot be; undefined where any value will do. */
const values: Readonly<Record<number, { readonly good: string; readonly bad?: string }>> = {
  1: { good: '00', bad: '03' },
  2: { good: '0201 0000fde9', bad: '0901 0000fde9' },
  3: { good: '0a000001' },
  4: { good: '00000001' },
  5: { good: '00000064' },
  6: { good: '' },
  7: { good: '0000fde9 0a000001', bad: '00000000 0a000001' },
  8: { good: 'fde90001' },
  9: { good: '0a000009' },
  10: { good: '0a00000a' },
  14: { good: `0002 01 10 ${'20010db8'.padEnd(32, '0')} 00 40 fd00000000000001`, bad: `0002 01 09 ${'20'.repeat(9)} 00` },
  15: { good: '0002 01 40 fd00000000000001', bad: '0002' },
  16: { good: '0002fde900000001' },
  17: { good: '0201 0000fde9', bad: '0901 0000fde9' },
  18: { good: '0001fde9 0a000001', bad: '00000000 0a000001' },
  25: { good: '00'.repeat(20) },
  32: { good: '0000fde9 00000001 00000002' },
  35: { good: '0000fde9', bad: '00000000' },
}

const good = (type: number) => hex(values[type]?.good ?? '')
const twoOctetPath = attribute(0x40, 2, '0201 fde9')

/** The context in which the attribute means something. */
function contextOf({ type, from }: AttributeRule): DecodeContext {
  if (from === 'two-octet AS speakers') return old
  return from === 'internal peers' || type === 9 ? internal : external
}

/** What comes of the attribute with these flags and this value, beside the mandatory ones, so often. */
function verdictOn(rule: AttributeRule, flags: number, value: Uint8Array, context = contextOf(rule), times = 1): string {
  const path = context.fourOctetAs ? sample.asPath : twoOctetPath
  const others = [sample.origin, path, sample.nextHop].filter((_, i) => i + 1 !== rule.type)
  const own = Array.from({ length: times }, () => attribute(flags, rule.type, value))
  const block = concat(...own, ...others)
  const decoded = decodeAttributes(block, 0, block.length, context, true)
  if (decoded instanceof BgpError) return 'session reset'
  if (decoded.verdict !== 'accept') return decoded.verdict
  return decoded.notes.some((note) => note.startsWith('attribute discard')) ? 'attribute discard' : 'accept'
}

function wrongLength({ length }: AttributeRule): Uint8Array | undefined {
  if (length === 'structured') return undefined
  if (length === 'aggregator') return new Uint8Array(7)
  return new Uint8Array('octets' in length ? length.octets + 1 : length.listOf + 1)
}

function line(rule: AttributeRule): string {
  const { type, name, flags } = rule
  const length = wrongLength(rule)
  const bad = values[type]?.bad
  const on = {
    good: verdictOn(rule, flags, good(type)),
    flags: verdictOn(rule, flags ^ 0xc0, good(type)),
    ...(length && { length: verdictOn(rule, flags, length) }),
    ...(bad && { value: verdictOn(rule, flags, hex(bad)) }),
    again: verdictOn(rule, flags, good(type), contextOf(rule), 2),
    ...(rule.from === 'internal peers' && { outside: verdictOn(rule, flags, good(type), external) }),
    ...(rule.from === 'two-octet AS speakers' && { 'from NEW': verdictOn(rule, flags, good(type), external) }),
  }
  return `${type} ${name}: ${Object.entries(on)
    .map(([fault, verdict]) => `${fault} ${verdict}`)
    .join(', ')}`
}

const expected = [
  '1 ORIGIN: good accept, flags treat-as-withdraw, length treat-as-withdraw, value treat-as-withdraw, again attribute discard',
  '2 AS_PATH: good accept, flags treat-as-withdraw, value treat-as-withdraw, again attribute discard',
  '3 NEXT_HOP: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard',
  '4 MULTI_EXIT_DISC: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard',
  '5 LOCAL_PREF: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard, outside attribute discard',
  '6 ATOMIC_AGGREGATE: good accept, flags attribute discard, length attribute discard, again attribute discard',
  '7 AGGREGATOR: good accept, flags attribute discard, length attribute discard, value attribute discard, again attribute discard',
  '8 COMMUNITIES: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard',
  '9 ORIGINATOR_ID: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard, outside attribute discard',
  '10 CLUSTER_LIST: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard, outside attribute discard',
  '14 MP_REACH_NLRI: good accept, flags treat-as-withdraw, value session reset, again session reset',
  '15 MP_UNREACH_NLRI: good accept, flags treat-as-withdraw, value session reset, again session reset',
  '16 EXTENDED COMMUNITIES: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard',
  '25 IPv6 EXTENDED COMMUNITIES: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard',
  '17 AS4_PATH: good accept, flags attribute discard, value attribute discard, again attribute discard, from NEW attribute discard',
  '18 AS4_AGGREGATOR: good accept, flags attribute discard, length attribute discard, value attribute discard, again attribute discard, from NEW attribute discard',
  '32 LARGE_COMMUNITY: good accept, flags treat-as-withdraw, length treat-as-withdraw, again attribute discard',
  '35 ONLY_TO_CUSTOMER: good accept, flags treat-as-withdraw, length treat-as-withdraw, value treat-as-withdraw, again attribute discard',
]
for (const [i, rule] of attributeRules.entries())
  t.test(`${rule.section}: the reactions to ${rule.name}`, async (t) => t.equal(line(rule), expected[i]))

t.test('RFC 7606 §3 h: of any two verdicts the stronger one wins, whichever is first', async (t) => {
  for (const [i, weak] of verdicts.entries())
    for (const strong of verdicts.slice(i)) t.strictSame([stronger(weak, strong), stronger(strong, weak)], [strong, strong])
})

t.test('the table names each type once', async (t) => {
  t.equal(new Set(attributeRules.map(({ type }) => type)).size, attributeRules.length)
})
