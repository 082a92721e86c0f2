/** Messages of the BGP Monitoring Protocol, version 3 (RFC 7854, RFC 8671 for what is sent, RFC 9069 for the Loc-RIB). Pure. */
import { familyOf, type IpAddress } from '../../src/net/address.ts'
import type { SessionEnd } from '../session/session-facts.ts'
import { afiOf, safiOf } from '../wire/address-family.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { View } from './change-queue.ts'
import type { OctetBuffer } from './octet-buffer.ts'

/* RFC 7854 §4.1, common header:  version u8 | length of the message u32 | type u8
   RFC 7854 §4.2, per-peer header:
     peer type u8 | flags u8 | distinguisher u64 | address, 16 octets | AS u32 | BGP Identifier u32 | seconds u32 | microseconds u32 */

const version = 3

/** RFC 7854 §4.1 */
export const bmpType = { routeMonitoring: 0, statistics: 1, peerDown: 2, peerUp: 3, initiation: 4, termination: 5 } as const

const peerType = { global: 0, locRib: 3 } as const
/** RFC 7854 §4.2, RFC 8671 §4 */
const peerFlag = { ipv6: 0x80, postPolicy: 0x40, twoOctetAs: 0x20, out: 0x10 } as const

/** Which table of a peer a message is about. */
export type BmpView = View

/** Whom a message is about. With the view 'best' it is this node itself (RFC 9069 §4.1): its address is not said. */
export type BmpPeer = { readonly address: IpAddress; readonly asNumber: number; readonly routerId: number }

/** @property timeMs milliseconds since 1970; 0: not known  @property twoOctetAs AS paths are as an OLD speaker has them (RFC 6793), A flag */
export type BmpAbout = { readonly view: BmpView; readonly peer: BmpPeer; readonly timeMs: number; readonly twoOctetAs?: boolean }

/** RFC 7854 §4.3: who we are. */
export function writeInitiation(into: OctetBuffer, { name, description }: { readonly name: string; readonly description: string }): void {
  const end = start(into, bmpType.initiation)
  writeText(into, 1, description)
  writeText(into, 2, name)
  end()
}

/** RFC 7854 §4.5 */
export const terminationReason = { administrativelyClosed: 0, unspecified: 1, outOfResources: 2 } as const

/** RFC 7854 §4.5: the last message. */
export function writeTermination(into: OctetBuffer, reason: keyof typeof terminationReason): void {
  const end = start(into, bmpType.termination)
  into.u16(1).u16(2).u16(terminationReason[reason])
  end()
}

/** RFC 7854 §4.6: one UPDATE. @param update whole */
export function writeRouteMonitoring(into: OctetBuffer, about: BmpAbout, update: Uint8Array): void {
  const end = start(into, bmpType.routeMonitoring)
  writePeer(into, about)
  into.octets(update)
  end()
}

/** Both ends of a session as it came up. @property sent, received the OPENs, whole; for the Loc-RIB made up (RFC 9069 §4.4) */
export type BmpSession = {
  readonly localAddress?: IpAddress
  readonly localPort: number
  readonly remotePort: number
  readonly sent: Uint8Array
  readonly received: Uint8Array
}

/** RFC 7854 §4.10, RFC 9069 §4.4 */
export function writePeerUp(into: OctetBuffer, about: BmpAbout, { localAddress, localPort, remotePort, sent, received }: BmpSession): void {
  const end = start(into, bmpType.peerUp)
  writePeer(into, about)
  if (localAddress === undefined) into.zeros(16)
  else writeAddress(into, localAddress)
  into.u16(localPort).u16(remotePort).octets(sent).octets(received)
  if (about.view === 'best') writeText(into, 3, 'global') // VRF/Table Name
  end()
}

/** RFC 7854 §4.9: why a session ended. */
export type BmpPeerDown = SessionEnd | { readonly reason: 'not-monitored' }

const downReason = { 'local-notification': 1, local: 2, 'remote-notification': 3, remote: 4, 'not-monitored': 5 } as const

/** RFC 7854 §4.9 */
export function writePeerDown(into: OctetBuffer, about: BmpAbout, down: BmpPeerDown): void {
  const end = start(into, bmpType.peerDown)
  writePeer(into, about)
  into.u8(downReason[down.reason])
  if ('message' in down) into.octets(down.message)
  if (down.reason === 'local') into.u16(down.fsmEvent)
  end()
}

/** RFC 7854 §4.8, RFC 8671 §6.2; the type is one of IANA's "BMP Statistics Types", with a family where the type has one. */
export type BmpStatistic = { readonly type: number; readonly value: number; readonly family?: AddressFamily; readonly is32Bit?: boolean }

/** RFC 7854 §4.8 */
export function writeStatistics(into: OctetBuffer, about: BmpAbout, statistics: readonly BmpStatistic[]): void {
  const end = start(into, bmpType.statistics)
  writePeer(into, about)
  into.u32(statistics.length)
  for (const { type, value, family, is32Bit } of statistics) {
    into.u16(type).u16((family === undefined ? 0 : 3) + (is32Bit ? 4 : 8))
    if (family !== undefined) into.u16(afiOf(family)).u8(safiOf(family))
    if (is32Bit) into.u32(value)
    else into.u64(value)
  }
  end()
}

function writePeer(into: OctetBuffer, { view, peer, timeMs, twoOctetAs = false }: BmpAbout): void {
  const isBest = view === 'best'
  const isIpv6 = !isBest && familyOf(peer.address) === 6
  into.u8(isBest ? peerType.locRib : peerType.global)
  into.u8((isIpv6 ? peerFlag.ipv6 : 0) | (twoOctetAs ? peerFlag.twoOctetAs : 0) | flagsOf(view))
  into.zeros(8)
  if (isBest) into.zeros(16)
  else writeAddress(into, peer.address)
  into.u32(peer.asNumber).u32(peer.routerId)
  into.u32(Math.floor(timeMs / 1000)).u32(Math.floor((timeMs % 1000) * 1000))
}

/** What is sent is what export policy left of it (RFC 8671 §4). */
function flagsOf(view: BmpView): number {
  if (view === 'accepted') return peerFlag.postPolicy
  return view === 'advertised' ? peerFlag.out | peerFlag.postPolicy : 0
}

/** 16 octets; an IPv4 address in the last four (RFC 7854 §4.2). */
function writeAddress(into: OctetBuffer, address: IpAddress): void {
  if (familyOf(address) === 4) into.zeros(12)
  into.address(address)
}

/** RFC 7854 §4.4:  type u16 | length u16 | UTF-8 text */
function writeText(into: OctetBuffer, type: number, text: string): void {
  const octets = Buffer.from(text)
  into.u16(type).u16(octets.length).octets(octets)
}

function start(into: OctetBuffer, type: number): () => void {
  const at = into.length
  into.u8(version).u32(0).u8(type)
  return () => into.patchU32(at + 1, into.length - at)
}
