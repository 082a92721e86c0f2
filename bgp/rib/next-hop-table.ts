import { type Family, familyOf, formatAddress, type IpAddress } from '../../src/net/address.ts'
import { isLinkLocal, zoned } from '../../src/net/zone.ts'
import type { LearnedNextHop } from '../peer.ts'
import type { AddressFamily } from '../wire/message.ts'
import { RecursiveHops } from './recursive-hops.ts'

/** Of all meanings that next hops ever had. */
let lastMeaning = 0

/** What is asked about an address. */
export type Reach = {
  /** IGP metric of what is reached without the help of routes learned here, directly or through a tunnel. */
  readonly metricOf: (nextHop: IpAddress) => number | undefined
  /** Whether it is on a subnet of this node. */
  readonly isConnected: (nextHop: IpAddress) => boolean
}

/** A next hop that routes have, with what the IGP says about it. */
export class NextHop {
  /** A link-local one with its link (fe80::1%eth0), where that is known. */
  readonly address: IpAddress
  readonly octets: Uint8Array
  /** The same router's link-local address, with its link: its gateway where `address` is on no subnet of this node (RFC 2545 §3). */
  readonly beside: IpAddress | undefined
  /** Sets of attributes that have it. */
  uses = 0
  /** It is on a subnet or link of this node: `gateway` is a neighbour. */
  isConnected = false
  /** `address` or `beside`. */
  gateway: IpAddress
  /** Without learned routes; undefined: not reached so. */
  direct: number | undefined
  /** IGP metric; undefined: unreachable (RFC 4271 §9.1.2.1). */
  metric: number | undefined
  /** As it is handed over: another object, with another number, when it is reached otherwise. */
  learned: LearnedNextHop
  meaning = ++lastMeaning
  /** It as the only one of a route. */
  alone: readonly LearnedNextHop[]
  /** Prefixes with a path that has it, or had, while it is not connected: what depends on how it is resolved. */
  readonly users: Readonly<Record<AddressFamily, Set<number>>> = { 'ipv4-unicast': new Set(), 'ipv6-unicast': new Set() }

  constructor(address: IpAddress, octets: Uint8Array, beside: IpAddress | undefined, reach: Reach) {
    this.address = address
    this.octets = octets
    this.beside = beside
    this.gateway = address
    this.ask(reach)
    this.metric = this.direct
    this.learned = { address, gateways: this.isConnected ? [this.gateway] : [] }
    this.alone = [this.learned]
  }

  ask({ metricOf, isConnected }: Reach): void {
    this.gateway = this.address
    this.direct = metricOf(this.address)
    this.isConnected = this.direct !== undefined && isConnected(this.address)
    if (this.isConnected || this.beside === undefined || !isConnected(this.beside)) return
    this.gateway = this.beside
    this.direct = metricOf(this.beside)
    this.isConnected = this.direct !== undefined
  }

  get family(): Family {
    return familyOf(this.address)
  }

  /** @param resolved over a learned route; undefined: it leads nowhere @returns whether it is reached otherwise now */
  resolve(resolved: { readonly metric: number; readonly gateways: readonly IpAddress[] } | undefined): boolean {
    const gateways = this.isConnected ? [this.gateway] : (resolved?.gateways ?? [])
    const metric = this.direct ?? resolved?.metric
    const isSame = gateways.join() === this.learned.gateways.join()
    if (isSame && metric === this.metric) return false
    this.metric = metric
    if (isSame) return true
    this.learned = { address: this.address, gateways }
    this.alone = [this.learned]
    this.meaning = ++lastMeaning
    return true
  }
}

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
