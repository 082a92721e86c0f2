import t from 'tap'
import { CountedRun } from './counted-run.ts'
import { run } from './process.ts'

t.test('runs, failures and time are counted by program; results are passed on', async (t) => {
  let nowMs = 0
  const counted = new CountedRun(
    async (command, args, options) => {
      nowMs += 250
      return await run(command, args, options)
    },
    () => nowMs,
  )
  const options = { timeoutMs: 60_000 }
  t.strictSame(await counted.run('sh', ['-c', 'echo out'], options), { exitCode: 0, stdout: 'out\n', stderr: '' })
  await counted.run('true', [], options)
  t.match(await counted.run('sh', ['-c', 'exit 3'], options), { exitCode: 3 })
  t.match(await counted.run('tortie-is-no-such-program', [], options), { exitCode: 127 })
  t.strictSame(counted.uses, [
    { command: 'sh', runs: 2, failed: 1, seconds: 0.5 },
    { command: 'true', runs: 1, failed: 0, seconds: 0.25 },
    { command: 'tortie-is-no-such-program', runs: 1, failed: 1, seconds: 0.25 },
  ])
})

t.test('of programs that run at once, the time in which any of them ran counts once', async (t) => {
  let nowMs = 0
  const ends: (() => void)[] = []
  const counted = new CountedRun(
    () => new Promise((resolve) => ends.push(() => resolve({ exitCode: 0, stdout: '', stderr: '' }))),
    () => nowMs,
  )
  const end = async (run: Promise<unknown>, atMs: number) => {
    nowMs = atMs
    ends.shift()?.()
    await run
  }
  const options = { timeoutMs: 60_000 }
  const first = counted.run('a', [], options)
  nowMs = 100
  const second = counted.run('b', [], options)
  await end(first, 300)
  t.equal(counted.busySeconds, 0, 'the second runs still')
  await end(second, 500)
  nowMs = 1_000
  await end(counted.run('a', [], options), 1_250)
  t.equal(counted.busySeconds, 0.75)
  t.strictSame(counted.uses, [
    { command: 'a', runs: 2, failed: 0, seconds: 0.55 },
    { command: 'b', runs: 1, failed: 0, seconds: 0.4 },
  ])
})
