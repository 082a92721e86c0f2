/** A program as lists, for those who look at all of it: what explains, and tests. The kernel's writers follow its changes instead. */
import type { Chain, Hook, IpSet, PolicyProgram } from '../felix/kernel.ts'
import { compareText } from './resource-key.ts'

/** @property chains by family, table and name @property ipSets by name */
export type CompiledPolicy = { readonly chains: readonly Chain[]; readonly hooks: readonly Hook[]; readonly ipSets: readonly IpSet[] }

export function compiledPolicy({ chains, hooks, ipSets }: PolicyProgram): CompiledPolicy {
  const tables = Object.values(chains).flatMap((families) => [families[4], families[6]])
  const all = tables.flatMap((table) => [...table.entries()].map(([, chain]) => ({ key: keyOf(chain), chain })))
  return {
    chains: all.toSorted((a, b) => compareText(a.key, b.key)).map(({ chain }) => chain),
    hooks,
    ipSets: [...ipSets.entries()].map(([, set]) => set).toSorted((a, b) => compareText(a.name, b.name)),
  }
}

function keyOf({ family, table, name }: Chain): string {
  return `${family} ${table} ${name}`
}
