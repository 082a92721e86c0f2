/** Records of an MRT table dump (RFC 6396, RFC 8050): what tools like bgpdump read. Pure. */
import { familyOf, type IpAddress } from '../../src/net/address.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { OctetBuffer } from './octet-buffer.ts'

/* RFC 6396 §2:  timestamp u32 | type u16 | subtype u16 | length u32 | message */

const tableDumpV2 = 13
const subtype = {
  peerIndexTable: 1,
  rib: { 'ipv4-unicast': 2, 'ipv6-unicast': 4 },
  ribAddPath: { 'ipv4-unicast': 8, 'ipv6-unicast': 10 }, // RFC 8050 §4
} as const

/** One entry of the index that routes refer to their peers by; the first is this node. */
export type MrtPeer = { readonly address: IpAddress; readonly asNumber: number; readonly routerId: number }

/**
 * RFC 6396 §4.3.1: the first record of a table dump.
 * @param timeSec seconds since 1970
 * @param name of the view, perhaps empty
 */
export function writePeerIndexTable(
  into: OctetBuffer,
  timeSec: number,
  { routerId, name, peers }: { readonly routerId: number; readonly name: string; readonly peers: readonly MrtPeer[] },
): void {
  const view = Buffer.from(name)
  const end = startRecord(into, timeSec, tableDumpV2, subtype.peerIndexTable)
  into.u32(routerId).u16(view.length).octets(view).u16(peers.length)
  for (const peer of peers) {
    const isIpv6 = familyOf(peer.address) === 6
    into.u8(0b10 | (isIpv6 ? 1 : 0)) // AS numbers have four octets
    into.u32(peer.routerId).address(peer.address).u32(peer.asNumber)
  }
  end()
}

/** A path of a prefix. @property peer its place in the index  @property sinceSec when it was heard, seconds since 1970  @property attributes as of `mrtAttributes` */
export type MrtPath = { readonly peer: number; readonly sinceSec: number; readonly pathId?: number; readonly attributes: Uint8Array }

/**
 * RFC 6396 §4.3.2; where a path has an id: RFC 8050 §4.
 * @param sequence of the record in the dump
 * @param nlri length octet and address octets of the prefix (RFC 4271 §4.3)
 */
export function writeRib(
  into: OctetBuffer,
  timeSec: number,
  {
    family,
    sequence,
    nlri,
    paths,
  }: { readonly family: AddressFamily; readonly sequence: number; readonly nlri: Uint8Array; readonly paths: readonly MrtPath[] },
): void {
  const hasIds = paths.some(({ pathId }) => pathId !== undefined)
  const end = startRecord(into, timeSec, tableDumpV2, (hasIds ? subtype.ribAddPath : subtype.rib)[family])
  into.u32(sequence).octets(nlri).u16(paths.length)
  for (const { peer, sinceSec, pathId = 0, attributes } of paths) {
    into.u16(peer).u32(sinceSec)
    if (hasIds) into.u32(pathId)
    into.u16(attributes.length).octets(attributes)
  }
  end()
}

/**
 * RFC 6396 §4.3.4: MP_REACH_NLRI is there with its next hop alone, behind its length.
 * @param attributes as of `encodeAttributes` with four-octet AS numbers
 * @param nextHop 16 or 32 octets where the attributes have none of their own (IPv6, RFC 8950), else empty
 */
export function mrtAttributes(attributes: Uint8Array, nextHop: Uint8Array): Uint8Array {
  if (nextHop.length === 0) return attributes
  const all = new Uint8Array(attributes.length + 4 + nextHop.length)
  all.set(attributes)
  all.set([0x80, 14, nextHop.length + 1, nextHop.length], attributes.length)
  all.set(nextHop, attributes.length + 4)
  return all
}

function startRecord(into: OctetBuffer, timeSec: number, type: number, subtype: number): () => void {
  into.u32(timeSec).u16(type).u16(subtype).u32(0)
  const start = into.length
  return () => into.patchU32(start - 4, into.length - start)
}
