import t from 'tap'
import { EventLog } from './event-log.ts'
import { type LogLevel, logTo } from './log.ts'

function setup(level: LogLevel) {
  const events = new EventLog()
  const lines: string[] = []
  const { log, setLevel } = logTo({ write: (line) => void lines.push(line) }, level, events)
  log.debug('one')
  log.info({ peer: 'tor1' }, 'two')
  log.error('three')
  return {
    log,
    setLevel,
    lines,
    shown: lines.map((line) => JSON.parse(line).msg),
    kept: events.last(10).map(({ message }) => message),
    events,
  }
}

const table: [level: LogLevel, shown: readonly string[]][] = [
  ['debug', ['one', 'two', 'three']],
  ['info', ['two', 'three']],
  ['error', ['three']],
  ['silent', []],
]
for (const [level, shown] of table)
  t.test(`log.level ${level}: ${shown.length} of three lines are written; events are kept from info on`, async (t) => {
    const log = setup(level)
    t.strictSame([log.shown, log.kept], [shown, ['two', 'three']])
  })

t.test('another level holds from the next line on, in both directions', async (t) => {
  const { log, setLevel, lines, events } = setup('info')
  for (const level of ['debug', 'error', 'info'] as const) {
    setLevel(level)
    log.debug(`debug at ${level}`)
    log.warn(`warn at ${level}`)
  }
  const shown = lines.map((line) => JSON.parse(line).msg)
  t.strictSame(shown.slice(2), ['debug at debug', 'warn at debug', 'warn at info'])
  t.strictSame(
    events.last(3).map(({ message }) => message),
    ['warn at debug', 'warn at error', 'warn at info'],
  )
})

t.test('a line has time, sentence and fields, and nothing else', async (t) => {
  const { lines } = setup('info')
  const { time, ...rest } = JSON.parse(lines[0] ?? '')
  t.strictSame(rest, { level: 30, peer: 'tor1', msg: 'two' })
  t.equal(new Date(time).toISOString(), time)
})

t.test('passwords and tokens are neither written nor kept', async (t) => {
  const { log, lines, events } = setup('info')
  log.info({ password: 's3cret', peers: [{ session: { password: 's3cret' } }], token: 's3cret', header: 'Bearer s3cret' }, 'four')
  t.notMatch(lines.join(''), 's3cret')
  t.notMatch(JSON.stringify(events.last(10)), 's3cret')
  t.match(lines.at(-1), 'four')
})
