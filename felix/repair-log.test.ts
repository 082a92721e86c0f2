import t from 'tap'
import { RepairLog } from './repair-log.ts'

type Line = [fields: object, message: string]

function make(): { log: RepairLog; lines: Line[]; at: (second: number) => void } {
  const lines: Line[] = []
  let now = new Date(0)
  const log = new RepairLog({ warn: (fields: object, message: string) => lines.push([fields, message]) } as never, () => now)
  return { log, lines, at: (second) => (now = new Date(second * 1000)) }
}
const message = 'changed by somebody else; repaired'

t.test('each object with how often and when last, the newest first', async (t) => {
  const { log, at } = make()
  log.note(['chain filter/a (IPv4)', 'IP set s'])
  at(1)
  log.note(['chain filter/a (IPv4)'])
  t.equal(log.total, 3)
  t.strictSame(log.last, [
    { object: 'chain filter/a (IPv4)', times: 2, lastAt: '1970-01-01T00:00:01.000Z' },
    { object: 'IP set s', times: 1, lastAt: '1970-01-01T00:00:00.000Z' },
  ])
})

t.test('nothing repaired is no line', async (t) => {
  const { log, lines } = make()
  log.note([])
  t.strictSame([log.total, lines], [0, []])
})

t.test('an object is logged once, and again when a minute has passed; what is new beside it at once', async (t) => {
  const { log, lines, at } = make()
  log.note(['a'])
  at(59)
  log.note(['a', 'b'])
  at(60)
  log.note(['a', 'b'])
  t.strictSame(lines, [
    [{ objects: ['a'] }, message],
    [{ objects: ['b'] }, message],
    [{ objects: ['a'] }, message],
  ])
})

t.test('a flush of all names 20 objects; memory holds 1,000', async (t) => {
  const { log, lines } = make()
  const all = Array.from({ length: 1_500 }, (_, i) => `chain ${i}`)
  log.note(all)
  t.strictSame(lines, [[{ objects: all.slice(0, 20), more: 1_480 }, message]])
  t.equal(log.total, 1_500)
  t.strictSame(
    log.last.map(({ object }) => object),
    all.slice(-20).toReversed(),
  )
  log.note(['chain 499'])
  t.equal(log.last[0]?.times, 1, 'forgotten')
  log.note(['chain 502'])
  t.equal(log.last[0]?.times, 2)
})
