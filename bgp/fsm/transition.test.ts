import fc from 'fast-check'
import t from 'tap'
import { events } from './fixture.ts'
import { initialState, type State } from './state.ts'
import { transition } from './transition.ts'

const anyEvents = fc.array(fc.constantFrom(...Object.values(events)), { maxLength: 60 })

t.test('§8.2.2 two speakers meet: the whole life of a session', async (t) => {
  const { AutomaticStart, Tcp_CR_Acked, BGPOpen, KeepAliveMsg, UpdateMsg, TcpConnectionFails, IdleHoldTimer_Expires } = events
  const life = [AutomaticStart, Tcp_CR_Acked, BGPOpen, KeepAliveMsg, UpdateMsg, TcpConnectionFails, IdleHoldTimer_Expires]
  let state: State = initialState(false)
  const transcript = life.map((event) => {
    const [next, ...actions] = transition(state, event)
    const line = `${state.name} + ${event.type} -> ${next.name}: ${actions.map((action) => action.type).join(', ')}`
    state = next
    return line
  })
  t.strictSame(transcript, [
    'Idle + AutomaticStart -> Connect: start-connect-retry, connect',
    'Connect + Tcp_CR_Acked -> OpenSent: stop-connect-retry, send-open, start-hold',
    'OpenSent + BGPOpen -> OpenConfirm: send-keepalive, start-keepalive, start-hold',
    'OpenConfirm + KeepAliveMsg -> Established: start-hold, start-send-hold, session-up',
    'Established + UpdateMsg -> Established: start-hold',
    'Established + TcpConnectionFails -> Idle: close, stop-timers, session-down, start-idle-hold',
    'Idle + IdleHoldTimer_Expires -> Connect: start-connect-retry, connect',
  ])
})

t.test('whatever comes, in any order: a session ends as often as it begins, and only Idle follows its end', async () => {
  fc.assert(
    fc.property(anyEvents, (sequence) => {
      let state: State = initialState(false)
      for (const event of sequence) {
        const [next, ...actions] = transition(state, event)
        const ups = actions.filter((action) => action.type === 'session-up').length
        const downs = actions.filter((action) => action.type === 'session-down').length
        if (ups !== Number(next.name === 'Established' && state.name !== 'Established')) return false
        if (downs !== Number(next.name !== 'Established' && state.name === 'Established')) return false
        if (next.connectRetryCounter < 0) return false
        state = next
      }
      return true
    }),
  )
})

t.test('§6.4 a NOTIFICATION is never answered, in no state', async () => {
  fc.assert(
    fc.property(anyEvents, fc.constantFrom(events.NotifMsg, events.NotifMsgVerErr), (sequence, notification) => {
      const state = sequence.reduce<State>((state, event) => transition(state, event)[0], initialState(false))
      const [, ...actions] = transition(state, notification)
      return actions.every((action) => action.type !== 'send-notification')
    }),
  )
})
