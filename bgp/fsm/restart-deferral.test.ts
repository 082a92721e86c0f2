import fc from 'fast-check'
import t from 'tap'
import { terms } from './fixture.ts'
import { type DeferralEvent, defer, noPeers, waitingFor } from './restart-deferral.ts'

const up = (peer: string, restarting = false): DeferralEvent => ({
  type: 'established',
  peer,
  terms: {
    ...terms,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    gracefulRestart: {
      restarting,
      notification: false,
      restartTimeSec: 120,
      families: [{ family: 'ipv4-unicast', forwardingPreserved: true }],
    },
  },
})
const upWithout = (peer: string): DeferralEvent => ({ type: 'established', peer, terms })
const added = (peer: string): DeferralEvent => ({ type: 'peer-added', peer })
const v4 = (peer: string): DeferralEvent => ({ type: 'end-of-rib', peer, family: 'ipv4-unicast' })
const v6 = (peer: string): DeferralEvent => ({ type: 'end-of-rib', peer, family: 'ipv6-unicast' })

const table: [title: string, events: DeferralEvent[], expected: ReturnType<typeof waitingFor>][] = [
  ['without peers there is nobody to wait for', [], 'nobody'],
  ['a configured peer that is not there yet is waited for', [added('a')], 'peers'],
  ['End-of-RIB of every family of a peer settles it', [added('a'), up('a'), v4('a'), v6('a')], 'nobody'],
  ['one family is missing', [added('a'), up('a'), v4('a')], 'peers'],
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
  ],
  ['a peer that is done stays done', [added('a'), up('a'), v4('a'), v6('a'), { type: 'lost', peer: 'a' }, up('a')], 'nobody'],
  ['End-of-RIB of a stranger changes nothing', [added('a'), v4('b')], 'peers'],
]
for (const [title, events, expected] of table) {
  t.test(`RFC 4724 §4.1 ${title}`, async (t) => t.equal(waitingFor(events.reduce(defer, noPeers)), expected))
}

t.test('the order in which peers finish does not matter', async () => {
  const start = [added('a'), added('b'), up('a'), up('b')].reduce(defer, noPeers)
  fc.assert(
    fc.property(fc.shuffledSubarray([v4('a'), v6('a'), v4('b'), v6('b')], { minLength: 4 }), (events) => {
      const steps = events.map((_, i) => waitingFor(events.slice(0, i + 1).reduce(defer, start)))
      return steps.join() === 'peers,peers,peers,nobody'
    }),
  )
})
