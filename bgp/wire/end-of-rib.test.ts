import t from 'tap'
import { endOfRib, isEndOfRib } from './end-of-rib.ts'
import { attribute, concat, mandatory, message, sample, toHex } from './fixture.ts'
import type { AddressFamily } from './message.ts'
import { emptyMpRanges, locateMp } from './multiprotocol.ts'
import { emptyUpdateRanges, splitUpdate } from './update.ts'

function detect(bytes: Uint8Array): AddressFamily | undefined {
  const update = emptyUpdateRanges()
  const mp = emptyMpRanges()
  const error = splitUpdate(bytes, 19, bytes.length, update) ?? locateMp(bytes, update.attributesStart, update.attributesEnd, mp)
  if (error !== undefined) throw error
  return isEndOfRib(update, mp)
}

const update = (attributes: Uint8Array) => message(2, `0000 ${attributes.length.toString(16).padStart(4, '0')} ${toHex(attributes)}`)
const empty = (afiSafi: string) => attribute(0x80, 15, afiSafi)

t.test('RFC 4724 §2: an empty UPDATE for IPv4', async (t) => t.strictSame(endOfRib('ipv4-unicast'), message(2, '0000 0000')))
t.test('RFC 4724 §2: an empty MP_UNREACH_NLRI for IPv6', async (t) =>
  t.strictSame(endOfRib('ipv6-unicast'), message(2, '0000 0007 900f0003 000201')),
)

const table: [title: string, bytes: Uint8Array, expected: AddressFamily | undefined][] = [
  ['ours for IPv4', endOfRib('ipv4-unicast'), 'ipv4-unicast'],
  ['ours for IPv6', endOfRib('ipv6-unicast'), 'ipv6-unicast'],
  ['with a length of one octet', update(empty('000201')), 'ipv6-unicast'],
  ['IPv4 in MP_UNREACH_NLRI', update(empty('000101')), 'ipv4-unicast'],
  ['a family we do not know', update(empty('001941')), undefined],
  ['with another attribute', update(concat(empty('000201'), attribute(0x40, 1, '00'))), undefined],
  ['behind another attribute', update(concat(mandatory, empty('000201'))), undefined],
  ['attributes alone', update(mandatory), undefined],
  ['MP_REACH_NLRI beside it', update(concat(sample.reach, empty('000201'))), undefined],
  ['with a prefix in it', update(sample.unreach), undefined],
  ['with withdrawn prefixes', message(2, '0001 00 0000'), undefined],
  ['with announced prefixes', message(2, '0000 0000 00'), undefined],
]
for (const [title, bytes, expected] of table)
  t.test(`RFC 4724 §2: ${title}: ${expected ?? 'no End-of-RIB'}`, async (t) => t.equal(detect(bytes), expected))
