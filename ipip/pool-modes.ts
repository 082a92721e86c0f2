import type { EncapsulationMode } from '../src/model/ip-pool.ts'
import type { IpAddress } from '../src/net/address.ts'
import { ipv4Mask, parseIpv4, readIpv4 } from '../src/net/ipv4.ts'
import { type Cidr, parsePrefix } from '../src/net/prefix.ts'

/** A pool as far as learned routes are concerned. */
export type PoolMode = { readonly cidr: Cidr; readonly ipipMode: EncapsulationMode }

type Range = { readonly network: number; readonly mask: number; readonly length: number; readonly mode: EncapsulationMode }

/** The IP-in-IP mode of a prefix: that of the pool which contains it (INTERFACE §4); Never outside all pools, and for what only overlaps one. */
export class PoolModes {
  /** Equal for equal answers. */
  readonly key: string
  readonly #ranges: readonly Range[]

  /** @param pools of either family, in any order; pools do not overlap, and if they did, the narrowest would count */
  constructor(pools: readonly PoolMode[]) {
    this.#ranges = pools.flatMap(rangeOf).toSorted((a, b) => b.length - a.length || a.network - b.network)
    this.key = JSON.stringify(this.#ranges)
  }

  /** Whether any prefix can have another mode than Never. */
  get tunnelling(): boolean {
    return this.#ranges.some(({ mode }) => mode !== 'Never')
  }

  /** Of an IPv4 prefix. @param network unsigned, host bits zero */
  of(network: number, length: number): EncapsulationMode {
    for (const range of this.#ranges) {
      if (length >= range.length && (network & range.mask) >>> 0 === range.network) return range.mode
    }
    return 'Never'
  }

  /** Whether packets to this address itself would be tunnelled, had the node a route to it. */
  holds(address: IpAddress): boolean {
    const value = parseIpv4(address)
    return value !== undefined && this.of(value, 32) !== 'Never'
  }
}

function rangeOf({ cidr, ipipMode }: PoolMode): Range[] {
  const prefix = parsePrefix(cidr)
  if (prefix?.family !== 4) return []
  const { bytes, length } = prefix
  return [{ network: readIpv4(bytes, 0), mask: ipv4Mask(length), length, mode: ipipMode }]
}
