import t from 'tap'
import type { Capability, GracefulRestartFamily } from '../wire/message.ts'
import { type RestartOffer, restartCapabilities, restartTerms } from './restart-terms.ts'

const both = ['ipv4-unicast', 'ipv6-unicast'] as const
const offer: RestartOffer = { families: both, restarting: false, forwardingPreserved: true, restartTimeSec: 120 }
const kept = (family: GracefulRestartFamily['family'], forwardingPreserved = true) => ({ family, forwardingPreserved })
const graceful: Extract<Capability, { type: 'graceful-restart' }> = {
  type: 'graceful-restart',
  restarting: true,
  notification: true,
  restartTimeSec: 60,
  families: both.map((family) => kept(family)),
}
const longLived = (staleSec: number, ...families: readonly GracefulRestartFamily[]): Capability => ({
  type: 'long-lived-graceful-restart',
  families: families.map((family) => ({ ...family, staleSec })),
})

const ours: [title: string, offer: RestartOffer, expected: readonly Capability[]][] = [
  [
    'RFC 4724 §3: each family, with what the kernel kept; RFC 8538 §2: the N bit always',
    offer,
    [
      {
        type: 'graceful-restart',
        restarting: false,
        notification: true,
        restartTimeSec: 120,
        families: both.map((family) => kept(family)),
      },
    ],
  ],
  [
    'RFC 4724 §3: the R bit of a restart, F bits zero where nothing was kept',
    { ...offer, restarting: true, forwardingPreserved: false, families: ['ipv4-unicast'] },
    [{ type: 'graceful-restart', restarting: true, notification: true, restartTimeSec: 120, families: [kept('ipv4-unicast', false)] }],
  ],
  [
    'RFC 9494 §3.1: the long-lived stale time of each family',
    { ...offer, longLivedStaleSec: 3600 },
    [
      {
        type: 'graceful-restart',
        restarting: false,
        notification: true,
        restartTimeSec: 120,
        families: both.map((family) => kept(family)),
      },
      longLived(3600, kept('ipv4-unicast'), kept('ipv6-unicast')),
    ],
  ],
]
for (const [title, offer, expected] of ours) t.test(title, async (t) => t.strictSame(restartCapabilities(offer), expected))

const peers = {
  restarting: true,
  notification: true,
  restartTimeSec: 60,
  families: [kept('ipv4-unicast'), kept('ipv6-unicast')],
} as const
const hour = { ...offer, longLivedStaleSec: 3600 }
const theirs: [title: string, capabilities: readonly Capability[], expected: object, offer?: RestartOffer][] = [
  ['RFC 4724 §3: without the capability there are no restarts', [], {}],
  ['RFC 4724 §3: what the peer says of the families agreed on', [graceful], { gracefulRestart: peers }],
  [
    'RFC 4724 §3: a family that was not agreed on says nothing',
    [{ ...graceful, families: [kept({ afi: 25, safi: 70 }), kept('ipv6-unicast', false)] }],
    { gracefulRestart: { ...peers, families: [{ family: 'ipv6-unicast', forwardingPreserved: false }] } },
  ],
  ['RFC 9494 §3.1: the long-lived capability is ignored without the other', [longLived(600, kept('ipv4-unicast'))], {}, hour],
  [
    'RFC 9494 §4.2: the stale time is the peer’s, within our limit',
    [graceful, longLived(600, kept('ipv4-unicast'))],
    { gracefulRestart: peers, longLived: [{ family: 'ipv4-unicast', forwardingPreserved: true, staleSec: 600 }] },
    hour,
  ],
  [
    'input 72: 194 days are capped by our limit',
    [graceful, longLived(0xff_ffff, kept('ipv4-unicast', false), kept({ afi: 1, safi: 4 }))],
    { gracefulRestart: peers, longLived: [{ family: 'ipv4-unicast', forwardingPreserved: false, staleSec: 3600 }] },
    hour,
  ],
  ['RFC 9494: without a limit of ours nothing is long-lived', [graceful, longLived(600, kept('ipv4-unicast'))], { gracefulRestart: peers }],
]
for (const [title, capabilities, expected, said = offer] of theirs)
  t.test(title, async (t) => t.strictSame(restartTerms(said, capabilities, both), expected))

t.test('input 22: a capability sent twice, the last one counts; an entry of it sent twice likewise', async (t) => {
  const later = {
    ...graceful,
    restartTimeSec: 5,
    families: [kept('ipv4-unicast', false), kept('ipv4-unicast', true)],
  }
  t.strictSame(restartTerms(offer, [graceful, later], both).gracefulRestart, {
    ...peers,
    restartTimeSec: 5,
    families: [kept('ipv4-unicast', true)],
  })
})
