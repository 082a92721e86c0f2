/**
 * Link and address messages (linux/if_link.h, linux/if_addr.h):
 *
 *   ifinfomsg  family u8 | pad u8 | type u16 | index i32 | flags u32 | change u32
 *   ifaddrmsg  family u8 | prefix length u8 | flags u8 | scope u8 | index u32
 */
import { type Family, formatAddress, type IpAddress } from '../src/net/address.ts'
import {
  eachAttribute,
  HEADER_LENGTH,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  putHeader,
  putU32,
  readText,
  u32,
} from './netlink-message.ts'

const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const RTM_GETLINK = 18
const RTM_NEWADDR = 20
const RTM_DELADDR = 21
const RTM_GETADDR = 22

const AF_INET = 2
const AF_INET6 = 10
const AF_BRIDGE = 7
const LINK_BODY = 16
const ADDRESS_BODY = 8
const IFF_UP = 1
const IFLA_IFNAME = 3
const IFA_ADDRESS = 1
const IFA_LOCAL = 2

/** A link as the kernel tells it; `up` is IFF_UP, the administrator's wish, not the carrier. */
export type KernelLink = { readonly index: number; readonly name: string; readonly up: boolean }

/** An address of this node. */
export type KernelAddress = { readonly index: number; readonly family: Family; readonly address: IpAddress; readonly length: number }

/** What a link message says: the link as it is now, or that it is gone. */
export type LinkMessage = { readonly link: KernelLink; readonly gone: boolean }
export type AddressMessage = { readonly address: KernelAddress; readonly gone: boolean }

export function linkDumpRequest(sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + LINK_BODY)
  putHeader(bytes, 0, bytes.length, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, sequence)
  return bytes
}

export function addressDumpRequest(sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + ADDRESS_BODY)
  putHeader(bytes, 0, bytes.length, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, sequence)
  return bytes
}

/** Sets IFF_UP and nothing else: the change mask names the one flag. */
export function linkUpRequest(index: number, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + LINK_BODY)
  putU32(bytes, HEADER_LENGTH + 4, index)
  putU32(bytes, HEADER_LENGTH + 8, IFF_UP)
  putU32(bytes, HEADER_LENGTH + 12, IFF_UP)
  putHeader(bytes, 0, bytes.length, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, sequence)
  return bytes
}

/** The link in an RTM_NEWLINK or RTM_DELLINK; undefined for other messages, bridge port notices and what is broken. */
export function readLink(bytes: Uint8Array, message: NetlinkMessage): LinkMessage | undefined {
  const { type, body, end } = message
  if ((type !== RTM_NEWLINK && type !== RTM_DELLINK) || body + LINK_BODY > end || bytes[body] === AF_BRIDGE) return undefined
  let name = ''
  eachAttribute(bytes, body + LINK_BODY, end, (attribute, from, to) => {
    if (attribute === IFLA_IFNAME) name = readText(bytes, from, to)
  })
  if (name === '') return undefined
  const link = { index: u32(bytes, body + 4), name, up: (u32(bytes, body + 8) & IFF_UP) !== 0 }
  return { link, gone: type === RTM_DELLINK }
}

/** The address in an RTM_NEWADDR or RTM_DELADDR; undefined for other messages and what is broken. */
export function readAddress(bytes: Uint8Array, message: NetlinkMessage): AddressMessage | undefined {
  const { type, body, end } = message
  if ((type !== RTM_NEWADDR && type !== RTM_DELADDR) || body + ADDRESS_BODY > end) return undefined
  const family = bytes[body] === AF_INET ? 4 : bytes[body] === AF_INET6 ? 6 : undefined
  if (family === undefined) return undefined
  let address: IpAddress | undefined
  let local: IpAddress | undefined
  eachAttribute(bytes, body + ADDRESS_BODY, end, (attribute, from, to) => {
    if (to - from !== (family === 4 ? 4 : 16)) return
    // on a point-to-point link IFA_ADDRESS is the other end, IFA_LOCAL is ours
    if (attribute === IFA_ADDRESS) address = formatAddress(bytes, from, to - from)
    if (attribute === IFA_LOCAL) local = formatAddress(bytes, from, to - from)
  })
  const own = local ?? address
  if (own === undefined) return undefined
  return { address: { index: u32(bytes, body + 4), family, address: own, length: bytes[body + 1] ?? 0 }, gone: type === RTM_DELADDR }
}
