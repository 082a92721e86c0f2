/** What holds for all peers of a speaker and changes while they are up: routes are looked at anew, sessions stay. Compared as a whole. */
import type { Cidr } from '../src/net/prefix.ts'
import type { AddressFamily } from './wire/message.ts'

/** What is absent is not asked for. */
export type SpeakerPolicy = {
  /** Those that the `importFilters` and `exportFilters` of peers name; in the order of names. */
  readonly filters?: readonly RouteFilter[]
  /** What is inside is told to nobody, unless a filter accepts it; host bits are zero. */
  readonly notExported?: readonly Cidr[]
  /** Communities of what is told and lies inside, whoever originates it. */
  readonly advertisements?: readonly PrefixAdvertisement[]
  /** Absent: `defaultMultipath`. */
  readonly multipath?: MultipathOptions
  /** RFC 5004: between equal external paths the one that was the best stays it, whatever its BGP Identifier. Absent: false. */
  readonly preferExisting?: boolean
  /** The default route leads to next hops on no subnet of this node too. Absent: false. */
  readonly resolveViaDefault?: boolean
}

/** ECMP: how many equally good paths share the traffic to a prefix, 1..64, when the best is external or internal. */
export type MultipathOptions = {
  readonly ebgp: number
  readonly ibgp: number
  /** AS paths need only be of equal length; else they must be the same. */
  readonly relaxAsPath: boolean
}

/** As BIRD's `merge paths on`, which Calico sets. */
export const defaultMultipath: MultipathOptions = { ebgp: 16, ibgp: 16, relaxAsPath: true }

/** RFC 1997 as an unsigned 32-bit number, or RFC 8092. */
export type Community = number | readonly [number, number, number]

/** @property cidr host bits are zero */
export type PrefixAdvertisement = { readonly cidr: Cidr; readonly communities: readonly Community[] }

/** Rules by direction and family of the route; the first that matches decides. */
export type RouteFilter = {
  readonly name: string
  readonly import: Readonly<Record<AddressFamily, readonly FilterRule[]>>
  readonly export: Readonly<Record<AddressFamily, readonly FilterRule[]>>
}

/** Matches a route which has all that is said; without any condition every route. */
export type FilterRule = {
  readonly prefix?: PrefixMatch
  /** Among the route's. */
  readonly community?: Community
  /** The path begins with these. */
  readonly asPathPrefix?: readonly number[]
  /** Of the peer that the route is taken from, or sent to. */
  readonly peerType?: 'eBGP' | 'iBGP'
  /** The outgoing interface of the route's next hop; `*` stands for any characters. */
  readonly interface?: string
  /** Only what was learned from a peer. */
  readonly learned?: true
  /** 1..2147483646, the kernel metric that the route's LOCAL_PREF stands for: 2147483647 - LOCAL_PREF. */
  readonly priority?: number
  readonly action: 'accept' | 'reject'
  /** In order, of an accepted route. */
  readonly operations?: readonly FilterOperation[]
}

/**
 * equal: this prefix; in: what is inside or equal; of both only what has `minLength` to `maxLength` bits. not-…: everything else.
 * @property cidr host bits are zero
 */
export type PrefixMatch = {
  readonly cidr: Cidr
  readonly operator: 'equal' | 'not-equal' | 'in' | 'not-in'
  readonly minLength: number
  readonly maxLength: number
}

export type FilterOperation =
  | { readonly type: 'add-community'; readonly community: Community }
  /** The path begins with these afterwards, in this order. 1..10 */
  | { readonly type: 'prepend-as-path'; readonly asNumbers: readonly number[] }
  /** 1..2147483646, as `FilterRule.priority`. */
  | { readonly type: 'set-priority'; readonly priority: number }
