import t from 'tap'
import type { Match, Rule } from '../kernel.ts'
import { guardExclusions, isGuarded, READABLE } from './unreadable-packets.ts'

const drop = (...match: readonly Match[]): Rule => ({ match, action: { type: 'drop' } })
const guard: Rule = { match: [], action: { type: 'jump', chain: READABLE } }
const tcp: Match = { type: 'protocol', protocol: 'tcp' }
const ports = [{ from: 80, to: 80 }] as const
const first = drop({ type: 'source-net', net: '10.0.0.0/8' as never, negated: true })

const excluding: readonly (readonly [what: string, match: Match])[] = [
  ['a protocol', { ...tcp, negated: true }],
  ['source ports', { type: 'source-ports', ports, negated: true }],
  ['destination ports', { type: 'destination-ports', ports, negated: true }],
  ['named source ports', { type: 'source-set', set: 'tort4p:a', withPort: true, negated: true }],
  ['named destination ports', { type: 'destination-set', set: 'tort4p:a', withPort: true, negated: true }],
  ['a type of ICMP', { type: 'icmp', icmpType: 8, negated: true }],
]
for (const [what, match] of excluding) {
  t.test(`what cannot be read is dropped before the first rule that excludes ${what}, once a chain`, async (t) => {
    const rules = [first, drop(tcp, match), drop(match)]
    t.strictSame(guardExclusions(rules), [first, guard, drop(tcp, match), drop(match)])
    t.strictSame([isGuarded(rules), isGuarded(guardExclusions(rules))], [false, true])
  })
}

t.test('a rule that asks for what is to be there, or excludes addresses, matches by itself nothing that cannot be read', async (t) => {
  const rules = [first, ...excluding.map(([, match]) => drop({ ...match, negated: false } as Match))]
  t.equal(guardExclusions(rules), rules)
  const addresses = [drop({ type: 'source-set', set: 'tort4s:a', negated: true })]
  t.equal(guardExclusions(addresses), addresses)
})
