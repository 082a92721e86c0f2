import type { KernelToolDependencies } from '../iptables/chain-table.ts'
import { IpSetTable } from '../iptables/ip-set-table.ts'
import { parseSavedSets } from '../iptables/saved-sets.ts'
import { kernelLacks, notingRefusals, refusalOf } from '../kernel-refusal.ts'
import type { CleanupPass } from './cleanup-pass.ts'

const TIMEOUT_MS = 30_000

/** Destroys our IP sets of both families. One that a rule still refers to stays. */
export async function removeIpSets(dependencies: KernelToolDependencies): Promise<CleanupPass> {
  const result = await dependencies.run('ipset', ['save'], { timeoutMs: TIMEOUT_MS })
  if (result.missingPackage !== undefined || kernelLacks(result)) return { found: { ipSets: 0 }, problems: [] }
  if (result.exitCode !== 0) return { found: { ipSets: 0 }, problems: [refusalOf('ipset', result).reason] }
  const names = [...parseSavedSets(result.stdout).keys()]
  if (names.length === 0) return { found: { ipSets: 0 }, problems: [] }
  const problems: string[] = []
  const run = notingRefusals(dependencies.run, (reason) => problems.push(`IP sets: ${reason}`))
  const table = new IpSetTable({ ...dependencies, run })
  await table.apply(true)
  await table.removeUnused()
  return { found: { ipSets: names.length }, problems }
}
