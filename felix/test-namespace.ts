/** For tests only: lets a test file run inside a fresh network namespace of its own, which ends with the process. Needs root. */
import { spawnSync } from 'node:child_process'

const INSIDE = 'TORTIE_TEST_NAMESPACE'

/**
 * Whether this process is the one inside. Outside, the file is run again under `unshare --net` with the same arguments, its output
 * is ours, and its exit code too.
 *
 *   if (isInNamespace()) { t.test(…) }
 */
export function isInNamespace(): boolean {
  if (process.env[INSIDE] !== undefined) return true
  const script = process.argv[1] ?? ''
  // a fresh /sys and /proc/sys are not needed: /proc/sys/net follows the namespace of the process
  const args = ['--net', process.execPath, ...process.execArgv, script, ...process.argv.slice(2)]
  const { status, error } = spawnSync('unshare', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
  if (error !== undefined) throw new Error('cannot enter a network namespace of its own', { cause: error })
  process.exitCode = status ?? 1
  return false
}
