import type { IpAddress } from '../../src/net/address.ts'
import type { AddressFamily } from '../wire/message.ts'
import { BestPath, type DecisionOptions } from './best-path.ts'
import type { FamilyTable } from './family-table.ts'
import type { NextHop } from './next-hop.ts'
import type { NextHopTable } from './next-hop-table.ts'
import { localPeer } from './peer-slot.ts'

type Resolved = { readonly metric: number; readonly gateways: readonly IpAddress[] }

const families = ['ipv4-unicast', 'ipv6-unicast'] as const

/**
 * Next hops on no subnet of this node are reached over the learned route that covers them (RFC 4271 §5.1.3, §9.1.2.1): the longest
 * prefix that has a path whose own next hop is on a subnet. A path with a next hop that is itself reached so does not count, therefore
 * nothing ever depends on itself, and the outcome is the same in whatever order routes come.
 */
export class NextHopTracking {
  /** Whether the default route covers next hops too. */
  #viaDefault = false
  readonly #nextHops: NextHopTable
  readonly #tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly #best: BestPath
  readonly #octets = new Uint8Array(16)

  constructor(nextHops: NextHopTable, tables: Readonly<Record<AddressFamily, FamilyTable>>, decision: DecisionOptions) {
    this.#nextHops = nextHops
    this.#tables = tables
    this.#best = new BestPath(decision)
  }

  /** Paths of the prefix are others: next hops inside it may be reached otherwise. Costs nothing where all next hops are on subnets. */
  touched(table: FamilyTable, prefix: number): void {
    const hops = this.#nextHops.recursive[table.prefixes.family]
    if (hops.size === 0) return
    const size = table.prefixes.copyAddress(prefix, this.#octets, 0)
    const inside = hops.inside(this.#octets.subarray(0, size), table.prefixes.lengthOf(prefix))
    for (const nextHop of inside) this.#nextHops.unresolved.add(nextHop)
  }

  setViaDefault(viaDefault: boolean): void {
    if (viaDefault === this.#viaDefault) return
    this.#viaDefault = viaDefault
    for (const family of [4, 6] as const)
      for (const nextHop of this.#nextHops.recursive[family].all()) this.#nextHops.unresolved.add(nextHop)
  }

  /** Resolves what `touched` found; routes with next hops that are reached otherwise now are to be decided and handed over again. */
  resolve(): void {
    const { unresolved } = this.#nextHops
    for (const nextHop of unresolved) if (nextHop.resolve(this.#resolved(nextHop))) this.#tellUsers(nextHop)
    unresolved.clear()
  }

  #resolved(nextHop: NextHop): Resolved | undefined {
    const { octets, family } = nextHop
    const table = this.#tables[family === 4 ? 'ipv4-unicast' : 'ipv6-unicast']
    for (let length = octets.length * 8; length >= (this.#viaDefault ? 0 : 1); length--) {
      const prefix = table.prefixes.find(octets, 0, length)
      if (prefix < 0) continue
      const resolved = this.#over(table, prefix)
      if (resolved !== undefined) return resolved === 'local' ? undefined : resolved
    }
    return undefined
  }

  /** The best of the prefix's paths with a next hop on a subnet, and those that share its traffic. */
  #over(table: FamilyTable, prefix: number): Resolved | 'local' | undefined {
    const best = this.#best
    table.gather(prefix, best)
    for (let i = 0; i < best.count; i++) {
      if (best.peerAt(i).id === localPeer) return 'local' // this node does not send on what it originates
      if (best.setAt(i).nextHop?.isConnected !== true) best.leaveOut(i)
    }
    if (best.decide() === undefined) return undefined
    const gateways = new Set(best.multipath().flatMap((i) => best.setAt(i).nextHop?.gateway ?? []))
    // Behind what is connected, whose metric is 0.
    return { metric: (best.set?.med ?? 0) + 1, gateways: [...gateways].toSorted() }
  }

  #tellUsers(nextHop: NextHop): void {
    for (const family of families) {
      const table = this.#tables[family]
      for (const prefix of nextHop.users[family]) {
        if (!table.prefixes.has(prefix) || !hasPathOver(table, prefix, nextHop)) nextHop.users[family].delete(prefix)
        else table.reachedOtherwise(prefix)
      }
    }
  }
}

function hasPathOver({ paths, attributes }: FamilyTable, prefix: number, nextHop: NextHop): boolean {
  for (let row = paths.firstOfPrefix(prefix); row >= 0; row = paths.nextOfPrefix[row] as number)
    if (attributes.nextHop(paths.set[row] as number) === nextHop) return true
  return false
}
