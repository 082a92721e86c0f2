import type { IpSet } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'
import { parseCidr } from '../src/net/prefix.ts'

/**
 * A set of CIDRs and addresses. `hash:net` whatever it holds: a set cannot change its type when a range comes to it.
 * @param members canonical, of the family, hosts with or without their length
 */
export function hashNet(name: string, family: Family, members: readonly string[]): IpSet {
  const cidrs = members.flatMap((member) => parseCidr(member) ?? [])
  return { name, type: 'hash:net', family, members: new Set(cidrs.toSorted()) }
}
