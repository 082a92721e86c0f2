import fc from 'fast-check'
import t from 'tap'
import type { AddressFamily } from '../wire/message.ts'
import { terms } from './fixture.ts'
import { type DeferralEvent, defer, noPeers, waitingFor } from './restart-deferral.ts'
import type { PeerRestart } from './terms.ts'

const both = ['ipv4-unicast', 'ipv6-unicast'] as const
const gracefulRestart = (restarting: boolean): PeerRestart => ({
  restarting,
  notification: false,
  restartTimeSec: 120,
  families: [{ family: 'ipv4-unicast', forwardingPreserved: true }],
})
const up = (peer: string, restarting = false, families: readonly AddressFamily[] = both): DeferralEvent => ({
  type: 'established',
  peer,
  terms: { ...terms, families, gracefulRestart: gracefulRestart(restarting) },
})
const upWithout = (peer: string): DeferralEvent => ({ type: 'established', peer, terms })
const added = (peer: string, families: readonly AddressFamily[] = both): DeferralEvent => ({ type: 'peer-added', peer, families })
const v4 = (peer: string): DeferralEvent => ({ type: 'end-of-rib', peer, family: 'ipv4-unicast' })
const v6 = (peer: string): DeferralEvent => ({ type: 'end-of-rib', peer, family: 'ipv6-unicast' })

type Answer = ReturnType<typeof waitingFor>
/** The second answer is that of IPv6, where it is another one. */
const table: [title: string, events: DeferralEvent[], ipv4: Answer, ipv6?: Answer][] = [
  ['without peers there is nobody to wait for', [], 'nobody'],
  ['a configured peer that is not there yet is waited for', [added('a')], 'peers'],
  ['of a peer for one family nothing else is expected', [added('a', ['ipv6-unicast'])], 'nobody', 'peers'],
  ['End-of-RIB of every family of a peer settles it', [added('a'), up('a'), v4('a'), v6('a')], 'nobody'],
  ['a family without End-of-RIB holds up no other', [added('a'), up('a'), v4('a')], 'nobody', 'peers'],
  ['a family that was not agreed on is not waited for', [added('a'), up('a', false, ['ipv6-unicast'])], 'nobody', 'peers'],
  ['one peer is missing', [added('a'), added('b'), up('a'), v4('a'), v6('a')], 'peers'],
  ['a peer without the capability is not waited for', [added('a'), upWithout('a')], 'nobody'],
  ['a peer that restarts itself is told apart: it may be waiting for us', [added('a'), up('a', true)], 'restarting-peers'],
  ['others are waited for beside it', [added('a'), added('b'), up('a', true)], 'peers'],
  ['also a peer that restarts itself can be done', [added('a'), up('a', true), v4('a'), v6('a')], 'nobody'],
  ['a peer that is taken away is not waited for', [added('a'), { type: 'peer-removed', peer: 'a' }], 'nobody'],
  [
    'a session lost halfway is waited for again, from the start',
    [added('a'), up('a'), v4('a'), { type: 'lost', peer: 'a' }, up('a'), v6('a')],
    'peers',
    'nobody',
  ],
  ['a peer that is done stays done', [added('a'), up('a'), v4('a'), v6('a'), { type: 'lost', peer: 'a' }, up('a')], 'nobody'],
  ['End-of-RIB of a stranger changes nothing', [added('a'), v4('b')], 'peers'],
]
for (const [title, events, ipv4, ipv6 = ipv4] of table) {
  t.test(`RFC 4724 §4.1 ${title}`, async (t) => {
    const state = events.reduce(defer, noPeers)
    t.strictSame([waitingFor(state, 'ipv4-unicast'), waitingFor(state, 'ipv6-unicast')], [ipv4, ipv6])
  })
}

t.test('what each peer owes is there to be shown', async (t) => {
  const state = [added('a'), added('b'), added('c'), up('b'), v4('b'), up('c', true)].reduce(defer, noPeers)
  t.strictSame(
    [...state.waiting],
    [
      ['a', { families: both, state: 'awaited' }],
      ['b', { families: ['ipv6-unicast'], state: 'sending' }],
      ['c', { families: both, state: 'restarting' }],
    ],
  )
})

t.test('the order in which peers finish does not matter', async () => {
  const start = [added('a'), added('b'), up('a'), up('b')].reduce(defer, noPeers)
  fc.assert(
    fc.property(fc.shuffledSubarray([v4('a'), v6('a'), v4('b'), v6('b')], { minLength: 4 }), (events) => {
      const left = (family: AddressFamily, i: number) =>
        events.slice(i + 1).some((event) => event.type === 'end-of-rib' && event.family === family)
      return events.every((_, i) => {
        const state = events.slice(0, i + 1).reduce(defer, start)
        return both.every((family) => waitingFor(state, family) === (left(family, i) ? 'peers' : 'nobody'))
      })
    }),
  )
})
