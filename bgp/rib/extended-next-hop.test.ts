import t from 'tap'
import { BgpError } from '../wire/bgp-error.ts'
import { address, announcement, localAs, octets, path, RibLab } from './fixture.ts'

const prefix = '10.1.0.0/16'
const agreed = { extendedNextHop: true, localAddress: address('fd00::1') }
const asPath = path('65001')

t.test('RFC 8950 §3: IPv4 prefixes with an IPv6 next hop are taken, where that was agreed on', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', {}, agreed)
  a.announce([prefix], { nextHop: octets('fd00::2') })
  lab.settle()
  t.strictSame([...lab.best], [[prefix, 'fd00::2']])
  a.withdraw([prefix])
  lab.settle()
  t.strictSame([...lab.best], [])
})

t.test('RFC 8950 §3: of a global and a link-local next hop the global one counts, alone the link-local one does', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', {}, agreed)
  a.announce(['10.1.0.0/16'], { nextHop: Uint8Array.of(...octets('fd00::2'), ...octets('fe80::2')) })
  a.announce(['10.2.0.0/16'], { nextHop: octets('fe80::2') })
  lab.settle()
  t.strictSame(Object.fromEntries(lab.best), { '10.1.0.0/16': 'fd00::2', '10.2.0.0/16': 'fe80::2' })
})

t.test('RFC 7606 §7.11: where it was not agreed on, the length of the next hop is an error', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  const fault = a.receive(announcement([prefix], { asPath, nextHop: octets('fd00::2') }))
  t.ok(fault instanceof BgpError)
  t.match(fault, { code: 3, subcode: 9 })
})

t.test('RFC 8950 §3: our own prefixes and those of others go with our IPv6 address; kept next hops as they came', async (t) => {
  const lab = new RibLab()
  const outside = lab.peer('o', { asNumber: 65002 }, agreed)
  const inside = lab.peer('i', { asNumber: localAs }, agreed)
  const plain = lab.peer('p', { asNumber: localAs })
  lab.originate(['10.9.0.0/16'])
  lab.peer('a', {}, agreed).announce([prefix], { nextHop: octets('fd00::2') })
  lab.peer('b', { asNumber: 65003 }).announce(['10.3.0.0/16'], { nextHop: octets('10.0.0.3') })
  lab.settle()
  t.strictSame(outside.known, {
    '10.9.0.0/16': `path ${localAs}, origin 0, via fd00::1`,
    [prefix]: `path ${localAs} 65001, origin 0, via fd00::1`,
    '10.3.0.0/16': `path ${localAs} 65003, origin 0, via fd00::1`,
  })
  t.strictSame(inside.known, {
    '10.9.0.0/16': 'origin 0, via fd00::1, localPref 100',
    [prefix]: 'path 65001, origin 0, via fd00::2, localPref 100',
    '10.3.0.0/16': 'path 65003, origin 0, via 10.0.0.3, localPref 100',
  })
  t.equal(plain.known[prefix], 'path 65001, origin 0, via 10.0.0.1, localPref 100', 'who cannot take an IPv6 next hop is told ours')
})

t.test('RFC 8950 §3: an import policy changes nothing of that: IPv4 prefixes it made something of are told with a next hop', async (t) => {
  const lab = new RibLab()
  const plain = lab.peer('p', { asNumber: localAs })
  lab.peer('a', {}, agreed).announce([prefix], { nextHop: octets('fd00::2'), communities: [0xffff_0000] })
  lab.settle()
  t.equal(plain.known[prefix], `path 65001, origin 0, via 10.0.0.1, localPref 0, communities ${0xffff_0000}`)
})

t.test('a full message of IPv4 prefixes with IPv6 next hops is no longer than agreed on', async (t) => {
  const lab = new RibLab()
  const b = lab.peer('b', { asNumber: 65002 }, agreed)
  const many = Array.from({ length: 3000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  lab.originate(many)
  lab.settle()
  t.equal(Object.keys(b.known).length, 3000)
  t.ok(Math.max(...b.reader.lengths) > 4090)
})
