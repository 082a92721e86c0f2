import t, { type Test } from 'tap'
import { terms } from '../fsm/fixture.ts'
import type { DeferralEvent } from '../fsm/restart-deferral.ts'
import type { AddressFamily } from '../wire/message.ts'
import { RestartGate } from './restart-gate.ts'

/** A gate, and what it did to the RIB and to us, in order. */
function gateFor(t: Test, options: { restarting: boolean; restartTimeSec: number }) {
  const done: string[] = []
  const rib = {
    holdDecisions: () => void done.push('hold'),
    releaseDecisions: (family: AddressFamily) => void done.push(`release ${family}`),
  }
  const gate = new RestartGate(options, rib, (_, reason) => void done.push(reason))
  t.teardown(() => gate.stop())
  return { gate, done }
}

const added = (peer: string): DeferralEvent => ({ type: 'peer-added', peer, families: ['ipv4-unicast'] })
const established = (peer: string, restarting = false): DeferralEvent => ({
  type: 'established',
  peer,
  terms: { ...terms, gracefulRestart: { restarting, notification: false, restartTimeSec: 60, families: [] } },
})
const endOfRib = (peer: string): DeferralEvent => ({ type: 'end-of-rib', peer, family: 'ipv4-unicast' })

t.test('without a restart nothing is held', async (t) => {
  const { gate, done } = gateFor(t, { restarting: false, restartTimeSec: 120 })
  gate.handle(added('a'))
  gate.peersKnown()
  await gate.released
  t.strictSame([done, gate.restarting], [[], false])
})

t.test('RFC 4724 §4.1 released when the last peer has finished, once', async (t) => {
  const { gate, done } = gateFor(t, { restarting: true, restartTimeSec: 120 })
  for (const event of [added('a'), added('b')]) gate.handle(event)
  gate.peersKnown()
  for (const event of [established('a'), established('b'), endOfRib('b')]) gate.handle(event)
  t.strictSame([done, gate.restarting], [['hold', 'release ipv6-unicast', 'all peers finished'], true])
  gate.handle(endOfRib('a'))
  await gate.released
  gate.handle(endOfRib('a'))
  gate.peersKnown()
  t.strictSame(
    [done, gate.restarting],
    [['hold', 'release ipv6-unicast', 'all peers finished', 'release ipv4-unicast', 'all peers finished'], false],
  )
})

t.test('no peers yet is not no peers: it waits until they are known', async (t) => {
  const { gate, done } = gateFor(t, { restarting: true, restartTimeSec: 120 })
  gate.handle(added('a'))
  gate.handle({ type: 'peer-removed', peer: 'a' })
  t.strictSame(done, ['hold'])
  gate.peersKnown()
  t.strictSame(done, ['hold', 'release ipv4-unicast', 'all peers finished', 'release ipv6-unicast', 'all peers finished'])
})

t.test('a peer that is made anew with other settings, the only one, does not end the wait', async (t) => {
  const { gate, done } = gateFor(t, { restarting: true, restartTimeSec: 120 })
  gate.handle(added('a'))
  gate.peersKnown()
  done.length = 0
  gate.peersChange()
  gate.handle({ type: 'peer-removed', peer: 'a' })
  gate.handle(added('a'))
  gate.peersKnown()
  t.strictSame([done, gate.restarting], [[], true])
})

t.test('RFC 4724 §4.1 the deferral timer ends the wait', async (t) => {
  const { gate, done } = gateFor(t, { restarting: true, restartTimeSec: 0 })
  gate.handle(added('a'))
  gate.peersKnown()
  await gate.released
  t.strictSame(done, ['hold', 'release ipv6-unicast', 'all peers finished', 'release ipv4-unicast', 'deferral timer'])
})

t.test('RFC 4724 §4.1 peers that restart themselves are waited for only a moment', async (t) => {
  const { gate, done } = gateFor(t, { restarting: true, restartTimeSec: 120 })
  gate.handle(added('a'))
  gate.peersKnown()
  gate.handle(established('a', true))
  t.strictSame(done.splice(0), ['hold', 'release ipv6-unicast', 'all peers finished'])
  await gate.released
  t.strictSame(done, ['release ipv4-unicast', 'only restarting peers are left'])
})

t.test('who is waited for, for which families and how long yet, is there to be shown', async (t) => {
  const { gate } = gateFor(t, { restarting: true, restartTimeSec: 120 })
  gate.handle({ type: 'peer-added', peer: 'a', families: ['ipv4-unicast', 'ipv6-unicast'] })
  gate.handle(added('b'))
  gate.peersKnown()
  gate.handle(established('a'))
  const held = gate.held
  t.strictSame(
    [held?.families, [...(held?.waiting ?? [])]],
    [
      ['ipv4-unicast'],
      [
        ['a', { families: ['ipv4-unicast'], state: 'sending' }],
        ['b', { families: ['ipv4-unicast'], state: 'awaited' }],
      ],
    ],
  )
  t.ok(held !== undefined && held.leftSec > 25 && held.leftSec <= 30)
  for (const peer of ['a', 'b']) gate.handle({ type: 'peer-removed', peer })
  t.equal(gate.held, undefined)
})
