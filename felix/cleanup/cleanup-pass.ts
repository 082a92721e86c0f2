import { setTimeout as sleep } from 'node:timers/promises'

export type CleanupCounts = {
  readonly routes: number
  readonly tunnelAddresses: number
  readonly chains: number
  readonly hooks: number
  readonly ipSets: number
  /** Of nf_tables itself, with all that was in them. */
  readonly nftTables: number
}

/** What one pass over one kind found: how much was there before it, and what could not be told or taken away. */
export type CleanupPass = { readonly found: Partial<CleanupCounts>; readonly problems: readonly string[] }

const PASSES = 5
const FIRST_WAIT_MS = 50

/**
 * Repeats a pass until nothing is there any more, or several times within some seconds.
 * @returns how much went, and why the rest did not. Never rejects: what a pass throws is such a reason
 */
export async function untilGone(
  pass: () => Promise<CleanupPass>,
): Promise<{ readonly removed: Partial<CleanupCounts>; readonly left: readonly string[] }> {
  let first: CleanupPass | undefined
  let last: CleanupPass = { found: {}, problems: [] }
  for (let n = 0; n < PASSES; n++) {
    last = await attempt(pass, last)
    first ??= last
    if (last.problems.length === 0 && total(last.found) === 0) break
    // the kernel frees some things a little later than it says
    if (n > 0 && n < PASSES - 1) await sleep(FIRST_WAIT_MS * 2 ** n)
  }
  return { removed: difference(first?.found ?? {}, last.found), left: reasons(last) }
}

async function attempt(pass: () => Promise<CleanupPass>, before: CleanupPass): Promise<CleanupPass> {
  try {
    return await pass()
  } catch (error) {
    return { found: before.found, problems: [error instanceof Error ? error.message : String(error)] }
  }
}

/** A pass tells what was there before it, so the last one should have found nothing. */
function reasons({ found, problems }: CleanupPass): readonly string[] {
  if (problems.length > 0 || total(found) === 0) return [...new Set(problems)]
  const kinds = Object.entries(found).filter(([, count]) => count > 0)
  return kinds.map(([kind, count]) => `${count} ${kind} came back as often as they were removed: does another agent run?`)
}

function total(found: Partial<CleanupCounts>): number {
  return Object.values(found).reduce((sum, count) => sum + count, 0)
}

function difference(first: Partial<CleanupCounts>, last: Partial<CleanupCounts>): Partial<CleanupCounts> {
  const left = new Map(Object.entries(last))
  return Object.fromEntries(Object.entries(first).map(([kind, count]) => [kind, Math.max(0, count - (left.get(kind) ?? 0))]))
}
