import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Run } from '../../src/os/process.ts'

const TIMEOUT_MS = 30_000

/**
 * What a program prints, of any length, for a check that nothing waits for (felix/routine-check.ts).
 *
 * @param take is given part after part, each after what came meanwhile
 * @returns what reads, and says whether it was all
 */
export function readOutput(
  run: Run,
  program: readonly [command: string, args: readonly string[]],
  take: (part: string) => void,
): (signal: AbortSignal) => Promise<boolean> {
  const onOutput = async (part: string) => {
    take(part)
    await nextTurn()
  }
  return async (signal) => (await run(...program, { timeoutMs: TIMEOUT_MS, signal, onOutput })).exitCode === 0
}
