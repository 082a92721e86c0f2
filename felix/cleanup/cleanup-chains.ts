import type { Family } from '../../src/net/address.ts'
import { ChainTable, type KernelToolDependencies } from '../iptables/chain-table.ts'
import { parseSavedTable, savedTables, unshownTables } from '../iptables/chains-text.ts'
import { type Backend, toolName } from '../iptables/iptables-tool.ts'
import type { TableName } from '../kernel.ts'
import { kernelLacks, notingRefusals, refusalOf } from '../kernel-refusal.ts'
import type { CleanupPass } from './cleanup-pass.ts'

type Place = { readonly family: Family; readonly backend: Backend }
type Own = { readonly table: TableName; readonly chains: number; readonly hooks: number; readonly held: readonly string[] }

const TIMEOUT_MS = 30_000
const places: readonly Place[] = (['nft', 'legacy'] as const).flatMap((backend) => [
  { family: 4, backend },
  { family: 6, backend },
])

/** Removes our chains, and our rules in the kernel's own chains, from all tables of both kinds of iptables. */
export async function removeChains(dependencies: KernelToolDependencies): Promise<CleanupPass> {
  const problems: string[] = []
  let [chains, hooks] = [0, 0]
  for (const place of places) {
    const found = await readOwn(place, dependencies)
    problems.push(...found.problems)
    for (const own of found.tables) {
      chains += own.chains
      hooks += own.hooks
      const where = `${own.table}, IPv${place.family}, ${place.backend}`
      problems.push(...own.held.map((name) => `chain ${name} (${where}): rules of others jump to it`))
      const run = notingRefusals(dependencies.run, (reason) => problems.push(`table ${where}: ${reason}`))
      await new ChainTable({ ...place, table: own.table }, { ...dependencies, run }).apply(true)
    }
  }
  return { found: { chains, hooks }, problems }
}

/** Reads all tables at once, which makes none that is not there. */
async function readOwn({ family, backend }: Place, { run }: KernelToolDependencies): Promise<{ tables: Own[]; problems: string[] }> {
  const command = toolName(family, backend, 'save')
  const result = await run(command, [], { timeoutMs: TIMEOUT_MS })
  // without the program or without the kernel's part nothing of ours can have come there
  if (result.missingPackage !== undefined || kernelLacks(result)) return { tables: [], problems: [] }
  if (result.exitCode !== 0) return { tables: [], problems: [refusalOf(command, result).reason] }
  const problems = unshownTables(result.stdout).map((table) => `table ${table} (IPv${family}) holds rules that only nft can show`)
  const tables = savedTables(result.stdout).map(([table, text]): Own => {
    const { own, others, heldByOthers } = parseSavedTable(text)
    const hooks = [...others.values()].flat().filter((rule) => rule !== undefined).length
    return { table, chains: own.size, hooks, held: [...heldByOthers] }
  })
  return { tables: tables.filter(({ chains, hooks }) => chains + hooks > 0), problems }
}
