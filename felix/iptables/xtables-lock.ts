/** The lock that all programs of legacy iptables share (`/run/xtables.lock`). */
import { closeSync, openSync } from 'node:fs'

const LOCK_EX = 2
const LOCK_NB = 4
const LOCK_UN = 8
const DEFAULT_FILE = '/run/xtables.lock'

type Flock = (fd: number, operation: number) => number

let flock: Flock | undefined | 'absent'

/** Whether another program has the lock now. Where that cannot be told (no file yet, no koffi for this machine): false. */
export async function isXtablesLockTaken(file = DEFAULT_FILE): Promise<boolean> {
  flock ??= await loadFlock()
  if (flock === 'absent') return false
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch {
    return false // nobody has used it since the machine started
  }
  try {
    if (flock(fd, LOCK_EX | LOCK_NB) !== 0) return true
    flock(fd, LOCK_UN)
    return false
  } finally {
    closeSync(fd)
  }
}

async function loadFlock(): Promise<Flock | 'absent'> {
  try {
    const { default: koffi } = await import('koffi')
    return koffi.load(null).func('int flock(int, int)')
  } catch {
    return 'absent' // it is only counted; openKernel has told that koffi does not load
  }
}
