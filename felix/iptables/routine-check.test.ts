import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { type Run, run } from '../../src/os/process.ts'
import { CheckSchedule } from '../check-schedule.ts'
import { RoutineCheck, type RoutineSubject } from './routine-check.ts'

const startMs = 90_000
const known = '1\n'.repeat(500_000)

/** A schedule whose routine check has begun. */
function begunSchedule(): CheckSchedule {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.checked(0, 1)
  schedule.begun(startMs)
  return schedule
}

/** Runs a check to its end. */
async function check(program: readonly [string, readonly string[]], subjects: readonly RoutineSubject[], take: (part: string) => void) {
  const due: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const noted: Run = (...args) => run(...args).finally(() => setImmediate(resolve))
  const routine = new RoutineCheck(program, { run: noted, nowMs: () => startMs, onDue: () => due.push('due') })
  routine.begin(() => ({ subjects, take }))
  await promise
  return due.length
}

t.test('a turn of the event loop lies between any two parts, so that whatever came meanwhile goes before the next one', async (t) => {
  let turn = 0
  let isOver = false
  const turning = (async () => {
    for (; !isOver; turn++) await nextTurn()
  })()
  const turns: number[] = []
  let read = ''
  const schedule = begunSchedule()
  const take = (part: string) => {
    turns.push(turn)
    read += part
  }
  t.equal(
    await check(['head', ['-c', String(known.length), '/dev/zero']], [{ schedule, isAsKnown: () => read.length === known.length }], take),
    0,
  )
  isOver = true
  await turning
  t.ok(turns.length >= known.length / 65_536, `${turns.length} parts`)
  t.equal(new Set(turns).size, turns.length)
  t.equal(schedule.dueAtMs, startMs + 90_000)
})

t.test('each subject goes its way: as known, not as known, not to be said any more', async (t) => {
  const answers = [true, false, undefined]
  const schedules = answers.map(begunSchedule)
  const subjects = schedules.map((schedule, i) => ({ schedule, isAsKnown: () => answers[i] }))
  for (const schedule of schedules) schedule.begun(startMs + 1)
  t.equal(await check(['true', []], subjects, () => undefined), 1, 'told once')
  t.strictSame(
    schedules.map((schedule) => schedule.dueAtMs),
    [startMs + 90_000, startMs, startMs + 90_001],
  )
})

t.test('what could not be read to its end is suspected, whatever was seen of it', async (t) => {
  for (const program of ['false', 'absent-tool']) {
    const schedule = begunSchedule()
    t.equal(await check([program, []], [{ schedule, isAsKnown: () => true }], () => undefined), 1)
    t.strictSame([schedule.dueAtMs, schedule.isRoutine(startMs)], [startMs, false], program)
  }
})

t.test('one that is under way is not begun again; who stops it waits for its end', async (t) => {
  const schedule = begunSchedule()
  let begun = 0
  const routine = new RoutineCheck(['sleep', ['60']], { run, nowMs: () => startMs, onDue: () => undefined })
  const reading = () => {
    begun += 1
    return { subjects: [{ schedule, isAsKnown: () => true }], take: () => undefined }
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
