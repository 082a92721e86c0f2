/**
 * Route messages (linux/rtnetlink.h):
 *
 *   rtmsg  family u8 | destination length u8 | source length u8 | tos u8 | table u8 | protocol u8 | scope u8 | type u8 | flags u32
 */
import type { Family } from '../src/net/address.ts'
import { defaultMetric, type KernelHop, type KernelRoute, MAIN_TABLE, type RouteChange, type RouteOperation } from './kernel-route.ts'
import {
  eachAttribute,
  HEADER_LENGTH,
  type NetlinkMessage,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  putAttribute,
  putHeader,
  putU16,
  putU32,
  putU32Attribute,
  u32,
} from './netlink-message.ts'

export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
const RTM_GETROUTE = 26

const AF_INET = 2
const AF_INET6 = 10
const BODY_LENGTH = 12
const RTN_UNICAST = 1
const RTN_BLACKHOLE = 6
const RTNH_F_ONLINK = 4
const RTM_F_CLONED = 0x200
const SCOPE_NOWHERE = 255
const RTA_DST = 1
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_PRIORITY = 6
const RTA_PREFSRC = 7
const RTA_MULTIPATH = 9
const RTA_TABLE = 15
const RTA_VIA = 18
const RTA_NH_ID = 30

/** No route message that we write is longer. */
export const MAX_ROUTE_MESSAGE = 128

/** Writes one change at `at` and returns the offset after it; no acknowledgement is asked for, a refusal comes anyway. */
export function writeRouteChange(bytes: Uint8Array, at: number, change: RouteChange, sequence: number): number {
  const { operation, family, hop } = change
  const body = at + HEADER_LENGTH
  bytes[body] = family === 4 ? AF_INET : AF_INET6
  bytes[body + 1] = change.length
  bytes[body + 2] = 0
  bytes[body + 3] = 0
  bytes[body + 4] = MAIN_TABLE
  bytes[body + 5] = change.protocol
  // deleting names the owner and the slot only, so that it works whatever the route has become
  bytes[body + 6] = operation === 'delete' ? SCOPE_NOWHERE : (hop?.scope ?? 0)
  bytes[body + 7] = operation === 'delete' ? 0 : hop?.type === 'blackhole' ? RTN_BLACKHOLE : RTN_UNICAST
  putU32(bytes, body + 8, operation !== 'delete' && hop?.onlink ? RTNH_F_ONLINK : 0)
  let end = putAttribute(bytes, body + BODY_LENGTH, RTA_DST, change.address.subarray(0, family === 4 ? 4 : 16))
  const metric = change.metric ?? defaultMetric(family)
  if (metric !== 0) end = putU32Attribute(bytes, end, RTA_PRIORITY, metric)
  if (operation !== 'delete' && hop !== undefined) end = putHop(bytes, end, hop)
  if (operation === 'delete' && family === 6 && hop?.via !== undefined) end = putOneOfSeveral(bytes, end, hop.index, hop.via)
  const type = operation === 'delete' ? RTM_DELROUTE : RTM_NEWROUTE
  putHeader(bytes, at, end - at, type, NLM_F_REQUEST | operationFlags[operation], sequence)
  return end
}

const operationFlags: Record<RouteOperation, number> = {
  create: NLM_F_CREATE | NLM_F_EXCL,
  replace: NLM_F_CREATE | NLM_F_REPLACE,
  delete: 0,
}

function putHop(bytes: Uint8Array, at: number, hop: KernelHop): number {
  if (hop.type !== 'unicast') return at
  if (hop.via !== undefined) at = putAttribute(bytes, at, RTA_GATEWAY, hop.via)
  if (hop.index !== 0) at = putU32Attribute(bytes, at, RTA_OIF, hop.index)
  return hop.source === undefined ? at : putAttribute(bytes, at, RTA_PREFSRC, hop.source)
}

/**
 * RTA_MULTIPATH with one next hop (length u16 | flags u8 | hops u8 | index i32 | RTA_GATEWAY). Deleting an IPv6 route without it deletes
 * all next hops of the destination, also those that are somebody else's.
 */
function putOneOfSeveral(bytes: Uint8Array, at: number, index: number, via: Uint8Array): number {
  const end = putAttribute(bytes, at + 12, RTA_GATEWAY, via)
  putU16(bytes, at, end - at)
  putU16(bytes, at + 2, RTA_MULTIPATH)
  putU16(bytes, at + 4, end - at - 4)
  putU16(bytes, at + 6, 0)
  putU32(bytes, at + 8, index)
  return end
}

/** A dump of one family's main table, limited to `protocol`: the kernel filters both on a socket with NETLINK_GET_STRICT_CHK, others must look. */
export function routeDumpRequest(family: Family, protocol: number, sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + BODY_LENGTH + 8)
  bytes[HEADER_LENGTH] = family === 4 ? AF_INET : AF_INET6
  bytes[HEADER_LENGTH + 4] = MAIN_TABLE
  bytes[HEADER_LENGTH + 5] = protocol
  putU32Attribute(bytes, HEADER_LENGTH + BODY_LENGTH, RTA_TABLE, MAIN_TABLE)
  putHeader(bytes, 0, bytes.length, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, sequence)
  return bytes
}

/** The route in an RTM_NEWROUTE or RTM_DELROUTE; undefined for other messages, cache entries and what is broken. Copies what it keeps. */
export function readRoute(bytes: Uint8Array, message: NetlinkMessage): KernelRoute | undefined {
  if (message.type !== RTM_NEWROUTE && message.type !== RTM_DELROUTE) return undefined
  const { body, end } = message
  if (body + BODY_LENGTH > end) return undefined
  const family = bytes[body] === AF_INET ? 4 : bytes[body] === AF_INET6 ? 6 : undefined
  const length = bytes[body + 1] ?? 0
  const flags = u32(bytes, body + 8)
  if (family === undefined || length > (family === 4 ? 32 : 128) || (flags & RTM_F_CLONED) !== 0) return undefined
  const attributes = readRouteAttributes(bytes, body + BODY_LENGTH, end, family === 4 ? 4 : 16)
  const { address, table = bytes[body + 4] ?? 0, metric = 0, index = 0, via, source } = attributes
  const type = bytes[body + 7]
  const plain = type === RTN_UNICAST ? 'unicast' : type === RTN_BLACKHOLE ? 'blackhole' : 'other'
  return {
    family,
    bytes: address ?? new Uint8Array(family === 4 ? 4 : 16),
    length,
    table,
    tos: bytes[body + 3] ?? 0,
    protocol: bytes[body + 5] ?? 0,
    metric,
    hop: {
      type: attributes.beyond ? 'other' : plain,
      index,
      onlink: (flags & RTNH_F_ONLINK) !== 0,
      scope: bytes[body + 6] ?? 0,
      ...(via === undefined ? {} : { via }),
      ...(source === undefined ? {} : { source }),
    },
  }
}

/** `beyond`: it has what we never write (several next hops, a next-hop object, a gateway of the other family). */
type RouteAttributes = {
  address?: Uint8Array
  table?: number
  metric?: number
  index?: number
  via?: Uint8Array
  source?: Uint8Array
  beyond: boolean
}

function readRouteAttributes(bytes: Uint8Array, at: number, end: number, addressSize: number): RouteAttributes {
  const found: RouteAttributes = { beyond: false }
  eachAttribute(bytes, at, end, (type, from, to) => {
    const size = to - from
    if (type === RTA_DST && size === addressSize) found.address = copyOf(bytes, from, to)
    else if (type === RTA_GATEWAY && size === addressSize) found.via = copyOf(bytes, from, to)
    else if (type === RTA_PREFSRC && size === addressSize) found.source = copyOf(bytes, from, to)
    else if (type === RTA_OIF && size === 4) found.index = u32(bytes, from)
    else if (type === RTA_PRIORITY && size === 4) found.metric = u32(bytes, from)
    else if (type === RTA_TABLE && size === 4) found.table = u32(bytes, from)
    else if (type === RTA_MULTIPATH || type === RTA_VIA || type === RTA_NH_ID) found.beyond = true
  })
  return found
}

/** `slice` of a Buffer would be a view, whose octets change with the next datagram. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to))
}
