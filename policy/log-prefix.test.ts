import fc from 'fast-check'
import t from 'tap'
import { type LogSubject, logPrefix } from './log-prefix.ts'

const web: LogSubject = { tier: 'default', kind: 'NetworkPolicy', namespace: 'shop', name: 'web' }
const global: LogSubject = { tier: 'first', kind: 'GlobalNetworkPolicy', namespace: '', name: 'a-policy-with-a-long-name-indeed' }

const table: [template: string, subject: LogSubject, expected: string][] = [
  ['calico-packet', web, 'calico-packet: '],
  ['', web, ': '],
  ['tortie %p %r', web, 'tortie shop/web i3: '],
  ['%n', web, 'web: '],
  ['%t', web, 'default: '],
  ['%k', web, 'NetworkPolicy: '],
  ['100% %x', web, '100% %x: '],
  ['tortie %p %r', global, 'tortie a-policy-with-a-l i3: '],
  ['%t/%n', global, 'first/a-policy-with: '],
  ['a prefix longer than there is room', web, 'a prefix longer than there : '],
]
for (const [template, subject, expected] of table)
  t.test(`§6.13 logPrefix ${JSON.stringify(template)} of ${subject.name}`, async (t) =>
    t.equal(logPrefix(template, subject, 'ingress', 3), expected),
  )

t.test('an egress rule is told from an ingress rule', async (t) => t.equal(logPrefix('%r', web, 'egress', 0), 'e0: '))

t.test('§6.13: never more than the 29 characters of iptables; the rule is whole whatever the names are', async () => {
  const name = fc.string({ unit: fc.constantFrom('a', '-', '.'), maxLength: 253 })
  fc.assert(
    fc.property(fc.constantFrom('%p %r', 'tortie %t %k %n %p %r', 'x%r%n'), name, name, fc.nat(1023), (template, one, other, index) => {
      const prefix = logPrefix(template, { tier: one, kind: 'NetworkPolicy', namespace: other, name: one }, 'egress', index)
      return prefix.length <= 29 && prefix.includes(`e${index}`) && prefix.endsWith(': ')
    }),
  )
})
