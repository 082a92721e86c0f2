import t from 'tap'
import { Strangers } from './strangers.ts'

t.test('ten thousand strangers cost one line, the next line tells how many there were', async (t) => {
  const lines: object[] = []
  let now = 0
  const note = (fields: object) => void lines.push(fields)
  const log = { debug: note, info: note, error: note, warn: note }
  const strangers = new Strangers(log, () => now, 'refused')
  for (let i = 0; i < 10_000; i++) strangers.note('192.0.2.1')
  now = 10_000
  strangers.note('192.0.2.2')
  t.strictSame(lines, [
    { address: '192.0.2.1', refused: 1 },
    { address: '192.0.2.2', refused: 10_000 },
  ])
})
