import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from './address.ts'
import { bareAddress, containsPrefix, formatPrefix, parseCidr, parseInterfaceAddress, parsePrefix } from './prefix.ts'

const canonical: [text: string, expected: string | undefined][] = [
  ['10.1.2.255/9', '10.0.0.0/9'],
  ['10.0.0.1', '10.0.0.1/32'],
  ['255.255.255.255/32', '255.255.255.255/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['FD00:0:0::1', 'fd00::1/128'],
  ['2001:db8::ffff/33', '2001:db8::/33'],
  ['::/0', '::/0'],
  ['10.0.0.0/33', undefined],
  ['10.0.0.0/08', undefined],
  ['10.0.0.0/', undefined],
  ['10.0.0.0/8/8', undefined],
  ['fe80::1%eth0/64', undefined],
  ['::/129', undefined],
  ['web', undefined],
]
for (const [text, expected] of canonical) t.test(`"${text}" is ${expected ?? 'no prefix'}`, async (t) => t.equal(parseCidr(text), expected))

t.test('strict refuses host bits', async (t) => {
  t.equal(parseCidr('10.0.0.5/8', { strict: true }), undefined)
  t.equal(parseCidr('10.0.0.0/8', { strict: true }), '10.0.0.0/8')
})

t.test('an interface address keeps its host bits beside its subnet', async (t) => {
  t.same(parseInterfaceAddress('10.99.0.1/24'), { address: '10.99.0.1', subnet: '10.99.0.0/24', length: 24 })
})

t.test('IPv6 text is canonical (RFC 5952 §4)', async (t) => {
  t.equal(parseAddress('2001:0DB8:0:0:1:0:0:1'), '2001:db8::1:0:0:1')
  t.equal(parseAddress('fe80::1%lo'), undefined)
  t.equal(parseAddress('::ffff:a62:3'), '::ffff:10.98.0.3', '§5')
  t.equal(parseAddress('::FFFF:10.98.0.3'), '::ffff:10.98.0.3', '§5')
})

t.test('every prefix contains itself and all it masks', async () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(32), fc.nat(32), (bytes, a, b) => {
      const inner = parsePrefix(`${[...bytes].join('.')}/${Math.max(a, b)}`)
      const outer = parsePrefix(`${[...bytes].join('.')}/${Math.min(a, b)}`)
      if (inner === undefined || outer === undefined) return false
      return containsPrefix(outer, inner) && parseCidr(formatPrefix(inner)) === formatPrefix(inner)
    }),
  )
})

t.test('families never contain each other', async (t) => {
  const v4 = parsePrefix('0.0.0.0/0')
  const v6 = parsePrefix('::/0')
  if (v4 === undefined || v6 === undefined) return t.fail('unparsable')
  t.notOk(containsPrefix(v4, v6))
})

t.test('an address as hash:ip has it', async (t) => {
  t.strictSame(['10.0.0.1/32', 'fd00::1/128', '10.0.0.0/8', 'fd00::/32', '10.0.0.1,tcp:80'].map(bareAddress), [
    '10.0.0.1',
    'fd00::1',
    '10.0.0.0/8',
    'fd00::/32',
    '10.0.0.1,tcp:80',
  ])
})
