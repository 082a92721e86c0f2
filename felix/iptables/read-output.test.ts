import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { run } from '../../src/os/process.ts'
import { readOutput } from './read-output.ts'

const octets = 1_000_000
const ignored = () => undefined
const never = new AbortController().signal

t.test('a turn of the event loop lies between any two parts, so that whatever came meanwhile goes before the next one', async (t) => {
  let turn = 0
  let isOver = false
  const turning = (async () => {
    for (; !isOver; turn++) await nextTurn()
  })()
  const turns: number[] = []
  let read = ''
  const take = (part: string) => {
    turns.push(turn)
    read += part
  }
  t.equal(await readOutput(run, ['head', ['-c', String(octets), '/dev/zero']], take)(never), true)
  isOver = true
  await turning
  t.equal(read.length, octets)
  t.ok(turns.length >= octets / 65_536, `${turns.length} parts`)
  t.equal(new Set(turns).size, turns.length)
})

t.test('a program that fails, one that is not there, and one that is stopped have not said all', async (t) => {
  for (const program of ['false', 'absent-tool']) t.equal(await readOutput(run, [program, []], ignored)(never), false, program)
  const over = new AbortController()
  const reading = readOutput(run, ['sleep', ['60']], ignored)(over.signal)
  over.abort()
  t.equal(await reading, false)
})
