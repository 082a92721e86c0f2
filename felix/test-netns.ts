/** For tests only: a network namespace of their own, in which they run programs. Needs root. */
import { type ProcessResult, type Run, run } from '../src/os/process.ts'

export type TestNetns = {
  readonly name: string
  /** Runs a program inside, and counts it. */
  readonly run: Run
  /** How many programs `run` has started. */
  readonly started: () => number
  /** Runs a program inside that must succeed, not counted; gives its output. */
  readonly must: (command: string, args: readonly string[], input?: string) => Promise<string>
  readonly remove: () => Promise<void>
}

let made = 0

const CLONE_NEWNET = 0x4000_0000

/**
 * Moves this process into a fresh network namespace, with its loopback up. It goes away by itself with the process or the next call.
 * Threads that Node has started before stay where they were, so this comes first in a test.
 */
export async function enterNetns(): Promise<void> {
  const { default: koffi } = await import('koffi')
  const unshare = koffi.load(null).func('int unshare(int)')
  if (unshare(CLONE_NEWNET) !== 0) throw new Error('unshare: a network namespace needs root')
  await succeed(run('ip', ['link', 'set', 'lo', 'up'], { timeoutMs: 10_000 }))
}

export async function makeNetns(): Promise<TestNetns> {
  made += 1
  const name = `tortie-felix-${process.pid}-${made}`
  let started = 0
  const inside = (command: string, args: readonly string[]): string[] => ['netns', 'exec', name, command, ...args]
  await succeed(run('ip', ['netns', 'add', name], { timeoutMs: 10_000 }))
  await succeed(run('ip', inside('ip', ['link', 'set', 'lo', 'up']), { timeoutMs: 10_000 }))
  return {
    name,
    run: (command, args, options) => {
      started += 1
      return run('ip', inside(command, args), options)
    },
    started: () => started,
    must: (command, args, input) =>
      succeed(run('ip', inside(command, args), { timeoutMs: 20_000, ...(input === undefined ? {} : { input }) })),
    remove: async () => {
      await run('ip', ['netns', 'del', name], { timeoutMs: 10_000 })
    },
  }
}

async function succeed(running: Promise<ProcessResult>): Promise<string> {
  const { exitCode, stdout, stderr } = await running
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`)
  return stdout
}
