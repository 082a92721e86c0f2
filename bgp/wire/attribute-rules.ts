/** RFC 7606 as one table: what is wrong with a path attribute, and what comes of it. */
import { attributeFlag, attributeType } from './attribute-type.ts'

/** RFC 7606 §2, the weakest first; only the last one ends the session. */
export const verdicts = ['accept', 'attribute discard', 'treat-as-withdraw', 'session reset'] as const
export type Verdict = (typeof verdicts)[number]

/** "The strongest action" of several (RFC 7606 §3 h). */
export function stronger(one: Verdict, other: Verdict): Verdict {
  return verdicts.indexOf(one) < verdicts.indexOf(other) ? other : one
}

/** How many octets a value may have: so many; one or more elements of so many; an AS number and an address; or what its reader says. */
export type LengthRule = { readonly octets: number } | { readonly listOf: number } | 'aggregator' | 'structured'

/** From whom the attribute means something; from others it is discarded, whatever it holds. */
export type Sender = 'any peer' | 'internal peers' | 'two-octet AS speakers'

export type AttributeRule = {
  readonly type: number
  readonly name: string
  /** The Optional and Transitive bits it must have; the others say nothing. */
  readonly flags: number
  readonly from: Sender
  readonly length: LengthRule
  /** What comes of wrong flags, of a wrong length, of a value that cannot be, and of the attribute being there again. */
  readonly onFlags: Verdict
  readonly onLength: Verdict
  readonly onValue: Verdict
  readonly onRepetition: Verdict
  /** Where length and value are specified. */
  readonly section: string
}

const wellKnown = attributeFlag.transitive
const optional = attributeFlag.optional
const transitive = attributeFlag.optional | attributeFlag.transitive
const one = { octets: 1 }
const four = { octets: 4 }
const [discard, withdraw, reset] = ['attribute discard', 'treat-as-withdraw', 'session reset'] as const

type Row = readonly [
  type: keyof typeof attributeType,
  name: string,
  flags: number,
  from: Sender,
  length: LengthRule,
  onFlags: Verdict,
  onLength: Verdict,
  onValue: Verdict,
  section: string,
]

/** RFC 7606 §7.1 to §7.15 in order, then what came after it. §3 c is the verdict on flags, but for §3 f and RFC 6793 §6. */
const rows: readonly Row[] = [
  ['origin', 'ORIGIN', wellKnown, 'any peer', one, withdraw, withdraw, withdraw, 'RFC 7606 §7.1'],
  ['asPath', 'AS_PATH', wellKnown, 'any peer', 'structured', withdraw, withdraw, withdraw, 'RFC 7606 §7.2'],
  ['nextHop', 'NEXT_HOP', wellKnown, 'any peer', four, withdraw, withdraw, withdraw, 'RFC 7606 §7.3'],
  ['med', 'MULTI_EXIT_DISC', optional, 'any peer', four, withdraw, withdraw, withdraw, 'RFC 7606 §7.4'],
  ['localPref', 'LOCAL_PREF', wellKnown, 'internal peers', four, withdraw, withdraw, withdraw, 'RFC 7606 §7.5'],
  ['atomicAggregate', 'ATOMIC_AGGREGATE', wellKnown, 'any peer', { octets: 0 }, discard, discard, discard, 'RFC 7606 §7.6'],
  ['aggregator', 'AGGREGATOR', transitive, 'any peer', 'aggregator', discard, discard, discard, 'RFC 7606 §7.7'],
  ['communities', 'COMMUNITIES', transitive, 'any peer', { listOf: 4 }, withdraw, withdraw, withdraw, 'RFC 7606 §7.8'],
  ['originatorId', 'ORIGINATOR_ID', optional, 'internal peers', four, withdraw, withdraw, withdraw, 'RFC 7606 §7.9'],
  ['clusterList', 'CLUSTER_LIST', optional, 'internal peers', { listOf: 4 }, withdraw, withdraw, withdraw, 'RFC 7606 §7.10'],
  ['mpReach', 'MP_REACH_NLRI', optional, 'any peer', 'structured', withdraw, reset, reset, 'RFC 7606 §7.11'],
  ['mpUnreach', 'MP_UNREACH_NLRI', optional, 'any peer', 'structured', withdraw, reset, reset, 'RFC 7606 §7.12'],
  ['extendedCommunities', 'EXTENDED COMMUNITIES', transitive, 'any peer', { listOf: 8 }, withdraw, withdraw, withdraw, 'RFC 7606 §7.14'],
  [
    'ipv6ExtendedCommunities',
    'IPv6 EXTENDED COMMUNITIES',
    transitive,
    'any peer',
    { listOf: 20 },
    withdraw,
    withdraw,
    withdraw,
    'RFC 7606 §7.15',
  ],
  ['as4Path', 'AS4_PATH', transitive, 'two-octet AS speakers', 'structured', discard, discard, discard, 'RFC 6793 §6'],
  ['as4Aggregator', 'AS4_AGGREGATOR', transitive, 'two-octet AS speakers', { octets: 8 }, discard, discard, discard, 'RFC 6793 §6'],
  ['largeCommunities', 'LARGE_COMMUNITY', transitive, 'any peer', { listOf: 12 }, withdraw, withdraw, withdraw, 'RFC 8092 §6'],
  ['onlyToCustomer', 'ONLY_TO_CUSTOMER', transitive, 'any peer', four, withdraw, withdraw, withdraw, 'RFC 9234 §5'],
]

/** What concerns no single attribute. */
export const blockRules = {
  /** Its header or its value runs over the attributes' end; the prefixes are still found by Total Attribute Length. */
  overrun: { verdict: withdraw, section: 'RFC 7606 §4' },
  /** A mandatory one is missing where prefixes are announced: ORIGIN, AS_PATH, the next hop. */
  missing: { verdict: withdraw, section: 'RFC 7606 §3 d' },
  /** Any but MP_REACH_NLRI and MP_UNREACH_NLRI is there again: the first one counts. */
  repetition: { verdict: discard, section: 'RFC 7606 §3 g' },
  /** The path from an external peer does not begin with its AS. */
  firstAs: { verdict: withdraw, section: 'RFC 4271 §6.3' },
  /** AS_SET or AS_CONFED_SET in AS4_PATH, which is worse than any other fault of it. */
  asSetInAs4Path: { verdict: withdraw, section: 'RFC 9774 §3' },
  /** Anything that would be withdrawn, where no prefix is announced that could be. */
  nothingToWithdraw: { verdict: reset, section: 'RFC 7606 §5.2' },
  /** No type we know and not optional. */
  unknownWellKnown: { verdict: reset, section: 'RFC 4271 §6.3' },
} as const

export const attributeRules: readonly AttributeRule[] = rows.map(
  ([type, name, flags, from, length, onFlags, onLength, onValue, section]) => {
    const onRepetition = type === 'mpReach' || type === 'mpUnreach' ? reset : blockRules.repetition.verdict
    return { type: attributeType[type], name, flags, from, length, onFlags, onLength, onValue, onRepetition, section }
  },
)

/** @param asOctets how many octets the sender's AS numbers have */
export function isLength(rule: LengthRule, octets: number, asOctets: 2 | 4): boolean {
  if (rule === 'structured') return true
  if (rule === 'aggregator') return octets === asOctets + 4
  return 'octets' in rule ? octets === rule.octets : octets > 0 && octets % rule.listOf === 0
}
