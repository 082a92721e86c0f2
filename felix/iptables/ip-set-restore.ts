import type { Run } from '../../src/os/process.ts'
import { refusalOf } from '../kernel-refusal.ts'
import type { SetChange } from './ip-set-text.ts'

/**
 * Sets that are not as wanted, with the reason.
 *
 * @property broken one of its lines was refused, or it is new and nothing was said about its lines: nobody knows which of them it holds
 * @property unwritten nothing was said about its lines: it may still hold what it held
 */
export type Failures = { readonly broken: ReadonlyMap<string, string>; readonly unwritten: Map<string, string> }

const RESTORE_TIMEOUT_MS = 120_000

/**
 * `ipset restore` is no transaction: it ends at the first line that fails. A set whose line fails is left out and the rest is given
 * again, which does no harm, since every line is one that may be repeated.
 *
 * Where the tool was ended in the middle, or blamed no line, a set that was not there before may be there now with half its members: it
 * is broken.
 *
 * @param isThere whether there is a set of this name already
 * @returns why a set could not be brought there; `isWritten`: the last run did all it was given
 */
export async function restoreSets(
  run: Run,
  changes: readonly SetChange[],
  isThere: (name: string) => boolean,
): Promise<{ readonly failures: Failures; readonly isWritten: boolean }> {
  const broken = new Map<string, string>()
  const unwritten = new Map<string, string>()
  let rest = changes
  while (rest.length > 0) {
    const input = [...rest.flatMap(({ commands }) => commands), ''].join('\n') // at once: it may be some MB
    const result = await run('ipset', ['restore', '-exist'], { input, timeoutMs: RESTORE_TIMEOUT_MS })
    if (result.exitCode === 0) return { failures: { broken, unwritten }, isWritten: true }
    const { reason, line } = refusalOf('ipset', result, input)
    const culprit = rest.find(({ commands }) => line !== undefined && commands.includes(line))
    if (culprit === undefined) {
      for (const { name } of rest) (isThere(name) ? unwritten : broken).set(name, reason)
      break
    }
    broken.set(culprit.name, reason)
    rest = rest.filter((change) => change !== culprit)
  }
  return { failures: { broken, unwritten }, isWritten: false }
}
