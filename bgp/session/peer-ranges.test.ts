import t from 'tap'
import { asn } from '../../src/net/asn.ts'
import { parseCidr } from '../../src/net/prefix.ts'
import type { PeerRange } from '../peer.ts'
import { address, peerRange } from './fixture.ts'
import { isAmong, PeerRanges, peerFrom } from './peer-ranges.ts'

const range = (name: string, prefix: string): PeerRange => peerRange({ name, prefix: parseCidr(prefix) ?? (prefix as never) })

const ranges = [range('all', '0.0.0.0/0'), range('rack', '10.99.0.0/16'), range('host', '10.99.0.7/32'), range('v6', 'fe80::/10')]

const addresses: [text: string, expected: string | undefined][] = [
  ['10.99.0.7', 'host'],
  ['10.99.0.8', 'rack'],
  ['10.99.255.255', 'rack'],
  ['10.100.0.0', 'all'],
  ['fe80::1', 'v6'],
  ['fd99::1', undefined],
]
for (const [text, expected] of addresses)
  t.test(`${text}: the range with the longest prefix, in any order of them: ${expected ?? 'none'}`, async (t) => {
    for (const order of [ranges, ranges.toReversed()]) t.equal(new PeerRanges(order).at({ address: address(text) })?.name, expected)
  })

t.test('who comes is a peer like a configured one, but never dialled', async (t) => {
  const { template, ...rest } = range('rack', '10.99.0.0/16')
  t.strictSame(peerFrom({ ...rest, template: { ...template, password: 'secret' } }, { address: address('10.99.0.9') }, asn(65001)), {
    ...template,
    password: 'secret',
    name: 'rack-10.99.0.9',
    address: '10.99.0.9',
    asNumber: 23456,
    asNumbers: ['external'],
    port: 179,
    passive: true,
  })
})

const relations: [asNumber: number, asNumbers: PeerRange['asNumbers'], expected: boolean][] = [
  [65001, ['internal'], true],
  [65002, ['internal'], false],
  [65001, ['external'], false],
  [65002, ['external'], true],
  [65002, [asn(65003), asn(65002)], true],
  [65004, [asn(65003), asn(65002)], false],
  [65004, ['internal', asn(65004)], true],
  [0, ['external'], false],
]
for (const [asNumber, asNumbers, expected] of relations)
  t.test(`AS ${asNumber} is ${expected ? '' : 'not '}among ${asNumbers.join(', ')} of AS 65001`, async (t) =>
    t.equal(isAmong(asNumber, asNumbers, 65001), expected),
  )
