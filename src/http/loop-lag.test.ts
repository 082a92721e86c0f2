import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { measureLoopLag } from './loop-lag.ts'

/** Reads until the loop was woken at least once since the last reading: what is late is only known then. */
async function reading(read: ReturnType<typeof measureLoopLag>) {
  for (;;) {
    await pause(250)
    const lag = read()
    if (lag.max > 0) return lag
  }
}

t.test('a loop that is held up is late by as much, one that is idle is not late by the wait itself', async (t) => {
  const read = measureLoopLag()
  t.strictSame(read(), { p50: 0, p99: 0, max: 0 }, 'nothing is known before the first wake')
  await pause(250) // the first wake only says when the second is due
  for (const began = performance.now(); performance.now() - began < 400; );
  const held = await reading(read)
  t.ok(held.max >= 0.25 && held.max < 30, `held up for 0.4 s: ${held.max}`)
  t.ok(held.p50 <= held.p99 && held.p99 <= held.max)
})
