/**
 * The entries of the kernel's connection tracking, as ctnetlink tells and deletes them (linux/netfilter/nfnetlink_conntrack.h), over bytes
 * only. Its numbers are big-endian, unlike the rest of netlink.
 *
 *   body   family u8 | version u8 | resource u16, then attributes
 *   tuple  one direction of an entry: addresses and ports as that direction's packets have them
 */
import {
  aligned,
  eachAttribute,
  HEADER_LENGTH,
  type NetlinkMessage,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  putAttribute,
  putHeader,
} from '../netlink/netlink-message.ts'
import type { AddressSet } from './address-set.ts'

const NFNL_SUBSYS_CTNETLINK = 1
const IPCTNL_MSG_CT_NEW = (NFNL_SUBSYS_CTNETLINK << 8) | 0
const IPCTNL_MSG_CT_GET = (NFNL_SUBSYS_CTNETLINK << 8) | 1
const IPCTNL_MSG_CT_DELETE = (NFNL_SUBSYS_CTNETLINK << 8) | 2
const BODY_LENGTH = 4

const NLA_F_NESTED = 0x8000
const CTA_TUPLE_ORIG = 1
const CTA_TUPLE_REPLY = 2
const CTA_ID = 12
const CTA_ZONE = 18
const CTA_TUPLE_IP = 1
const CTA_TUPLE_ZONE = 3
const CTA_IP_V4_SRC = 1
const CTA_IP_V6_DST = 4

/**
 * What names an entry.
 * @property family of the kernel (AF_INET, AF_INET6)  @property tuple the original direction, as attributes
 * @property id so that an entry of the same tuple that came later is another one
 */
export type Connection = { readonly family: number; readonly tuple: Uint8Array; readonly id?: Uint8Array }

/** Asks for all entries of both families. */
export function connectionsRequest(sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + BODY_LENGTH)
  putHeader(bytes, 0, bytes.length, IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP, sequence)
  return bytes
}

/** Asks for the end of one entry. Only a refusal is answered: ENOENT, it is gone already. */
export function deleteRequest({ family, tuple, id }: Connection, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + BODY_LENGTH + 4 + aligned(tuple.length) + 8)
  bytes[HEADER_LENGTH] = family
  let end = putAttribute(bytes, HEADER_LENGTH + BODY_LENGTH, NLA_F_NESTED | CTA_TUPLE_ORIG, tuple)
  if (id !== undefined) end = putAttribute(bytes, end, CTA_ID, id)
  putHeader(bytes, 0, end, IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST, sequence)
  return bytes.subarray(0, end)
}

/**
 * The entry in a message if it is of one of the addresses: the source or destination of either direction, which differ where addresses are
 * translated. undefined for the entries of others, for those of a zone, which are not of our rules, and for other messages. Keeps nothing of
 * `bytes`.
 */
export function readConnectionOf(addresses: AddressSet, bytes: Uint8Array, message: NetlinkMessage): Connection | undefined {
  if (message.type !== IPCTNL_MSG_CT_NEW || message.body + BODY_LENGTH > message.end) return undefined
  let isTheirs = false
  let isZoned = false
  let tuple: Uint8Array | undefined
  let id: Uint8Array | undefined
  const visitTuple = (type: number, from: number, to: number) => {
    if (type === CTA_TUPLE_IP) isTheirs ||= hasAddress(addresses, bytes, from, to)
    else if (type === CTA_TUPLE_ZONE) isZoned = true
  }
  eachAttribute(bytes, message.body + BODY_LENGTH, message.end, (type, from, to) => {
    if (type === CTA_TUPLE_ORIG || type === CTA_TUPLE_REPLY) eachAttribute(bytes, from, to, visitTuple)
    if (type === CTA_TUPLE_ORIG) tuple = bytes.subarray(from, to)
    else if (type === CTA_ID) id = bytes.subarray(from, to)
    else if (type === CTA_ZONE) isZoned = true
  })
  if (!isTheirs || isZoned || tuple === undefined) return undefined
  return { family: bytes[message.body] ?? 0, tuple: tuple.slice(), ...(id !== undefined && { id: id.slice() }) }
}

function hasAddress(addresses: AddressSet, bytes: Uint8Array, from: number, to: number): boolean {
  let found = false
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type >= CTA_IP_V4_SRC && type <= CTA_IP_V6_DST) found ||= addresses.has(bytes, start, end)
  })
  return found
}
