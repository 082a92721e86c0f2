import { type Family, formatAddress, type IpAddress } from '../../src/net/address.ts'
import { isLinkLocal, zoned } from '../../src/net/zone.ts'
import { NextHop, type Reach } from './next-hop.ts'
import { RecursiveHops } from './recursive-hops.ts'

/** Every next hop in use once, so that equal ones are the same object and the IGP is asked once for each. */
export class NextHopTable {
  readonly #reach: Reach
  readonly #byKey = new Map<string, NextHop>()
  /** Those that are on no subnet of this node. */
  readonly recursive: Readonly<Record<Family, RecursiveHops>> = { 4: new RecursiveHops(), 6: new RecursiveHops() }
  /** Of those the ones that may be reached otherwise now. */
  readonly unresolved = new Set<NextHop>()

  constructor(reach: Reach) {
    this.#reach = reach
  }

  /**
   * @param octets 4, 16 or 32 (RFC 2545 §3: the global address counts where it is on a subnet of this node)
   * @param link of link-local addresses; undefined: they lead nowhere
   */
  acquire(octets: Uint8Array, link?: string): NextHop {
    const address = onLink(octets, 0, link)
    const beside = octets.length === 32 && link !== undefined ? onLink(octets, 16, link) : undefined
    const key = keyOf(address, beside)
    let nextHop = this.#byKey.get(key)
    if (nextHop === undefined) {
      nextHop = new NextHop(address, octets.subarray(0, 16), beside, this.#reach)
      this.#byKey.set(key, nextHop)
      if (!nextHop.isConnected) this.#track(nextHop)
    }
    nextHop.uses++
    return nextHop
  }

  release(nextHop: NextHop): void {
    if (--nextHop.uses > 0) return
    this.#byKey.delete(keyOf(nextHop.address, nextHop.beside))
    this.unresolved.delete(nextHop)
    if (!nextHop.isConnected) this.recursive[nextHop.family].remove(nextHop)
  }

  /** Asks again for all; those on no subnet are to be resolved again. @returns whether any answer is another one now */
  refresh(): boolean {
    let changed = false
    for (const nextHop of this.#byKey.values()) {
      const { isConnected, direct } = nextHop
      nextHop.ask(this.#reach)
      if (isConnected && !nextHop.isConnected) this.#track(nextHop)
      if (!isConnected && nextHop.isConnected) this.recursive[nextHop.family].remove(nextHop)
      if (nextHop.isConnected) this.unresolved.delete(nextHop)
      else this.unresolved.add(nextHop)
      if (direct !== nextHop.direct || isConnected !== nextHop.isConnected) changed = true
      if (nextHop.isConnected && nextHop.resolve(undefined)) changed = true
    }
    return changed
  }

  #track(nextHop: NextHop): void {
    this.recursive[nextHop.family].add(nextHop)
    this.unresolved.add(nextHop)
  }
}

/** The address at `at` as the node knows it: a link-local one is an address only together with its link (RFC 4007 §6). */
function onLink(octets: Uint8Array, at: number, link: string | undefined): IpAddress {
  const address = formatAddress(octets, at, Math.min(octets.length, 16))
  return link !== undefined && isLinkLocal(address) ? (zoned({ address, interface: link }) as IpAddress) : address
}

function keyOf(address: IpAddress, beside: IpAddress | undefined): string {
  return beside === undefined ? address : `${address} ${beside}`
}
