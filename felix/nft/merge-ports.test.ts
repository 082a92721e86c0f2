import t from 'tap'
import type { Match, PortRange, Rule } from '../kernel.ts'
import { mergePortRules } from './merge-ports.ts'

const tcp: Match = { type: 'protocol', protocol: 'tcp' }
const to = (...ports: readonly (readonly [number, number])[]): Match => ({ type: 'destination-ports', ports: ranges(ports) })
const notTo = (...ports: readonly (readonly [number, number])[]): Match => ({ ...to(...ports), negated: true }) as Match
const drop = (...match: readonly Match[]): Rule => ({ match, action: { type: 'drop' }, comment: 'rule 1' })

function ranges(ports: readonly (readonly [number, number])[]): readonly PortRange[] {
  return ports.map(([from, to]) => ({ from, to }))
}

const table: readonly (readonly [title: string, rules: readonly Rule[], expected: readonly Rule[]])[] = [
  ['no rules are none', [], []],
  [
    'rules that differ in their ports only are one, whose ports are disjoint and ascending',
    [drop(tcp, to([9, 9], [20, 30])), drop(tcp, to([1, 2])), drop(tcp, to([25, 40]))],
    [drop(tcp, to([1, 2], [9, 9], [20, 40]))],
  ],
  [
    'what they do, say and match else stays apart',
    [
      drop(tcp, to([1, 1])),
      { ...drop(tcp, to([2, 2])), action: { type: 'accept' } },
      { ...drop(tcp, to([3, 3])), comment: 'rule 2' },
      drop(to([4, 4])),
      drop(tcp, { type: 'source-ports', ports: [{ from: 4, to: 4 }] }),
    ],
    [
      drop(tcp, to([1, 1])),
      { ...drop(tcp, to([2, 2])), action: { type: 'accept' } },
      { ...drop(tcp, to([3, 3])), comment: 'rule 2' },
      drop(to([4, 4])),
      drop(tcp, { type: 'source-ports', ports: [{ from: 4, to: 4 }] }),
    ],
  ],
  [
    'source and destination lists, each in pieces, are put together one after the other',
    [
      drop({ type: 'source-ports', ports: ranges([[1, 1]]) }, to([5, 5])),
      drop({ type: 'source-ports', ports: ranges([[1, 1]]) }, to([7, 7])),
    ],
    [drop({ type: 'source-ports', ports: ranges([[1, 1]]) }, to([5, 5], [7, 7]))],
  ],
  ['excluded ports in several matches are one match', [drop(tcp, notTo([1, 1]), notTo([3, 4]))], [drop(tcp, notTo([1, 1], [3, 4]))]],
  [
    'two rules that each exclude ports are not one: the second lets through what the first did not',
    [drop(tcp, notTo([1, 1])), drop(tcp, notTo([2, 2]))],
    [drop(tcp, notTo([1, 1])), drop(tcp, notTo([2, 2]))],
  ],
  ['equal rules stay two', [drop(tcp), drop(tcp)], [drop(tcp), drop(tcp)]],
]
for (const [title, rules, expected] of table) t.test(title, async (t) => t.strictSame(mergePortRules(rules), expected))
