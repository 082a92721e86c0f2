import t from 'tap'
import { asn } from '../../src/net/asn.ts'
import type { PeerConfig } from '../peer.ts'
import { address, peerConfig } from './fixture.ts'
import { type OwnTerms, offerOf } from './offer.ts'

const own: OwnTerms = { localAs: 65001, routerId: 1, restartTimeSec: 120, restarting: true, forwardingPreserved: true }
const usual = {
  localAs: 65001,
  peerAs: 65002,
  routerId: 1,
  holdTimeSec: 90,
  families: ['ipv4-unicast'],
  addPath: { receive: false, send: false },
  restarting: true,
  forwardingPreserved: true,
  restartTimeSec: 120,
  longLivedStaleSec: 0,
}
const role = { local: 'provider', strict: false } as const

const table: [title: string, changes: Partial<PeerConfig>, expected: object][] = [
  ['what a peer does not say is the speaker’s', {}, usual],
  [
    'its own restart times are offered',
    { restartTimeSec: 0, longLivedStaleSec: 60 },
    { ...usual, restartTimeSec: 0, longLivedStaleSec: 60 },
  ],
  [
    'RFC 7911: told many paths or taken many',
    { addPath: { receive: true, send: 3 } },
    { ...usual, addPath: { receive: true, send: true } },
  ],
  ['RFC 9234 §4.1: a role towards an external peer', { role }, { ...usual, role }],
  ['RFC 9234 §4.1: none inside the AS', { role, asNumber: asn(65001) }, { ...usual, peerAs: 65001 }],
]
const overIpv6 = { address: address('fd99::2'), families: ['ipv4-unicast', 'ipv6-unicast'] } as const
t.test('the name we are shown by is offered to everybody', async (t) => {
  const offer = offerOf(peerConfig({ address: address('127.0.0.2'), port: 179 }), { ...own, hostName: 'node-a' })
  t.strictSame(offer, { ...usual, hostName: 'node-a' })
})

t.test('RFC 8950 IPv6 next hops for IPv4 are offered over IPv6, or where that is asked for', async (t) => {
  const offered = (changes: Partial<PeerConfig>) =>
    offerOf(peerConfig({ address: address('127.0.0.2'), port: 179, ...changes }), own).extendedNextHop
  t.equal(offered(overIpv6), true)
  t.equal(offered({ ...overIpv6, families: ['ipv6-unicast'] }), undefined)
  t.equal(offered({ ...overIpv6, extendedNextHop: false }), undefined)
  t.equal(offered({ extendedNextHop: true }), true)
})

for (const [title, changes, expected] of table)
  t.test(title, async (t) => t.strictSame(offerOf(peerConfig({ address: address('127.0.0.2'), port: 179, ...changes }), own), expected))
