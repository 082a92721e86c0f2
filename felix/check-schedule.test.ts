import t from 'tap'
import { CheckSchedule } from './check-schedule.ts'

t.test('nothing is due before something happened', async (t) => {
  const schedule = new CheckSchedule()
  t.equal(schedule.dueAtMs, Number.POSITIVE_INFINITY)
  t.equal(schedule.isDue(1e12), false)
  t.equal(schedule.mayMove(0), true)
})

t.test('after a write checks follow at 50 ms and then after three times the wait before, up to the full check every 90 s', async (t) => {
  const schedule = new CheckSchedule()
  schedule.checked(0, 1)
  schedule.written(0)
  const times: number[] = []
  for (let i = 0; i < 14; i++) {
    times.push(schedule.dueAtMs)
    schedule.checked(schedule.dueAtMs, 1)
  }
  t.strictSame(times, [50, 200, 650, 2000, 6050, 18_200, 54_650, 90_000, 180_000, 270_000, 360_000, 450_000, 540_000, 630_000])
})

t.test('a table that takes long to read is read more rarely', async (t) => {
  const schedule = new CheckSchedule()
  schedule.checked(0, 300)
  t.equal(schedule.dueAtMs, 6_000)
  schedule.checked(6_000, 60_000)
  t.equal(schedule.dueAtMs, 90_000)
  schedule.written(7_000)
  t.equal(schedule.dueAtMs, 12_000, 'but 5 s after a write at the latest')
})

t.test('writes that follow each other do not put off the full check for ever', async (t) => {
  const schedule = new CheckSchedule()
  schedule.checked(0, 1)
  for (let nowMs = 0; nowMs < 89_980; nowMs += 40) schedule.written(nowMs)
  schedule.checked(89_990, 1)
  t.equal(schedule.dueAtMs, 90_040)
})

t.test('the order among others is restored once in 10 s; in between a check is due at their end', async (t) => {
  const schedule = new CheckSchedule()
  schedule.checked(0, 1)
  schedule.written(0)
  schedule.moved(0)
  t.equal(schedule.mayMove(50), false)
  for (const nowMs of [50, 200, 650, 2_000, 6_050]) {
    schedule.checked(nowMs, 1)
    t.equal(schedule.mayMove(nowMs), false)
  }
  t.equal(schedule.dueAtMs, 10_000)
  t.equal(schedule.mayMove(10_000), true)
})

t.test('a suspicion makes a check due at once, but never of a table that rests', async (t) => {
  const schedule = new CheckSchedule()
  schedule.written(0)
  schedule.checked(50, 0)
  schedule.suspect(60)
  t.equal(schedule.dueAtMs, 60)
  schedule.rest()
  schedule.suspect(70)
  t.equal(schedule.dueAtMs, Number.POSITIVE_INFINITY)
})

t.test('five suspicions in a row are looked into at once, then a check has 1/20 of the time: others may write without end', async (t) => {
  const schedule = new CheckSchedule()
  schedule.written(0)
  const times: number[] = []
  for (let i = 0; i < 8; i++) {
    schedule.checked(1_000, 500)
    schedule.suspect(1_000)
    times.push(schedule.dueAtMs)
  }
  t.strictSame(times, [1_000, 1_000, 1_000, 1_000, 11_000, 21_000, 31_000, 41_000])
  schedule.checked(100_000, 500)
  schedule.suspect(100_000)
  t.equal(schedule.dueAtMs, 100_000)
})

t.test('where changes are watched, a write needs no check: only the full one follows, in 1/300 of the time', async (t) => {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.checked(0, 1)
  t.equal(schedule.dueAtMs, 90_000)
  schedule.written(1_000)
  t.equal(schedule.dueAtMs, 90_000)
  schedule.checked(90_000, 1_000)
  t.equal(schedule.dueAtMs, 390_000)
  schedule.suspect(100_000)
  schedule.written(100_001)
  t.equal(schedule.dueAtMs, 100_000, 'a suspicion outlives our write')
})

t.test('a suspicion that comes while the table is read is looked into after it', async (t) => {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.checked(0, 1)
  schedule.suspect(1_050)
  schedule.checked(1_100, 100)
  t.equal(schedule.dueAtMs, 1_100)
  schedule.checked(1_200, 10)
  t.equal(schedule.dueAtMs, 91_200)
})

t.test('refusals are tried again after 100 ms, doubling up to 30 s; a success begins anew', async (t) => {
  const schedule = new CheckSchedule()
  const delays = Array.from({ length: 11 }, () => {
    schedule.refused(1_000)
    return schedule.dueAtMs - 1_000
  })
  t.strictSame(delays, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000])
  t.equal(schedule.isWaiting(30_999), true)
  t.equal(schedule.isWaiting(31_000), false)
  schedule.succeeded()
  t.equal(schedule.dueAtMs, Number.POSITIVE_INFINITY)
  schedule.refused(0)
  t.equal(schedule.dueAtMs, 100)
})

t.test('at rest nothing is due', async (t) => {
  const schedule = new CheckSchedule()
  schedule.written(0)
  schedule.refused(0)
  schedule.rest()
  t.equal(schedule.dueAtMs, Number.POSITIVE_INFINITY)
})

t.test('the full check comes as often as is said; at once when it is said anew, but never of a table that rests', async (t) => {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.fullCheckMs = 2_000
  t.equal(schedule.dueAtMs, Number.POSITIVE_INFINITY)
  schedule.checked(0, 30)
  t.equal(schedule.dueAtMs, 2_000)
  schedule.fullCheckMs = 2_000
  t.equal(schedule.dueAtMs, 2_000)
  schedule.fullCheckMs = 10_000
  t.equal(schedule.isDue(0), true)
  schedule.checked(1_000, 600)
  t.equal(schedule.dueAtMs, 21_000)
})

t.test('a check is routine where changes are watched and nobody suspects anything or waits for a retry', async (t) => {
  const schedule = new CheckSchedule()
  schedule.checked(0, 1)
  t.equal(schedule.isRoutine(90_000), false, 'nobody watches')
  schedule.isWatched = true
  schedule.checked(0, 1)
  t.strictSame([schedule.isRoutine(89_999), schedule.isRoutine(90_000)], [false, true])
  schedule.suspect(90_000)
  t.equal(schedule.isRoutine(90_000), false)
  schedule.checked(90_002, 1)
  t.equal(schedule.isRoutine(180_002), true)
  schedule.refused(180_002)
  t.equal(schedule.isRoutine(180_200), false)
})

t.test('a check that is to restore the order among others is no routine', async (t) => {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.moved(0)
  schedule.checked(1_000, 1)
  t.equal(schedule.mayMove(1_000), false)
  t.strictSame([schedule.dueAtMs, schedule.isDue(10_000), schedule.isRoutine(10_000)], [10_000, true, false])
  schedule.checked(10_000, 1)
  t.equal(schedule.mayMove(10_000), true)
  t.strictSame([schedule.dueAtMs, schedule.isRoutine(100_000)], [100_000, true])
})

t.test('a table at rest has nothing to be checked beside others that are', async (t) => {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  t.equal(schedule.isQuiet, false)
  schedule.checked(0, 1)
  t.equal(schedule.isQuiet, true)
  schedule.rest()
  t.equal(schedule.isQuiet, false)
})

t.test('a routine check that has begun is not due again; what it is ended by says when the next one is', async (t) => {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.checked(0, 1)
  schedule.begun(90_000)
  t.equal(schedule.dueAtMs, 180_000)
  schedule.checked(90_300, 300)
  t.equal(schedule.dueAtMs, 180_300)
  schedule.begun(180_300)
  schedule.suspect(180_500)
  t.strictSame([schedule.dueAtMs, schedule.isRoutine(180_500)], [180_500, false])
})
