import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t from 'tap'
import { isXtablesLockTaken } from './xtables-lock.ts'

t.test('the lock is seen while another process has it, and not taken away by looking', async (t) => {
  const file = join(t.testdir({ 'xtables.lock': '' }), 'xtables.lock')
  t.equal(await isXtablesLockTaken(file), false)
  const holder = spawn('flock', ['-n', file, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => holder.kill())
  await once(holder.stdout, 'data')
  t.strictSame([await isXtablesLockTaken(file), await isXtablesLockTaken(file)], [true, true])
  holder.stdin.end()
  await once(holder, 'exit')
  t.equal(await isXtablesLockTaken(file), false)
})

t.test('where nobody has used it there is no file, and none is made', async (t) => {
  t.equal(await isXtablesLockTaken(join(t.testdir(), 'absent')), false)
})
