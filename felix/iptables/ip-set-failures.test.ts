import t from 'tap'
import { IpSetFailures } from './ip-set-failures.ts'

type Line = { readonly level: 'info' | 'warn'; readonly message: string; readonly failures?: unknown }

function failuresWithLog(): { readonly failures: IpSetFailures; readonly lines: Line[] } {
  const lines: Line[] = []
  const log = {
    info: (message: string) => void lines.push({ level: 'info', message }),
    warn: (details: { failures: unknown }, message: string) => void lines.push({ level: 'warn', message, failures: details.failures }),
  }
  return { failures: new IpSetFailures(log as never), lines }
}

t.test('a set is broken, or not written, or nothing is amiss with it', async (t) => {
  const { failures } = failuresWithLog()
  failures.setBroken('tort4s:a', 'set is full')
  failures.note(
    new Map([
      ['tort4s:a', 'out of memory'],
      ['tort4s:b', 'out of memory'],
    ]),
  )
  t.same(
    ['tort4s:a', 'tort4s:b', 'tort4s:c'].map((name) => failures.statusOf(name)),
    [{ state: 'failed', reason: 'set is full', closed: true }, { state: 'failed', reason: 'out of memory' }, undefined],
  )
  t.same(new Set(failures.names()), new Set(['tort4s:a', 'tort4s:b']))
  t.same([...failures.broken], [['tort4s:a', 'set is full']])
  failures.clearBroken()
  failures.note(new Map())
  t.same([...failures.names()], [])
})

t.test('failures are logged when they begin, when their reasons change and when they are over, and not at every try', async (t) => {
  const { failures, lines } = failuresWithLog()
  failures.note(new Map())
  failures.setBroken('tort4s:a', 'set is full')
  failures.note(new Map())
  failures.note(new Map())
  failures.note(new Map([['tort4s:b', 'out of memory']]))
  failures.setBroken('tort4s:a', undefined)
  failures.note(new Map())
  const message = 'IP sets not programmed; trying again'
  t.same(lines, [
    { level: 'warn', message, failures: { 'tort4s:a': 'set is full' } },
    { level: 'warn', message, failures: { 'tort4s:a': 'set is full', 'tort4s:b': 'out of memory' } },
    { level: 'info', message: 'IP sets are programmed again' },
  ])
})
