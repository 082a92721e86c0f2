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
  const options = { timeoutMs: 5_000 }
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
