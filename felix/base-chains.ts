import type { Hook, ObjectStatus } from './kernel.ts'

/**
 * Why the jumps out of the kernel's own chains, or the chains they lead to, are not all in the kernel; undefined once they are. A hook and
 * its chain come in one transaction, so what is wanted in that table at the time comes with them.
 *
 * @param unprogrammed by key, as `ChainTable` reports
 */
export function missingBase(hooks: readonly Hook[], unprogrammed: ReadonlyMap<string, ObjectStatus>): string | undefined {
  for (const { family, table, kernelChain, rule } of hooks) {
    const chain = 'chain' in rule.action ? [`chain ${table}/${rule.action.chain} (IPv${family})`] : []
    for (const key of [`hook ${table}/${kernelChain} (IPv${family})`, ...chain]) {
      const status = unprogrammed.get(key)
      if (status !== undefined && status.state !== 'programmed') return `${key}: ${status.reason}`
    }
  }
  return undefined
}
