import t from 'tap'
import type { Match, Rule } from '../kernel.ts'
import { splitPortless } from './portless-rules.ts'

const protocol = (name: string, negated = false): Match => ({ type: 'protocol', protocol: name, ...(negated && { negated }) })
const set = (type: 'source-set' | 'destination-set', negated: boolean): Match => ({ type, set: 'tort4p:a', withPort: true, negated })
const from: Match = { type: 'source-net', net: '10.0.0.0/8' as never }
const drop = (...match: readonly Match[]): Rule => ({ match, action: { type: 'drop' }, comment: 'rule 0' })
const others = [protocol('tcp', true), protocol('udp', true), protocol('sctp', true)]
const excluded = set('destination-set', true)

const table: readonly (readonly [title: string, rule: Rule, expected: readonly Rule[]])[] = [
  [
    'what excludes named ports of any protocol holds for every packet without ports, whatever else it asks',
    drop(from, excluded),
    [drop(...others, from), ...['tcp', 'udp', 'sctp'].map((name) => drop(protocol(name), from, excluded))],
  ],
  [
    'of both sides at once',
    drop(set('source-set', true), excluded),
    [drop(...others), ...['tcp', 'udp', 'sctp'].map((name) => drop(protocol(name), set('source-set', true), excluded))],
  ],
  [
    'beside a protocol that is excluded',
    drop(protocol('tcp', true), excluded),
    [
      drop(...others, protocol('tcp', true)),
      ...['tcp', 'udp', 'sctp'].map((name) => drop(protocol(name), protocol('tcp', true), excluded)),
    ],
  ],
  ['a rule of one protocol stays one', drop(protocol('tcp'), excluded), [drop(protocol('tcp'), excluded)]],
  ['so does one that asks for named ports', drop(set('destination-set', false)), [drop(set('destination-set', false))]],
  ['and one without ports', drop(from), [drop(from)]],
]
for (const [title, rule, expected] of table) t.test(title, async (t) => t.strictSame(splitPortless(rule), expected))
