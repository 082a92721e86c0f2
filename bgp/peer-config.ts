/** What can be said of one peer. Values are compared as a whole; what a change of each costs is in `knobs.ts`. */
import type { IpAddress } from '../src/net/address.ts'
import type { Asn } from '../src/net/asn.ts'
import type { Cidr } from '../src/net/prefix.ts'
import type { AddressFamily } from './wire/message.ts'

/** One configured peer (INTERFACE §2). What is required has its default applied already; what is optional says what its absence means. */
export type PeerConfig = {
  readonly name: string
  readonly address: IpAddress
  /** The link of a link-local `address` (fe80::/10), by the interface's name. */
  readonly interface?: string
  /** With `asNumbers`: what the last OPEN said, or any of them before there was one. */
  readonly asNumber: Asn
  /** The AS is what the peer's OPEN says, if it is one of these; internal: our own, external: any other. Absent: `asNumber` alone. */
  readonly asNumbers?: readonly (Asn | 'internal' | 'external')[]
  readonly port: number
  /** Never dial. */
  readonly passive: boolean
  /** Administratively down: no session, Cease/2 with this text, perhaps empty (RFC 9003: at most 255 octets of UTF-8). */
  readonly shutdown?: string
  readonly families: readonly AddressFamily[]
  /** Our end of the session; 'any': the system chooses. Absent: the node's address of the peer's family. */
  readonly sourceAddress?: IpAddress | 'any'
  /** TTL for eBGP peers that are not directly connected, 1..255; absent: 1 on eBGP, system default on iBGP. */
  readonly multihop?: number
  /** GTSM (RFC 5082): at how many hops the peer may be, 1..254. Excludes `multihop`. */
  readonly ttlSecurity?: number
  /** TCP MD5 key (RFC 2385), 1..80 octets. */
  readonly password?: string
  /** 0 or 3..65535, the value we propose (RFC 4271 §4.2). */
  readonly holdTimeSec: number
  /** RFC 4724 restart time offered to this peer, seconds 0..4095; default: the speaker's. */
  readonly restartTimeSec?: number
  /** Long-lived stale time offered to the peer and the most we keep its routes for (RFC 9494), seconds 0..16777215; absent or 0: no LLGR. */
  readonly longLivedStaleSec?: number
  /** BFD beside the session (RFC 5882): the session ends when it goes down. */
  readonly bfd?: BfdTerms

  readonly routeReflectorClient: boolean
  /**
   * The AS this node is towards this peer (RFC 7705): in the OPEN, and in the path before its own unless `replaceAs`. A peer of this AS is
   * internal (§4), every other external.
   */
  readonly localAs?: Asn
  /** With `localAs`: our own AS is left out of the path. */
  readonly replaceAs?: boolean
  /** How many times our own AS may be in a path from this peer; absent: 0. */
  readonly allowLocalAs?: number
  /** eBGP: private AS numbers (RFC 6996) leave the path before ours is prepended. */
  readonly removePrivateAs?: boolean
  /** Absent or true: a path whose first AS is not the peer's is treated as withdrawn (RFC 4271 §6.3). */
  readonly enforceFirstAs?: boolean
  /** Absent or false: a path with an AS_SET is treated as withdrawn (RFC 9774). */
  readonly allowAsSet?: boolean
  /** auto: RFC 4271 §5.1.3 (absent); self: always this node; keep: as received, on eBGP too. */
  readonly nextHop?: 'auto' | 'self' | 'keep'
  /** Packets to what the peer sends with BLACKHOLE are discarded (RFC 7999 §3.3); absent: it is a community as any other. */
  readonly acceptBlackhole?: boolean
  /** RFC 8950: IPv4 prefixes with IPv6 next hops; absent: offered on IPv6 sessions with the family ipv4-unicast. */
  readonly extendedNextHop?: boolean
  /** RFC 7911. @property send how many paths of a prefix the peer is told, 0: add-path is not sent */
  readonly addPath?: { readonly receive: boolean; readonly send: number }
  /** Our role towards the peer (RFC 9234). @property strict the peer must announce its own */
  readonly role?: { readonly local: Role; readonly strict: boolean }

  /** 0: no limit. Above it: Cease/1 (RFC 4486). */
  readonly maxPrefixes: number
  /** At this percentage of `maxPrefixes` a warning is logged, 1..100; absent: 75. */
  readonly maxPrefixesWarnPercent?: number
  /** After Cease/1 the peer is tried again after so many seconds; absent: never by itself, only after a change or a restart of the peer. */
  readonly maxPrefixesRestartSec?: number
  readonly import: 'all' | 'none'
  readonly export: 'local' | 'all' | 'none'
  /** BGPFilters in their order, by name, before `import` and `export` decide. One that does not exist lets nothing through. */
  readonly importFilters?: readonly string[]
  readonly exportFilters?: readonly string[]
}

/**
 * Peers that are not configured one by one: who connects from `prefix` and is of one of the AS numbers is a peer as long as its session,
 * and what is kept for it (RFC 4724), lasts. Nobody of them is dialled. The longest prefix counts; a configured peer counts before any.
 * @property name unique among ranges and peers; a peer is called NAME-ADDRESS
 * @property asNumbers internal: our own; external: any other
 * @property limit how many there may be at once, 1..10000
 */
export type PeerRange = {
  readonly name: string
  readonly prefix: Cidr
  readonly asNumbers: readonly (Asn | 'internal' | 'external')[]
  readonly limit: number
  readonly template: Omit<PeerConfig, 'name' | 'address' | 'interface' | 'asNumber' | 'asNumbers' | 'port' | 'passive'>
}

/** RFC 9234 §4.1: what we are to the peer. */
export type Role = 'provider' | 'customer' | 'peer' | 'rs-server' | 'rs-client'

/** RFC 5880 §6.8; times in milliseconds, at least 10. */
export type BfdTerms = {
  readonly minTxMs: number
  readonly minRxMs: number
  /** 1..255: so many packets may be missed. */
  readonly multiplier: number
  /** RFC 5883; absent: if `multihop` or `ttlSecurity` of the peer is more than one hop. */
  readonly multihop?: boolean
}
