import t from 'tap'
import { Deadline } from './deadline.ts'

t.test('expires once per start', async (t) => {
  let count = 0
  await new Promise<void>((resolve) => {
    const deadline = new Deadline(() => {
      count++
      resolve()
    })
    deadline.start(0.01)
    t.equal(deadline.running, true)
  })
  t.equal(count, 1)
})

t.test('a restart while the event loop is busy counts: what had arrived before the expiry is handled first', async (t) => {
  const order: string[] = []
  await new Promise<void>((resolve) => {
    const deadline = new Deadline(() => {
      order.push('expired')
      resolve()
    })
    deadline.start(0.01)
    const busyUntil = performance.now() + 30
    while (performance.now() < busyUntil); // the timer is overdue now, and the "message" below is still unread
    setImmediate(() => {
      order.push('message')
      deadline.restart()
    })
  })
  t.strictSame(order, ['message', 'expired'])
})

t.test('a shorter start counts at once', async (t) => {
  const begun = performance.now()
  await new Promise<void>((resolve) => {
    const deadline = new Deadline(resolve)
    deadline.start(3600)
    deadline.start(0.001)
  })
  t.ok(performance.now() - begun < 60_000)
})

t.test('stop means never, also for a restart', async (t) => {
  const deadline = new Deadline(() => t.fail('expired'))
  deadline.start(0.001)
  deadline.stop()
  deadline.restart()
  await new Promise<void>((resolve) => {
    new Deadline(resolve).start(0.02)
  })
  t.equal(deadline.running, false)
})
