import t from 'tap'
import { CheckSchedule } from './check-schedule.ts'
import { RoutineCheck, type RoutineSubject } from './routine-check.ts'

const startMs = 90_000

/** A schedule whose routine check has begun. */
function begunSchedule(): CheckSchedule {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.checked(0, 1)
  schedule.begun(startMs)
  return schedule
}

/** Runs a check to its end. @returns how often something was said to be due */
async function check(isWhole: boolean, subjects: readonly RoutineSubject[]): Promise<number> {
  let due = 0
  const routine = new RoutineCheck({ nowMs: () => startMs, onDue: () => due++ })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  routine.begin(() => ({ subjects, read: () => promise }))
  resolve(isWhole)
  await routine.stop()
  return due
}

t.test('each subject goes its way: as known, not as known, not to be said any more', async (t) => {
  const answers = [true, false, undefined]
  const schedules = answers.map(begunSchedule)
  const subjects = schedules.map((schedule, i) => ({ schedule, isAsKnown: () => answers[i] }))
  for (const schedule of schedules) schedule.begun(startMs + 1)
  t.equal(await check(true, subjects), 1, 'told once')
  t.strictSame(
    schedules.map((schedule) => schedule.dueAtMs),
    [startMs + 90_000, startMs, startMs + 90_001],
  )
})

t.test('what could not be read to its end is suspected, whatever was seen of it', async (t) => {
  const schedule = begunSchedule()
  t.equal(await check(false, [{ schedule, isAsKnown: () => true }]), 1)
  t.strictSame([schedule.dueAtMs, schedule.isRoutine(startMs)], [startMs, false])
})

t.test('one that is under way is not begun again; who stops it waits for its end', async (t) => {
  const schedule = begunSchedule()
  let begun = 0
  const routine = new RoutineCheck({ nowMs: () => startMs, onDue: () => undefined })
  const reading = () => {
    begun += 1
    const read = (signal: AbortSignal) => new Promise<boolean>((resolve) => signal.addEventListener('abort', () => resolve(false)))
    return { subjects: [{ schedule, isAsKnown: () => true }], read }
  }
  routine.begin(reading)
  routine.begin(reading)
  t.equal(begun, 1)
  await routine.stop()
  t.equal(schedule.dueAtMs, startMs, 'suspected')
  routine.begin(reading)
  t.equal(begun, 2)
  await routine.stop()
})
