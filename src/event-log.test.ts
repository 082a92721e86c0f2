import fc from 'fast-check'
import t from 'tap'
import { EventLog } from './event-log.ts'

const line = (message: string, fields: object = {}) =>
  `${JSON.stringify({ level: 30, time: '2026-01-02T12:00:00.000Z', ...fields, msg: message })}\n`

t.test('a line becomes an event: time, level by name, sentence, fields', async (t) => {
  const log = new EventLog()
  log.add(line('a peer is up', { peer: 'tor1', level: 40 }))
  log.add(line('nothing else'))
  t.strictSame(log.last(10), [
    { time: '2026-01-02T12:00:00.000Z', level: 'warn', message: 'a peer is up', fields: { peer: 'tor1' } },
    { time: '2026-01-02T12:00:00.000Z', level: 'info', message: 'nothing else', fields: {} },
  ])
})

t.test('a line without a sentence, and of a level nobody named, is an event all the same', async (t) => {
  const log = new EventLog()
  log.add('{"level":35,"time":"now","a":1}\n')
  t.strictSame(log.last(1), [{ time: 'now', level: '35', message: '', fields: { a: 1 } }])
})

t.test('the last lines are kept, oldest first, whatever came before', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), fc.array(fc.string()), fc.integer({ min: 1, max: 9 }), (lines, said, limit) => {
      const log = new EventLog({ lines, characters: 1_000 })
      for (const message of said) log.add(line(message))
      t.strictSame(
        log.last(limit).map(({ message }) => message),
        said.slice(-Math.min(lines, limit)),
      )
    }),
    { numRuns: 50 },
  )
})

t.test('a line that is too long keeps its sentence and the names of its fields', async (t) => {
  const log = new EventLog({ lines: 2, characters: 200 })
  log.add(line('a large table', { routes: Array.from({ length: 100 }, (_, i) => i), peer: 'tor1' }))
  t.strictSame(log.last(1), [
    { time: '2026-01-02T12:00:00.000Z', level: 'info', message: 'a large table', fields: { tooLong: 'routes, peer' } },
  ])
})
