import fc from 'fast-check'
import t from 'tap'
import { durationMs } from './duration.ts'

const table: [text: string, expectedMs: number | undefined][] = [
  ['90s', 90_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['500ms', 500],
  ['0s', 0],
  ['2h45m', 9_900_000],
  ['1.0005s', 1_001],
  ['', undefined],
  ['90', undefined],
  ['s', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['1us', undefined],
  ['1.s', undefined],
  ['.5s', undefined],
  ['1d', undefined],
  ['1s ', undefined],
  ['9999999999s', undefined],
]
for (const [text, expectedMs] of table)
  t.test(`"${text}" is ${expectedMs === undefined ? 'no duration' : `${expectedMs} ms`}`, async (t) =>
    t.equal(durationMs(text), expectedMs),
  )

t.test('what is written part by part is read as their sum; noise never throws', async () => {
  const part = fc.integer({ min: 0, max: 1_000_000 })
  fc.assert(
    fc.property(part, part, part, part, (h, m, s, ms) => durationMs(`${h}h${m}m${s}s${ms}ms`) === ((h * 60 + m) * 60 + s) * 1000 + ms),
  )
  fc.assert(fc.property(fc.string(), (text) => [undefined, durationMs(text)].includes(durationMs(text))))
})
