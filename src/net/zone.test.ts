import fc from 'fast-check'
import t from 'tap'
import { parseAddress } from './address.ts'
import { isLinkLocal, parseZoned, zoned } from './zone.ts'

const texts: [title: string, text: string, expected: object | undefined][] = [
  ['an address without a link', '10.99.0.2', { address: '10.99.0.2' }],
  ['RFC 4007 §11 a link-local address with its link', 'FE80::0:1%eth0', { address: 'fe80::1', interface: 'eth0' }],
  ['a link-local address whose link is left open', 'fe80::1', { address: 'fe80::1' }],
  ['the last of fe80::/10', 'febf::1%veth.7@x', { address: 'febf::1', interface: 'veth.7@x' }],
  ['a link with an address that needs none', 'fd99::1%eth0', undefined],
  ['a link with an IPv4 address', '169.254.0.1%eth0', undefined],
  ['an empty link', 'fe80::1%', undefined],
  ['two links', 'fe80::1%eth0%eth1', undefined],
  ['a name longer than the kernel has any', `fe80::1%${'e'.repeat(16)}`, undefined],
  ['a name no interface can have', 'fe80::1%..', undefined],
  ['nothing', '', undefined],
]
for (const [title, text, expected] of texts) t.test(title, async (t) => t.strictSame(parseZoned(text), expected))

t.test('what is written is read again; no text throws', async () => {
  const link = fc.stringMatching(/^[a-z][a-z0-9.@-]{0,14}$/)
  const interfaceId = fc.integer({ min: 1, max: 0xffff })
  fc.assert(
    fc.property(link, interfaceId, (link, id) => {
      const address = parseAddress(`fe80::${id.toString(16)}`)
      return address !== undefined && t.strictSame(parseZoned(zoned({ address, interface: link })), { address, interface: link })
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => parseZoned(text) === undefined || text !== ''))
})

t.test('fe80::/10 is link-local, its neighbours are not', async (t) => {
  const addresses = ['fe7f::', 'fe80::', 'febf::', 'fec0::', '254.128.0.0'].flatMap((text) => parseAddress(text) ?? [])
  t.strictSame(addresses.map(isLinkLocal), [false, true, true, false, false])
})
