import t from 'tap'
import { run } from '../../src/os/process.ts'
import { OwnPrograms } from './own-programs.ts'

t.test('a process id is ours while the program runs and 10 s longer', async (t) => {
  let nowMs = 0
  let pid = 0
  const programs = new OwnPrograms(run, () => nowMs)
  const onStart = (started: number) => {
    pid = started
    t.equal(programs.has(pid), true)
  }
  await programs.run('true', [], { timeoutMs: 60_000, onStart })
  t.ok(pid > 0)
  nowMs = 10_000
  await programs.run('true', [], { timeoutMs: 60_000 })
  t.equal(programs.has(pid), true)
  nowMs = 10_001
  t.equal(programs.has(pid), false, 'also where none is run meanwhile: somebody else may have it now')
  await programs.run('true', [], { timeoutMs: 60_000 })
  t.equal(programs.has(pid), false)
})

t.test('nobody else is ours; a program that cannot be started has no process id', async (t) => {
  const programs = new OwnPrograms(run, () => 0)
  t.equal((await programs.run('no-such-program', [], { timeoutMs: 60_000 })).exitCode, 127)
  t.equal(programs.has(process.pid), false)
})
