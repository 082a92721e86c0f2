/** `natOutgoing` of IPPools: what leaves the pools has the node's address (resource reference §6.8). */
import type { Chain, Hook, IpSet, KernelState, Rule } from '../felix/kernel.ts'
import type { IpPool } from '../src/model/ip-pool.ts'
import { type Family, familyOf } from '../src/net/address.ts'
import { hashNet } from './hash-net.ts'

const chainName = 'tort-nat-outgoing'
const families: readonly Family[] = [4, 6]

/**
 * Packets from a pool with `natOutgoing` to an address outside all pools are masqueraded: nobody out there knows the way back to a pod.
 * Between pools nothing is changed, so that policy sees who sends; a disabled pool goes on as before.
 */
export function natOutgoing(pools: readonly IpPool[]): Pick<KernelState, 'chains' | 'hooks' | 'ipSets'> {
  const plans = families.flatMap((family) => planOf(family, pools))
  return {
    chains: plans.map(({ chain }) => chain),
    hooks: plans.map(({ hook }) => hook),
    ipSets: plans.flatMap(({ ipSets }) => ipSets),
  }
}

type FamilyPlan = { readonly chain: Chain; readonly hook: Hook; readonly ipSets: readonly IpSet[] }

function planOf(family: Family, pools: readonly IpPool[]): FamilyPlan[] {
  const own = pools.filter(({ spec }) => familyOf(spec.cidr) === family)
  const masked = own.filter(({ spec }) => spec.natOutgoing)
  if (masked.length === 0) return []
  const [all, from] = [`tort${family}i:pools`, `tort${family}i:nat`]
  const rule: Rule = {
    match: [
      { type: 'source-set', set: from },
      { type: 'destination-set', set: all, negated: true },
    ],
    action: { type: 'masquerade' },
    comment: 'natOutgoing: from a pool to outside all pools',
  }
  return [
    {
      chain: { family, table: 'nat', name: chainName, rules: [rule] },
      hook: {
        family,
        table: 'nat',
        kernelChain: 'POSTROUTING',
        at: 'insert',
        rule: { match: [], action: { type: 'jump', chain: chainName } },
      },
      ipSets: [hashNet(all, family, own.map(cidrOf)), hashNet(from, family, masked.map(cidrOf))],
    },
  ]
}

function cidrOf({ spec }: IpPool): string {
  return spec.cidr
}
