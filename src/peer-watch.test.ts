import t from 'tap'
import type { PeerStatus } from '../bgp/peer.ts'
import { peer } from './http/api-fixture.ts'
import { type PeerEvent, watchPeers } from './peer-watch.ts'

function setUp(...first: readonly PeerStatus[]) {
  let peers = first
  const listeners = new Set<() => void>()
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const change = (...now: readonly PeerStatus[]) => {
    peers = now
    for (const listener of listeners) listener()
  }
  const gone = new AbortController()
  const events = watchPeers(() => peers, subscribe, gone.signal)
  const next = async () => {
    const { value, done } = await events.next()
    return done
      ? 'done'
      : (value as readonly PeerEvent[]).map((event) =>
          event.type === 'SYNCED' ? event.type : `${event.type} ${event.object.name} ${event.object.state}`,
        )
  }
  return { change, next, gone, listeners }
}

const down: PeerStatus = { ...peer, state: 'Active', since: '2026-01-02T12:00:01.000Z' }

t.test('all at first, then each whose session is another one', async (t) => {
  const { change, next } = setUp(peer)
  t.strictSame(await next(), ['ADDED tor1 Established', 'SYNCED'])
  change(down, { ...peer, name: 'tor2' })
  t.strictSame(await next(), ['MODIFIED tor1 Active', 'ADDED tor2 Established'])
  change({ ...peer, name: 'tor2' })
  t.strictSame(await next(), ['DELETED tor1 Active'])
})

t.test('counters and timers alone are no change; a slow reader is told the latest state', async (t) => {
  const { change, next } = setUp(peer)
  await next()
  change({ ...peer, messages: { ...peer.messages, sent: 99 }, timers: { ...peer.timers, holdRemainingSec: 1 } })
  change(down)
  change({ ...down, flaps: 2 })
  change({ ...peer, flaps: 3 })
  t.strictSame(await next(), ['MODIFIED tor1 Established'])
})

t.test('it ends with the signal, and listens no more', async (t) => {
  const { next, gone, listeners } = setUp(peer)
  await next()
  const waiting = next()
  t.equal(listeners.size, 1)
  gone.abort()
  t.equal(await waiting, 'done')
  t.equal(listeners.size, 0)
})
