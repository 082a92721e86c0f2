/**
 * Address messages (linux/if_addr.h):
 *
 *   ifaddrmsg  family u8 | prefix length u8 | flags u8 | scope u8 | index u32
 */
import { addressBytes, type Family, formatAddress, type IpAddress } from '../../src/net/address.ts'
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
  readText,
  u32,
} from '../netlink/netlink-message.ts'

const RTM_NEWADDR = 20
const RTM_DELADDR = 21
const RTM_GETADDR = 22

const AF_INET = 2
const AF_INET6 = 10
const ADDRESS_BODY = 8
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_LABEL = 3

/** An address of this node. @property label IPv4 only: begins with the name of the link, at most 15 characters; by default just that name */
export type KernelAddress = {
  readonly index: number
  readonly family: Family
  readonly address: IpAddress
  readonly length: number
  readonly label?: string
}

/** What an address message says: the address as it is now, or that it is gone. */
export type AddressMessage = { readonly address: KernelAddress; readonly gone: boolean }

/** All addresses, or those of one link: the kernel filters on a socket with NETLINK_GET_STRICT_CHK, others must look. */
export function addressDumpRequest(sequence: number, index = 0): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + ADDRESS_BODY)
  putU32(bytes, HEADER_LENGTH + 4, index)
  putHeader(bytes, 0, bytes.length, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, sequence)
  return bytes
}

/** To delete, the label has to be the one that is there. */
export function addressChangeRequest(operation: 'create' | 'delete', change: KernelAddress, sequence: number): Uint8Array {
  const { index, family, address, length, label } = change
  const bytes = new Uint8Array(HEADER_LENGTH + ADDRESS_BODY + 64)
  bytes[HEADER_LENGTH] = family === 4 ? AF_INET : AF_INET6
  bytes[HEADER_LENGTH + 1] = length
  putU32(bytes, HEADER_LENGTH + 4, index)
  let end = HEADER_LENGTH + ADDRESS_BODY
  const octets = addressBytes(address) ?? new Uint8Array(family === 4 ? 4 : 16)
  for (const type of [IFA_LOCAL, IFA_ADDRESS]) end = putAttribute(bytes, end, type, octets)
  if (label !== undefined) end = putAttribute(bytes, end, IFA_LABEL, cString(label))
  const [type, flags] = operation === 'create' ? [RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL] : [RTM_DELADDR, 0]
  putHeader(bytes, 0, end, type, NLM_F_REQUEST | NLM_F_ACK | flags, sequence)
  return bytes.subarray(0, end)
}

/** The address in an RTM_NEWADDR or RTM_DELADDR; undefined for other messages and what is broken. */
export function readAddress(bytes: Uint8Array, message: NetlinkMessage): AddressMessage | undefined {
  const { type, body, end } = message
  if ((type !== RTM_NEWADDR && type !== RTM_DELADDR) || body + ADDRESS_BODY > end) return undefined
  const family = bytes[body] === AF_INET ? 4 : bytes[body] === AF_INET6 ? 6 : undefined
  if (family === undefined) return undefined
  let other: IpAddress | undefined
  let local: IpAddress | undefined
  let label: string | undefined
  eachAttribute(bytes, body + ADDRESS_BODY, end, (attribute, from, to) => {
    if (attribute === IFA_LABEL) label = readText(bytes, from, to)
    if (to - from !== (family === 4 ? 4 : 16)) return
    // on a point-to-point link IFA_ADDRESS is the other end, IFA_LOCAL is ours
    if (attribute === IFA_ADDRESS) other = formatAddress(bytes, from, to - from)
    if (attribute === IFA_LOCAL) local = formatAddress(bytes, from, to - from)
  })
  const own = local ?? other
  if (own === undefined) return undefined
  const address: KernelAddress = {
    index: u32(bytes, body + 4),
    family,
    address: own,
    length: bytes[body + 1] ?? 0,
    ...(label !== undefined && { label }),
  }
  return { address, gone: type === RTM_DELADDR }
}
