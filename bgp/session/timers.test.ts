import t from 'tap'
import type { Event } from '../fsm/event.ts'
import { type TimerAction, Timers } from './timers.ts'

const soon = 0.01
const table: [action: TimerAction, expected: Event['type']][] = [
  [{ type: 'start-hold', afterSec: soon }, 'HoldTimer_Expires'],
  [{ type: 'start-keepalive', afterSec: soon }, 'KeepaliveTimer_Expires'],
  [{ type: 'start-send-hold', afterSec: soon }, 'SendHoldTimer_Expires'],
  [{ type: 'start-idle-hold', attempt: 1 }, 'IdleHoldTimer_Expires'],
]
for (const [action, expected] of table) {
  t.test(`RFC 4271 §8.1.3 ${action.type} ends in ${expected}`, async (t) => {
    const event = await new Promise<Event>((resolve) => new Timers(resolve, () => 0).perform(action))
    t.strictSame(event, { type: expected })
  })
}

t.test('the ConnectRetryTimer’s value is there for people', async (t) => {
  const timers = new Timers(
    () => t.fail('expired'),
    () => 0,
  )
  t.strictSame(timers.values, { connectRetrySec: 0 })
  timers.perform({ type: 'start-connect-retry', attempt: 3 })
  t.strictSame(timers.values, { connectRetrySec: 6, connectRetryRemainingSec: 6 }, '8 s, less a quarter of jitter')
  timers.perform({ type: 'stop-connect-retry' })
  t.strictSame(timers.values, { connectRetrySec: 6 })
})

t.test('stopped timers never expire', async (t) => {
  const expired: string[] = []
  await new Promise<void>((resolve) => {
    const timers = new Timers(
      (event) => void expired.push(event.type),
      () => 0,
    )
    for (const [action] of table) timers.perform(action)
    timers.perform({ type: 'start-connect-retry', attempt: 0 })
    timers.perform({ type: 'stop-hold' })
    timers.perform({ type: 'stop-timers' })
    timers.sent()
    new Timers(
      () => resolve(),
      () => 0,
    ).perform({ type: 'start-idle-hold', attempt: 1 })
  })
  t.strictSame(expired, [])
})
