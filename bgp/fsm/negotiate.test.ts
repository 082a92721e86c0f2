import fc from 'fast-check'
import t from 'tap'
import { BgpError } from '../wire/bgp-error.ts'
import type { Capability, Open } from '../wire/message.ts'
import { negotiate, type Offer, openOf } from './negotiate.ts'
import type { Terms } from './terms.ts'

const offer: Offer = {
  localAs: 64512,
  peerAs: 65002,
  routerId: 0x0a63_0001,
  holdTimeSec: 90,
  families: ['ipv4-unicast', 'ipv6-unicast'],
  restarting: false,
  forwardingPreserved: false,
  restartTimeSec: 120,
}
const ipv4: Capability = { type: 'multiprotocol', afi: 1, safi: 1 }
const ipv6: Capability = { type: 'multiprotocol', afi: 2, safi: 1 }
const open = (changes: Partial<Open> = {}): Open => ({
  type: 'open',
  version: 4,
  myAs: 65002,
  holdTimeSec: 30,
  routerId: 0x0a63_0002,
  capabilities: [ipv4],
  ...changes,
})
const termsOf = (open: Open, changes: Partial<Terms> = {}): Terms => ({
  families: ['ipv4-unicast'],
  remoteRouterId: 0x0a63_0002,
  holdTimeSec: 30,
  keepaliveSec: 10,
  fourOctetAs: false,
  routeRefresh: false,
  enhancedRouteRefresh: false,
  maxMessageLength: 4096,
  capabilities: open.capabilities,
  ...changes,
})
const restart: Capability = {
  type: 'graceful-restart',
  restarting: true,
  notification: false,
  restartTimeSec: 60,
  families: [
    { family: 'ipv4-unicast', forwardingPreserved: true },
    { family: 'ipv6-unicast', forwardingPreserved: true },
    { family: { afi: 25, safi: 70 }, forwardingPreserved: true },
  ],
}

const ipv6NextHops: Capability = { type: 'extended-next-hop', encodings: [{ afi: 1, safi: 1, nextHopAfi: 2 }] }
const role: Offer['role'] = { local: 'customer', strict: true }

const accepted: [title: string, open: Open, changes: Partial<Terms>, offer?: Partial<Offer>][] = [
  ['RFC 4271 §4.2 the smaller hold time counts, §4.4 a third of it is the keepalive interval', open(), {}],
  ['§4.2 our hold time may be the smaller', open({ holdTimeSec: 300 }), { holdTimeSec: 90, keepaliveSec: 30 }],
  ['§4.2 hold time 0 of one side means no keepalives', open({ holdTimeSec: 0 }), { holdTimeSec: 0, keepaliveSec: 0 }],
  ['RFC 4760 §8 without the capability a peer speaks IPv4 unicast', open({ capabilities: [] }), {}],
  [
    'RFC 4760 §8 families that both announced, in our order',
    open({ capabilities: [ipv6, { type: 'multiprotocol', afi: 25, safi: 70 }, ipv4] }),
    { families: ['ipv4-unicast', 'ipv6-unicast'] },
  ],
  [
    'RFC 5492 §3 unknown capabilities are ignored',
    open({ capabilities: [ipv4, { type: 'unknown', code: 73, data: Uint8Array.of(1) }] }),
    {},
  ],
  ['RFC 9234 §4.2 a role that fits ours', open({ capabilities: [ipv4, { type: 'role', value: 0 }] }), {}, { role }],
  [
    'RFC 8950 §4 IPv4 with IPv6 next hops, which both announced',
    open({ capabilities: [ipv4, ipv6NextHops] }),
    { extendedNextHop: true },
    { extendedNextHop: true },
  ],
  ['RFC 8950 §4 what the peer alone announced', open({ capabilities: [ipv4, ipv6NextHops] }), {}],
  ['RFC 8950 §4 what we alone announced', open(), {}, { extendedNextHop: true }],
  [
    'RFC 8950 §4 next hops of another kind',
    open({ capabilities: [ipv4, { type: 'extended-next-hop', encodings: [{ afi: 1, safi: 128, nextHopAfi: 2 }] }] }),
    {},
    { extendedNextHop: true },
  ],
  ['RFC 2918 route refresh', open({ capabilities: [ipv4, { type: 'route-refresh' }] }), { routeRefresh: true }],
  ['RFC 8654 extended messages', open({ capabilities: [ipv4, { type: 'extended-message' }] }), { maxMessageLength: 65535 }],
  [
    'RFC 6793 §4.1 the capability carries an AS number above 65535',
    open({ myAs: 23456, capabilities: [ipv4, { type: 'four-octet-as', asNumber: 4_200_000_000 }] }),
    { fourOctetAs: true },
    { peerAs: 4_200_000_000 },
  ],
  ['RFC 6286 §2.2 an equal BGP Identifier is fine between ASes', open({ routerId: offer.routerId }), { remoteRouterId: offer.routerId }],
  [
    'RFC 4724 §3 restart families are kept as far as they were agreed on',
    open({ capabilities: [ipv4, restart] }),
    {
      gracefulRestart: {
        restarting: true,
        notification: false,
        restartTimeSec: 60,
        families: [{ family: 'ipv4-unicast', forwardingPreserved: true }],
      },
    },
  ],
  [
    'RFC 4724 §3 the last of several restart capabilities counts',
    open({
      capabilities: [ipv4, restart, { type: 'graceful-restart', restarting: false, notification: false, restartTimeSec: 5, families: [] }],
    }),
    { gracefulRestart: { restarting: false, notification: false, restartTimeSec: 5, families: [] } },
  ],
]
for (const [title, message, changes, ours] of accepted) {
  t.test(title, async (t) => t.strictSame(negotiate({ ...offer, ...ours }, message), termsOf(message, changes)))
}

const refused: [title: string, open: Open, expected: [code: number, subcode: number, data: number[]], offer?: Partial<Offer>][] = [
  ['§6.2 another version: 2/1, data is the version we speak', open({ version: 3 }), [2, 1, [0, 4]]],
  ['§6.2 another AS than configured: 2/2', open({ myAs: 65003 }), [2, 2, []]],
  ['RFC 7607 §2 AS 0: 2/2', open({ myAs: 0 }), [2, 2, []]],
  ['RFC 7607 §2 AS 0 in the capability: 2/2', open({ capabilities: [ipv4, { type: 'four-octet-as', asNumber: 0 }] }), [2, 2, []]],
  [
    'RFC 6793 §4.1 the capability counts, not the field: 2/2',
    open({ capabilities: [{ type: 'four-octet-as', asNumber: 65003 }] }),
    [2, 2, []],
  ],
  ['RFC 6286 §2.1 BGP Identifier 0: 2/3', open({ routerId: 0 }), [2, 3, []]],
  ['RFC 6286 §2.2 our own BGP Identifier in our AS: 2/3', open({ myAs: 64512, routerId: offer.routerId }), [2, 3, []], { peerAs: 64512 }],
  ['§6.2 hold time 1: 2/6', open({ holdTimeSec: 1 }), [2, 6, []]],
  ['§6.2 hold time 2: 2/6', open({ holdTimeSec: 2 }), [2, 6, []]],
  ['RFC 9234 §4.2 a role that does not fit ours: 2/11', open({ capabilities: [ipv4, { type: 'role', value: 3 }] }), [2, 11, []], { role }],
  ['RFC 9234 §4.2 strict, and no role: 2/11', open(), [2, 11, []], { role }],
  [
    'RFC 5492 §5 no common family: 2/7, data are the capabilities we miss',
    open({ capabilities: [] }),
    [2, 7, [1, 4, 0, 2, 0, 1]],
    { families: ['ipv6-unicast'] },
  ],
]
for (const [title, message, expected, ours] of refused) {
  t.test(title, async (t) => {
    const result = negotiate({ ...offer, ...ours }, message)
    t.strictSame(result instanceof BgpError && [result.code, result.subcode, [...result.data]], expected)
  })
}

t.test('RFC 6793 §4.2.2 AS_TRANS stands for an AS number that does not fit; the whole OPEN', async (t) => {
  t.strictSame(openOf({ ...offer, localAs: 4_200_000_000, restarting: true, forwardingPreserved: true }), {
    type: 'open',
    version: 4,
    myAs: 23456,
    holdTimeSec: 90,
    routerId: 0x0a63_0001,
    capabilities: [
      ipv4,
      ipv6,
      { type: 'route-refresh' },
      { type: 'extended-message' },
      { type: 'four-octet-as', asNumber: 4_200_000_000 },
      {
        type: 'graceful-restart',
        restarting: true,
        notification: true,
        restartTimeSec: 120,
        families: [
          { family: 'ipv4-unicast', forwardingPreserved: true },
          { family: 'ipv6-unicast', forwardingPreserved: true },
        ],
      },
      { type: 'enhanced-route-refresh' },
    ],
  })
})

t.test('RFC 9234 §4.1 our role is in the OPEN', async (t) => {
  t.strictSame(
    openOf({ ...offer, ...(role && { role }) }).capabilities.filter(({ type }) => type === 'role'),
    [{ type: 'role', value: 3 }],
  )
})

t.test('what one end offers the other accepts, and both reach the same terms', async () => {
  const holdTime = fc.oneof(fc.constant(0), fc.integer({ min: 3, max: 65535 }))
  fc.assert(
    fc.property(holdTime, holdTime, fc.integer({ min: 1, max: 0xffff_ffff }), (a, b, peerAs) => {
      const left: Offer = { ...offer, holdTimeSec: a, peerAs }
      const right: Offer = { ...offer, holdTimeSec: b, localAs: peerAs, peerAs: offer.localAs, routerId: 2, families: ['ipv6-unicast'] }
      const [one, other] = [negotiate(left, openOf(right)), negotiate(right, openOf(left))]
      if (one instanceof BgpError || other instanceof BgpError) return false
      return one.holdTimeSec === other.holdTimeSec && one.families.join() === 'ipv6-unicast' && other.families.join() === 'ipv6-unicast'
    }),
  )
})
