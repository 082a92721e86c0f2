import type { IpSet } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'

/** A set of CIDRs and addresses. `hash:net` whatever it holds: a set cannot change its type when a range comes to it. */
export function hashNet(name: string, family: Family, members: readonly string[]): IpSet {
  const single = family === 4 ? '/32' : '/128'
  const bare = members.map((member) => (member.endsWith(single) ? member.slice(0, -single.length) : member))
  return { name, type: 'hash:net', family, members: new Set(bare.toSorted()) }
}
