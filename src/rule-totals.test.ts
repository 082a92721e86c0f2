import fc from 'fast-check'
import t from 'tap'
import type { CountedTable } from '../felix/iptables/rule-count-reader.ts'
import type { RuleCount } from '../felix/rule-counts.ts'
import { RuleTotalCounter } from './rule-totals.ts'

const origin = { kind: 'NetworkPolicy', namespace: 'shop', name: 'web', direction: 'ingress' } as const
const originOf = (chain: string) =>
  chain === 'gone'
    ? undefined
    : {
        ...origin,
        name: chain,
        actions: new Map([
          [0, 'Deny'],
          [1, 'Allow'],
        ] as const),
      }

/** A chain whose rule 0 denied and whose rule 1 allowed so many packets. */
const rules = (denied: number, allowed: number, writing = 'first'): readonly RuleCount[] => [
  { packets: denied, octets: denied * 100, hash: '', note: 'rule 0', returns: false },
  { packets: allowed, octets: allowed * 100, hash: '', note: 'rule 1', returns: false },
  { packets: allowed, octets: allowed * 100, hash: writing, note: '', returns: true },
]
const reading = (counted: readonly RuleCount[], family: 4 | 6 = 4, name = 'web'): CountedTable => ({
  family,
  table: 'filter',
  chains: new Map([[name, counted]]),
})
const packets = (counter: RuleTotalCounter) =>
  counter.shown.rules.map(({ name, rule, action, packets }) => `${name} ${rule} ${action} ${packets}`)

const table: [title: string, readings: readonly (readonly CountedTable[])[], expected: readonly string[]][] = [
  ['counters that go on', [[reading(rules(1, 2))], [reading(rules(4, 2))]], ['web 0 Deny 4', 'web 1 Allow 2']],
  ['both families together', [[reading(rules(1, 0)), reading(rules(2, 0), 6)]], ['web 0 Deny 3']],
  ['a chain that was written anew began at zero', [[reading(rules(5, 0))], [reading(rules(6, 0, 'second'))]], ['web 0 Deny 11']],
  ['also where it is the same as before', [[reading(rules(5, 0))], [reading(rules(1, 0))]], ['web 0 Deny 6']],
  ['and where nothing came since', [[reading(rules(5, 0))], [reading(rules(0, 0))], [reading(rules(2, 0))]], ['web 0 Deny 7']],
  ['a chain that is gone is forgotten', [[reading(rules(5, 0))], []], []],
  ['a chain of which nobody knows the policy', [[reading(rules(5, 0), 4, 'gone')]], []],
  ['what met nothing is not shown', [[reading(rules(0, 0))]], []],
]
for (const [title, readings, expected] of table)
  t.test(title, async (t) => {
    const counter = new RuleTotalCounter(10)
    for (const one of readings) counter.take(one, originOf)
    t.strictSame(packets(counter), expected)
  })

t.test('those with the most packets are shown, and how many others there are', async (t) => {
  const counter = new RuleTotalCounter(2)
  counter.take(
    [
      {
        family: 4,
        table: 'filter',
        chains: new Map([
          ['a', rules(1, 9)],
          ['b', rules(5, 2)],
        ]),
      },
    ],
    originOf,
  )
  t.strictSame([packets(counter), counter.shown.leftOut], [['a 1 Allow 9', 'b 0 Deny 5'], 2])
})

t.test('a rule whose action changed is another one', async (t) => {
  const counter = new RuleTotalCounter(10)
  counter.take([reading(rules(3, 0))], originOf)
  counter.take([reading(rules(2, 0, 'second'))], () => ({ ...origin, actions: new Map([[0, 'Allow']]) }))
  t.strictSame(packets(counter), ['web 0 Deny 3', 'web 0 Allow 2'])
})

t.test('totals never fall, and are all that was counted, as long as the last count before each writing was read', async (t) => {
  const step = fc.record({ packets: fc.nat(5), isWritten: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const counter = new RuleTotalCounter(10)
      let [kernel, all, writing] = [0, 0, 0]
      for (const { packets: more, isWritten } of steps) {
        if (isWritten) [kernel, writing] = [0, writing + 1]
        kernel += more
        all += more
        counter.take([reading(rules(kernel, 0, `${writing}`))], originOf)
        t.strictSame(counter.shown.rules[0]?.packets ?? 0, all)
      }
    }),
  )
})
