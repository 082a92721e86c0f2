import type { Chain, Hook, TableName } from '../kernel.ts'

/** Our table, one in each family; nothing in it is anybody else's. */
export const OWN_TABLE = 'tortie'

/** The tables of iptables are told apart by how chains are named: "filter-tort-FORWARD". */
export function chainName({ table, name }: Pick<Chain, 'table' | 'name'>): string {
  return `${table}-${name}`
}

/** "filter-FORWARD": ours at the kernel's hook, in the place of the kernel chain of iptables. */
export function baseChainName({ table, kernelChain }: Pick<Hook, 'table' | 'kernelChain'>): string {
  return `${table}-${kernelChain}`
}

/** "tort4s-…" for "tort4s:…": `nft` reads no colon in a name. */
export function setName(name: string): string {
  return name.replaceAll(':', '-')
}

export type HookPlace = { readonly type: 'filter' | 'nat' | 'route'; readonly hook: number; readonly priority: number }

const hooks: Readonly<Record<string, number>> = { PREROUTING: 0, INPUT: 1, FORWARD: 2, OUTPUT: 3, POSTROUTING: 4 }
const priorities = { raw: -300, mangle: -150, filter: 0 } as const
const DNAT = -100
const SNAT = 100

/** Where the kernel calls what iptables has in this table and chain (linux/netfilter_ipv4.h). @throws Error for a chain there is not */
export function hookPlace(table: TableName, kernelChain: string): HookPlace {
  const hook = hooks[kernelChain]
  if (hook === undefined) throw new Error(`iptables has no chain ${kernelChain}`)
  if (table === 'nat') return { type: 'nat', hook, priority: kernelChain === 'PREROUTING' || kernelChain === 'OUTPUT' ? DNAT : SNAT }
  // a changed mark makes the kernel look for the route again only in such a chain
  return { type: table === 'mangle' && kernelChain === 'OUTPUT' ? 'route' : 'filter', hook, priority: priorities[table] }
}
