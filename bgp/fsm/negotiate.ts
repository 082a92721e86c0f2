/** Two OPENs become the terms of a session, or the NOTIFICATION that says why not (RFC 4271 §6.2). */
import { afiOf, familyOfAfiSafi, safiOf } from '../wire/address-family.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { errorCode, openError } from '../wire/error-code.ts'
import { fqdnCapability } from '../wire/fqdn.ts'
import { type AddressFamily, type Capability, maxExtendedMessageLength, maxMessageLength, type Open } from '../wire/message.ts'
import { type AddPathOffer, addPathCapabilities, addPathTerms } from './add-path-terms.ts'
import { type RestartOffer, restartCapabilities, restartTerms } from './restart-terms.ts'
import { type OwnRole, roleCapability, roleMismatch } from './role-mismatch.ts'
import type { Terms } from './terms.ts'

const version = 4
/** Stands in the two-octet field for an AS number that does not fit (RFC 6793 §9). */
const asTrans = 23456

/** What we bring to the table. */
export type Offer = RestartOffer & {
  readonly localAs: number
  readonly peerAs: number
  /** Unsigned 32-bit. */
  readonly routerId: number
  /** 0 or 3..65535 */
  readonly holdTimeSec: number
  /** Towards an external peer (RFC 9234 §4.1). */
  readonly role?: OwnRole
  /** By what name peers show us. */
  readonly hostName?: string
  /** IPv4 prefixes with IPv6 next hops (RFC 8950). */
  readonly extendedNextHop?: boolean
  /** RFC 7911; absent: neither. */
  readonly addPath?: AddPathOffer
}

/** The OPEN that makes this offer. */
export function openOf(offer: Offer): Open {
  const { families, localAs } = offer
  return {
    type: 'open',
    version,
    myAs: localAs > 0xffff ? asTrans : localAs,
    holdTimeSec: offer.holdTimeSec,
    routerId: offer.routerId,
    capabilities: [
      ...families.map(multiprotocol),
      { type: 'route-refresh' },
      { type: 'extended-message' },
      { type: 'four-octet-as', asNumber: localAs },
      ...(offer.role === undefined ? [] : [roleCapability(offer.role)]),
      ...(offer.hostName === undefined ? [] : [fqdnCapability(offer.hostName)]),
      ...(offer.extendedNextHop === true ? [extendedNextHop] : []),
      ...addPathCapabilities(offer.addPath, families),
      ...restartCapabilities(offer),
      { type: 'enhanced-route-refresh' },
    ],
  }
}

/** @returns the terms both accept, or the error to notify the peer of */
export function negotiate(offer: Offer, open: Open): Terms | BgpError {
  const families = commonFamilies(offer.families, open.capabilities)
  const refusal = refusalOf(offer, open, families)
  if (refusal !== undefined) return refusal
  const holdTimeSec = Math.min(offer.holdTimeSec, open.holdTimeSec)
  return {
    families,
    remoteRouterId: open.routerId,
    holdTimeSec,
    keepaliveSec: holdTimeSec / 3,
    fourOctetAs: has(open, 'four-octet-as'),
    routeRefresh: has(open, 'route-refresh'),
    enhancedRouteRefresh: has(open, 'enhanced-route-refresh'),
    maxMessageLength: has(open, 'extended-message') ? maxExtendedMessageLength : maxMessageLength,
    ...(offer.extendedNextHop === true && allowsIpv6NextHops(open) ? { extendedNextHop: true as const } : {}),
    ...addPathTerms(offer.addPath, open.capabilities, families),
    ...restartTerms(offer, open.capabilities, families),
    capabilities: open.capabilities,
  }
}

function refusalOf(offer: Offer, open: Open, families: readonly AddressFamily[]): BgpError | undefined {
  if (open.version !== version)
    return refuse('unsupportedVersion', `version ${open.version}, we speak ${version}`, Uint8Array.of(0, version))
  const asNumber = asNumberOf(open)
  if (open.myAs === 0 || asNumber === 0) return refuse('badPeerAs', 'AS number 0 (RFC 7607 §2)')
  if (asNumber !== offer.peerAs) return refuse('badPeerAs', `AS number ${asNumber}, ${offer.peerAs} is configured`)
  if (open.routerId === 0) return refuse('badBgpIdentifier', 'BGP Identifier 0.0.0.0 (RFC 6286 §2.1)')
  if (open.routerId === offer.routerId && offer.localAs === offer.peerAs)
    return refuse('badBgpIdentifier', 'our own BGP Identifier inside our AS (RFC 6286 §2.2)')
  if (open.holdTimeSec === 1 || open.holdTimeSec === 2) return refuse('unacceptableHoldTime', `hold time ${open.holdTimeSec} s`)
  const mismatch = offer.role && roleMismatch(offer.role, open.capabilities)
  if (mismatch !== undefined) return refuse('roleMismatch', mismatch)
  if (families.length > 0) return undefined
  return refuse('unsupportedCapability', `no common address family; we offer ${offer.families.join(', ')}`, capabilityData(offer.families))
}

function refuse(reason: keyof typeof openError, message: string, data?: Uint8Array): BgpError {
  return new BgpError(errorCode.open, openError[reason], message, data)
}

/** RFC 6793 §4.1: the capability carries the real number. */
export function asNumberOf(open: Open): number {
  return last(open.capabilities, 'four-octet-as')?.asNumber ?? open.myAs
}

/** RFC 4760 §8; a peer without the capability speaks IPv4 unicast only. */
function commonFamilies(ours: readonly AddressFamily[], theirs: readonly Capability[]): readonly AddressFamily[] {
  const announced = theirs.filter((capability) => capability.type === 'multiprotocol')
  const spoken = announced.length === 0 ? ['ipv4-unicast'] : announced.map(({ afi, safi }) => familyOfAfiSafi(afi, safi))
  return ours.filter((family) => spoken.includes(family))
}

/** RFC 8950 §4: IPv4 unicast with IPv6 next hops. */
const extendedNextHop: Capability = { type: 'extended-next-hop', encodings: [{ afi: 1, safi: 1, nextHopAfi: 2 }] }

function allowsIpv6NextHops({ capabilities }: Open): boolean {
  return capabilities.some(
    (capability) =>
      capability.type === 'extended-next-hop' &&
      capability.encodings.some(({ afi, safi, nextHopAfi }) => afi === 1 && safi === 1 && nextHopAfi === 2),
  )
}

function multiprotocol(family: AddressFamily): Capability {
  return { type: 'multiprotocol', afi: afiOf(family), safi: safiOf(family) }
}

/** RFC 5492 §5: the capabilities we miss, each as code, length, value. */
function capabilityData(families: readonly AddressFamily[]): Uint8Array {
  return Uint8Array.from(families.flatMap((family) => [1, 4, 0, afiOf(family), 0, safiOf(family)]))
}

function has(open: Open, type: Capability['type']): boolean {
  return open.capabilities.some((capability) => capability.type === type)
}

/** A capability sent twice: the last one counts. */
function last<T extends Capability['type']>(capabilities: readonly Capability[], type: T): Extract<Capability, { type: T }> | undefined {
  return capabilities.findLast((capability): capability is Extract<Capability, { type: T }> => capability.type === type)
}
