/** What is told to whom, and how it is changed on its way (RFC 4271 §5.1, §9.2, RFC 1997, RFC 4456). Pure. */
import { addressBytes, type IpAddress } from '../../src/net/address.ts'
import type { Role } from '../peer-config.ts'
import { markedOnExport } from '../policy/only-to-customer.ts'
import { outgoingPath } from '../policy/outgoing-path.ts'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import type { AddressFamily } from '../wire/message.ts'
import { isLinkLocal } from '../wire/next-hop.ts'
import type { PathAttributes, UnknownAttribute } from '../wire/path-attributes.ts'
import type { Scope } from './attribute-set.ts'
import type { Outgoing } from './outgoing.ts'
import { localPeer, type PeerSlot } from './peer-slot.ts'
import type { SessionTerms } from './session-terms.ts'

/** What peers must have in common to be sent the same octets. */
export type ExportTerms = {
  readonly family: AddressFamily
  readonly internal: boolean
  readonly export: 'local' | 'all' | 'none'
  readonly routeReflectorClient: boolean
  readonly fourOctetAs: boolean
  readonly maxMessageLength: number
  /** So many paths of a prefix, with path identifiers (RFC 7911); 0: the best alone, without. */
  readonly addPath: number
  /** Peers that know what LLGR_STALE is (RFC 9494): they announced the capability. */
  readonly longLived: boolean
  /** Our end of the session. */
  readonly localAddress: IpAddress
  /** IPv4 in MP_REACH_NLRI, with next hops of either family (RFC 8950). */
  readonly extendedNextHop: boolean
  /** The AS that we are to them. */
  readonly asNumber: number
  /** Our own, where that is another and they see it too, behind the other (RFC 7705 §3.1). */
  readonly behind: number | undefined
  /** Private AS numbers leave the path, but for this one. */
  readonly keptPrivateAs: number | undefined
  readonly nextHop: 'auto' | 'self' | 'keep'
  /** Ours, towards external peers (RFC 9234). */
  readonly role: Role | undefined
  /** BGPFilters by name, in their order. */
  readonly filters: readonly string[]
}

/** Who we are. */
export type ExportOptions = {
  readonly asNumber: number
  readonly routerId: number
  /** Set: we reflect (RFC 4456). */
  readonly clusterId: number | undefined
  readonly localAddress: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }
}

const defaultLocalPref = 100
/** RFC 4360 §2 */
const extendedCommunities = 16
const extendedCommunityLength = 8
const nonTransitive = 0x40

/** @param ownAs this node's, towards whoever has no other */
export function exportTerms(slot: PeerSlot, session: SessionTerms, family: AddressFamily, ownAs: number): ExportTerms {
  const { internal, config } = slot
  const { localAs = ownAs, replaceAs = false, removePrivateAs = false, nextHop = 'auto', role, exportFilters = [] } = config ?? {}
  return {
    family,
    internal,
    export: config?.export ?? 'none',
    routeReflectorClient: config?.routeReflectorClient ?? false,
    fourOctetAs: session.fourOctetAs,
    maxMessageLength: session.maxMessageLength,
    addPath: session.addPathSend?.includes(family) ? (config?.addPath?.send ?? 0) : 0,
    longLived: session.longLived ?? false,
    localAddress: session.localAddress,
    extendedNextHop: family === 'ipv4-unicast' && session.extendedNextHop === true,
    asNumber: localAs,
    behind: internal || localAs === ownAs || replaceAs ? undefined : ownAs,
    keptPrivateAs: !internal && removePrivateAs ? config?.asNumber : undefined,
    nextHop,
    role: internal ? undefined : role?.local,
    filters: exportFilters,
  }
}

/**
 * Why peers with these terms must not hear of a best route from `source`, which communities let go as far as `scope`, whatever filters say.
 * @returns undefined: they may
 */
export function prohibition(scope: Scope, source: PeerSlot, terms: ExportTerms, options: ExportOptions): string | undefined {
  if (scope === 'nowhere') return 'NO_ADVERTISE (RFC 1997)'
  if (!terms.internal && scope === 'inside') return 'NO_EXPORT (RFC 1997)'
  if (source.id === localPeer || !terms.internal || !source.internal) return undefined
  if (options.clusterId === undefined) return 'from an iBGP peer, and this node reflects nothing (RFC 4271 §9.2.1)'
  // RFC 4456 §6: from a client to all, from a non-client to clients.
  if (terms.routeReflectorClient || source.config?.routeReflectorClient === true) return undefined
  return 'neither the peer nor the source is a client of this route reflector (RFC 4456 §6)'
}

/** Why they are not told of it where no filter decides; undefined: they are. */
export function reticence(source: PeerSlot, terms: ExportTerms): string | undefined {
  if (terms.export === 'all' || (terms.export === 'local' && source.id === localPeer)) return undefined
  return terms.export === 'none' ? 'export: none' : 'export: local, and it was learned'
}

/** Attributes as peers with these terms get them. */
export function outgoing(attributes: PathAttributes, source: PeerSlot, terms: ExportTerms, options: ExportOptions): Outgoing {
  const nextHop = outgoingNextHop(attributes.nextHop, terms, options)
  const changed = terms.internal ? toInternal(attributes, source, options) : toExternal(attributes, source, terms)
  const inReach = goesInReach(terms)
  const bytes = encodeAttributes({ ...changed, nextHop: inReach ? noOctets : nextHop }, terms)
  return { bytes, nextHop: inReach ? nextHop : noOctets }
}

const noOctets = new Uint8Array(0)

/** Whether prefixes and next hop go in MP_REACH_NLRI (RFC 4760 §3, RFC 8950 §3). */
export function goesInReach({ family, extendedNextHop }: Pick<ExportTerms, 'family' | 'extendedNextHop'>): boolean {
  return family !== 'ipv4-unicast' || extendedNextHop
}

/** RFC 4271 §5.1.5: LOCAL_PREF always; RFC 4456 §8: what is reflected is marked. */
function toInternal(attributes: PathAttributes, source: PeerSlot, options: ExportOptions): PathAttributes {
  const { localPref = defaultLocalPref, originatorId = source.remoteRouterId, clusterList = [] } = attributes
  if (source.id === localPeer || !source.internal) return { ...attributes, localPref }
  return { ...attributes, localPref, originatorId, clusterList: [options.clusterId ?? options.routerId, ...clusterList] }
}

/** RFC 4271 §5.1.2 (our AS first), §5.1.4 (a MED goes no further than the next AS), §5.1.5 (no LOCAL_PREF), RFC 4456 §8. */
function toExternal(attributes: PathAttributes, source: PeerSlot, terms: ExportTerms): PathAttributes {
  const known = terms.role === undefined ? attributes : markedOnExport(attributes, terms.role, terms.asNumber)
  const { med, localPref: _, originatorId: __, clusterList: ___, ...rest } = known
  const asPath = outgoingPath(attributes.asPath, terms)
  const unknown = known.unknown.flatMap(transitiveOnly)
  return med !== undefined && source.id === localPeer ? { ...rest, asPath, unknown, med } : { ...rest, asPath, unknown }
}

/** RFC 4360 §6: extended communities with the non-transitive bit stay inside the AS; an attribute of which nothing is left is left out. */
function transitiveOnly(attribute: UnknownAttribute): readonly UnknownAttribute[] {
  if (attribute.type !== extendedCommunities) return [attribute]
  const kept: number[] = []
  for (let at = 0; at < attribute.data.length; at += extendedCommunityLength)
    if (((attribute.data[at] ?? 0) & nonTransitive) === 0) kept.push(...attribute.data.subarray(at, at + extendedCommunityLength))
  if (kept.length === attribute.data.length) return [attribute]
  return kept.length === 0 ? [] : [{ ...attribute, data: Uint8Array.from(kept) }]
}

/**
 * Whether the next hop of learned routes stays as it was received. RFC 4271 §5.1.3: to internal peers; to external ones this node is put
 * in its place, also on a subnet that all share, where RFC 4271 allows both: nobody is to reach a third party through us unasked.
 */
export function keepsNextHop({ nextHop, internal }: ExportTerms): boolean {
  return nextHop === 'keep' || (nextHop === 'auto' && internal)
}

/**
 * What is kept goes without a link-local address, which means nothing beyond its link (RFC 2545 §3); in place of one that stands alone
 * this node is put.
 * @param nextHop empty: this node
 */
export function outgoingNextHop(nextHop: Uint8Array, terms: ExportTerms, options: ExportOptions): Uint8Array {
  const { family, extendedNextHop } = terms
  const canBeTold = family !== 'ipv4-unicast' || extendedNextHop || nextHop.length === 4
  if (keepsNextHop(terms) && nextHop.length > 0 && canBeTold && !isLinkLocalNextHop(nextHop)) return nextHop.subarray(0, 16)
  const session = octets(terms.localAddress)
  if (family === 'ipv4-unicast') return session.length === 4 || extendedNextHop ? session : octets(options.localAddress.ipv4)
  // On a link-local session our global address need not be on the link: BIRD drops what leads to one that is not.
  if (session.length === 16 && isLinkLocal(session, 0)) return session
  if (options.localAddress.ipv6 !== undefined) return octets(options.localAddress.ipv6)
  return session.length === 16 ? session : mapped(session)
}

function isLinkLocalNextHop(nextHop: Uint8Array): boolean {
  return nextHop.length >= 16 && isLinkLocal(nextHop, 0)
}

/** ::ffff:a.b.c.d (RFC 4291 §2.5.5.2) */
function mapped(ipv4: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...ipv4)
}

function octets(address: IpAddress): Uint8Array {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`"${address}" is no address`)
  return bytes
}
