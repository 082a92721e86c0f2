/**
 * Link messages (linux/if_link.h):
 *
 *   ifinfomsg  family u8 | pad u8 | type u16 | index i32 | flags u32 | change u32
 */
import {
  cString,
  eachAttribute,
  HEADER_LENGTH,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  putAttribute,
  putHeader,
  putU32,
  putU32Attribute,
  readText,
  u16,
  u32,
} from '../netlink/netlink-message.ts'

const RTM_NEWLINK = 16
const RTM_DELLINK = 17
const RTM_GETLINK = 18

const AF_BRIDGE = 7
const LINK_BODY = 16
const IFF_UP = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
/** linux/if_arp.h: what carries IPv4 in IPv4. */
const ARPHRD_TUNNEL = 768

/**
 * A link as the kernel tells it.
 *
 * @property up IFF_UP, the administrator's wish, not the carrier
 * @property mtu octets
 * @property ipip whether it is an IP-in-IP device (ARPHRD_TUNNEL)
 */
export type KernelLink = {
  readonly index: number
  readonly name: string
  readonly up: boolean
  readonly mtu: number
  readonly ipip: boolean
}

/** What we may change of a link; what is absent stays as it is. */
export type LinkChange = { readonly up?: boolean; readonly mtu?: number }

/** What a link message says: the link as it is now, or that it is gone. */
export type LinkMessage = { readonly link: KernelLink; readonly gone: boolean }

export function linkDumpRequest(sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + LINK_BODY)
  putHeader(bytes, 0, bytes.length, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, sequence)
  return bytes
}

/** IFF_UP and no other flag (the change mask names the one), the MTU, or both. */
export function linkChangeRequest(index: number, { up, mtu }: LinkChange, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + LINK_BODY + 8)
  putU32(bytes, HEADER_LENGTH + 4, index)
  if (up !== undefined) {
    putU32(bytes, HEADER_LENGTH + 8, up ? IFF_UP : 0)
    putU32(bytes, HEADER_LENGTH + 12, IFF_UP)
  }
  const body = HEADER_LENGTH + LINK_BODY
  const end = mtu === undefined ? body : putU32Attribute(bytes, body, IFLA_MTU, mtu)
  putHeader(bytes, 0, end, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, sequence)
  return bytes.subarray(0, end)
}

/** A new IP-in-IP device. For its kind the kernel loads the module, which makes `tunl0` in every namespace. */
export function ipipRequest(name: string, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + LINK_BODY + 64)
  let end = putAttribute(bytes, HEADER_LENGTH + LINK_BODY, IFLA_IFNAME, cString(name))
  const kind = new Uint8Array(12)
  putAttribute(kind, 0, IFLA_INFO_KIND, cString('ipip'))
  end = putAttribute(bytes, end, IFLA_LINKINFO, kind)
  putHeader(bytes, 0, end, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sequence)
  return bytes.subarray(0, end)
}

/** The link in an RTM_NEWLINK or RTM_DELLINK; undefined for other messages, bridge port notices and what is broken. */
export function readLink(bytes: Uint8Array, message: NetlinkMessage): LinkMessage | undefined {
  const { type, body, end } = message
  if ((type !== RTM_NEWLINK && type !== RTM_DELLINK) || body + LINK_BODY > end || bytes[body] === AF_BRIDGE) return undefined
  let name = ''
  let mtu = 0
  eachAttribute(bytes, body + LINK_BODY, end, (attribute, from, to) => {
    if (attribute === IFLA_IFNAME) name = readText(bytes, from, to)
    if (attribute === IFLA_MTU && to - from === 4) mtu = u32(bytes, from)
  })
  if (name === '') return undefined
  const up = (u32(bytes, body + 8) & IFF_UP) !== 0
  const link = { index: u32(bytes, body + 4), name, up, mtu, ipip: u16(bytes, body + 2) === ARPHRD_TUNNEL }
  return { link, gone: type === RTM_DELLINK }
}
