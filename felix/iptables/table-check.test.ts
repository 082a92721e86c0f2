import t from 'tap'
import { CheckSchedule } from '../check-schedule.ts'
import { parseSavedTable, type SavedTable } from './chains-text.ts'
import { TableCheck } from './table-check.ts'

const hash = 'aaaaaaaaaaaaaaaa'
const rule = `-m comment --comment "tortie:${hash}" -j DROP`
const text = `:tort-a - [0:0]\n-A tort-a ${rule}\n`
const startMs = 90_000

/** A table that was read once and is due; `see` shows it as it is known. */
function checked() {
  const schedule = new CheckSchedule()
  schedule.isWatched = true
  schedule.checked(0, 1)
  let known: SavedTable | undefined = parseSavedTable(text)
  const check = new TableCheck(schedule, () => known)
  const begin = () => {
    const begun = check.begin(startMs)
    begun?.comparison.onChain('tort-a')
    begun?.comparison.onRule('tort-a', rule)
    return begun
  }
  return { schedule, check, begin, setKnown: (saved: SavedTable | undefined) => (known = saved) }
}

t.test('a check that has begun puts off the next one, and says at its end whether the table is as known', async (t) => {
  const { check, schedule, begin } = checked()
  t.strictSame([check.isDue(startMs - 1), check.isDue(startMs)], [false, true])
  t.equal(begin()?.isAsKnown(), true)
  t.strictSame([check.isDue(startMs), schedule.dueAtMs], [false, 2 * startMs])
  t.equal(check.begin(startMs)?.isAsKnown(), false, 'nothing was shown')
})

t.test('what was read anew meanwhile, or is not known any more, makes it say nothing', async (t) => {
  for (const saved of [parseSavedTable(text), undefined]) {
    const { begin, setKnown } = checked()
    const begun = begin()
    setKnown(saved)
    t.equal(begun?.isAsKnown(), undefined)
  }
})

t.test('it is left to the apply where something is suspected, to be tried again, or not known', async (t) => {
  const suspected = checked()
  suspected.schedule.suspect(startMs)
  const refused = checked()
  refused.schedule.refused(startMs)
  const unknown = checked()
  unknown.setKnown(undefined)
  for (const { check } of [suspected, refused, unknown]) t.strictSame([check.isDue(10 * startMs), check.begin(startMs)], [false, undefined])
})

t.test('what we write before it begins is looked at, what we write meanwhile is not', async (t) => {
  const writes = [{ rewritten: ['tort-a'] }, { removed: ['tort-a'] }, { flushed: ['tort-a'] }]
  for (const change of writes) {
    const { check } = checked()
    check.writing(change)
    const begun = check.begin(startMs)
    t.equal(begun?.isAsKnown(), false)
    check.writing(change)
    t.equal(begun?.isAsKnown(), true)
  }
  const { check, begin } = checked()
  const begun = begin()
  begun?.comparison.onRule('FORWARD', rule)
  t.equal(begun?.isAsKnown(), false)
  check.writing({ hooks: [{ kernelChain: 'FORWARD', removed: [], inserted: [], appended: [] }] })
  t.equal(begun?.isAsKnown(), true)
})

t.test('who writes more than is remembered does not know', async (t) => {
  const { check, begin } = checked()
  const begun = begin()
  for (let n = 0; n < 10_000; n++) check.writing({ rewritten: [`tort-${n}`] })
  t.equal(begun?.isAsKnown(), false)
})
