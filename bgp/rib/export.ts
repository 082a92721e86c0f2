/** What is told to whom, and how it is changed on its way (RFC 4271 §5.1, §9.2, RFC 1997, RFC 4456). Pure. */
import { addressBytes, type IpAddress } from '../../src/net/address.ts'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AsPathSegment, PathAttributes, UnknownAttribute } from '../wire/path-attributes.ts'
import type { AttributeSet, Scope } from './attribute-set.ts'
import type { Outgoing } from './outgoing-attributes.ts'
import { localPeer, type PeerSlot } from './peer-slot.ts'

/** What peers must have in common to be sent the same octets. */
export type ExportTerms = {
  readonly family: AddressFamily
  readonly internal: boolean
  readonly export: 'local' | 'all' | 'none'
  readonly routeReflectorClient: boolean
  readonly fourOctetAs: boolean
  readonly maxMessageLength: number
  /** Peers that know what LLGR_STALE is (RFC 9494): they announced the capability. */
  readonly longLived: boolean
  /** Our end of the session. */
  readonly localAddress: IpAddress
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
const maxSegment = 255
/** RFC 4360 §2 */
const extendedCommunities = 16
const extendedCommunityLength = 8
const nonTransitive = 0x40

/** Whether a best route from `source`, which communities let go as far as `scope`, is for peers with these terms at all. */
export function isExported(scope: Scope, source: PeerSlot, terms: ExportTerms, options: ExportOptions): boolean {
  if (terms.export === 'none' || scope === 'nowhere') return false
  if (!terms.internal && scope === 'inside') return false
  if (source.id === localPeer) return true
  if (terms.export === 'local') return false
  if (!terms.internal || !source.internal) return true
  // RFC 4456 §6: from a client to all, from a non-client to clients.
  return options.clusterId !== undefined && (terms.routeReflectorClient || source.config?.routeReflectorClient === true)
}

/** The attributes as peers with these terms get them. */
export function outgoing(set: AttributeSet, source: PeerSlot, terms: ExportTerms, options: ExportOptions): Outgoing {
  const attributes = set.attributes
  const nextHop = outgoingNextHop(attributes.nextHop, terms, options)
  const changed = terms.internal ? toInternal(attributes, source, options) : toExternal(attributes, source, options)
  const bytes = encodeAttributes({ ...changed, nextHop: terms.family === 'ipv4-unicast' ? nextHop : noOctets }, terms)
  return { bytes, nextHop: terms.family === 'ipv4-unicast' ? noOctets : nextHop }
}

const noOctets = new Uint8Array(0)

/** RFC 4271 §5.1.5: LOCAL_PREF always; RFC 4456 §8: what is reflected is marked. */
function toInternal(attributes: PathAttributes, source: PeerSlot, options: ExportOptions): PathAttributes {
  const { localPref = defaultLocalPref, originatorId = source.remoteRouterId, clusterList = [] } = attributes
  if (source.id === localPeer || !source.internal) return { ...attributes, localPref }
  return { ...attributes, localPref, originatorId, clusterList: [options.clusterId ?? options.routerId, ...clusterList] }
}

/** RFC 4271 §5.1.2 (our AS first), §5.1.4 (a MED goes no further than the next AS), §5.1.5 (no LOCAL_PREF), RFC 4456 §8. */
function toExternal(attributes: PathAttributes, source: PeerSlot, options: ExportOptions): PathAttributes {
  const { med, localPref: _, originatorId: __, clusterList: ___, ...rest } = attributes
  const asPath = prepend(attributes.asPath, options.asNumber)
  const unknown = attributes.unknown.flatMap(transitiveOnly)
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

function prepend(path: readonly AsPathSegment[], asNumber: number): readonly AsPathSegment[] {
  const [first, ...rest] = path
  if (first?.type === 'sequence' && first.asNumbers.length < maxSegment)
    return [{ type: 'sequence', asNumbers: [asNumber, ...first.asNumbers] }, ...rest]
  return [{ type: 'sequence', asNumbers: [asNumber] }, ...path]
}

/**
 * RFC 4271 §5.1.3: kept for what an internal peer is told of others, else this node. RFC 2545 §3: without a link-local address, which
 * means nothing beyond its link.
 */
export function outgoingNextHop(nextHop: Uint8Array, terms: ExportTerms, options: ExportOptions): Uint8Array {
  if (terms.internal && nextHop.length > 0) return nextHop.subarray(0, 16)
  const session = octets(terms.localAddress)
  if (terms.family === 'ipv4-unicast') return session.length === 4 ? session : octets(options.localAddress.ipv4)
  if (options.localAddress.ipv6 !== undefined) return octets(options.localAddress.ipv6)
  return session.length === 16 ? session : mapped(session)
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
