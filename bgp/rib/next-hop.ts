import { type Family, familyOf, type IpAddress } from '../../src/net/address.ts'
import type { LearnedNextHop } from '../peer.ts'
import type { AddressFamily } from '../wire/message.ts'

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
