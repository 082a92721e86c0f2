/**
 * Route messages (linux/rtnetlink.h):
 *
 *   rtmsg  family u8 | destination length u8 | source length u8 | tos u8 | table u8 | protocol u8 | scope u8 | type u8 | flags u32
 */
import type { Family } from '../../src/net/address.ts'
import {
  aligned,
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
  u16,
  u32,
} from '../netlink/netlink-message.ts'
import {
  defaultMetric,
  hopOfLegs,
  type KernelHop,
  type KernelLeg,
  type KernelRoute,
  legsOf,
  MAIN_TABLE,
  type RouteChange,
  type RouteOperation,
} from './kernel-route.ts'

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

const RTNEXTHOP_LENGTH = 8

/** No message of a route with one next hop is longer. */
export const MAX_ROUTE_MESSAGE = 128
const MAX_LEG = RTNEXTHOP_LENGTH + 24

/** The room that a change may take at most. */
export function routeMessageRoom({ hop }: RouteChange): number {
  return MAX_ROUTE_MESSAGE + (hop?.legs === undefined ? 0 : hop.legs.length * MAX_LEG)
}

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
  if (operation !== 'delete' && hop !== undefined) end = putHop(bytes, end, hop, family)
  // without its gateways an IPv6 destination would be deleted with all it has, also what is somebody else's
  if (operation === 'delete' && family === 6 && hop !== undefined && legsOf(hop).length > 0) end = putLegs(bytes, end, legsOf(hop), family)
  const type = operation === 'delete' ? RTM_DELROUTE : RTM_NEWROUTE
  putHeader(bytes, at, end - at, type, NLM_F_REQUEST | operationFlags[operation], sequence)
  return end
}

const operationFlags: Record<RouteOperation, number> = {
  create: NLM_F_CREATE | NLM_F_EXCL,
  replace: NLM_F_CREATE | NLM_F_REPLACE,
  delete: 0,
}

function putHop(bytes: Uint8Array, at: number, hop: KernelHop, family: Family): number {
  if (hop.legs !== undefined) return putLegs(bytes, at, hop.legs, family)
  if (hop.type !== 'unicast') return at
  if (hop.via !== undefined) at = putGateway(bytes, at, hop.via, family)
  if (hop.index !== 0) at = putU32Attribute(bytes, at, RTA_OIF, hop.index)
  return hop.source === undefined ? at : putAttribute(bytes, at, RTA_PREFSRC, hop.source)
}

/** RTA_VIA, for an IPv4 route with an IPv6 gateway:  family u16 | address */
function putGateway(bytes: Uint8Array, at: number, via: Uint8Array, family: Family): number {
  if (family === 6 || via.length === 4) return putAttribute(bytes, at, RTA_GATEWAY, via)
  return putAttribute(bytes, at, RTA_VIA, Uint8Array.of(AF_INET6, 0, ...via))
}

/** The gateway that an attribute names; undefined: none, or one of a kind that we never write. */
function readGateway(bytes: Uint8Array, type: number, from: number, to: number, addressSize: number): Uint8Array | undefined {
  if (type === RTA_GATEWAY && to - from === addressSize) return copyOf(bytes, from, to)
  const isIpv6 = type === RTA_VIA && addressSize === 4 && to - from === 18 && u16(bytes, from) === AF_INET6
  return isIpv6 ? copyOf(bytes, from + 2, to) : undefined
}

/** RTA_MULTIPATH:  { length u16 | flags u8 | weight - 1 u8 | index i32 | RTA_GATEWAY or RTA_VIA }* */
function putLegs(bytes: Uint8Array, at: number, legs: readonly KernelLeg[], family: Family): number {
  let end = at + 4
  for (const { index, via, onlink } of legs) {
    const start = end
    end = putGateway(bytes, start + RTNEXTHOP_LENGTH, via, family)
    putU16(bytes, start, end - start)
    bytes[start + 2] = onlink ? RTNH_F_ONLINK : 0
    bytes[start + 3] = 0
    putU32(bytes, start + 4, index)
  }
  putU16(bytes, at, end - at)
  putU16(bytes, at + 2, RTA_MULTIPATH)
  return end
}

/** undefined: it has what we never write, a weight or no gateway. */
function readLegs(bytes: Uint8Array, at: number, end: number, addressSize: number): readonly KernelLeg[] | undefined {
  const legs: KernelLeg[] = []
  while (at < end) {
    const size = at + RTNEXTHOP_LENGTH <= end ? u16(bytes, at) : 0
    if (size < RTNEXTHOP_LENGTH || at + size > end || bytes[at + 3] !== 0) return undefined
    let via: Uint8Array | undefined
    eachAttribute(bytes, at + RTNEXTHOP_LENGTH, at + size, (type, from, to) => {
      via ??= readGateway(bytes, type, from, to, addressSize)
    })
    if (via === undefined) return undefined
    legs.push({ index: u32(bytes, at + 4), via, onlink: ((bytes[at + 2] as number) & RTNH_F_ONLINK) !== 0 })
    at += aligned(size)
  }
  return legs.length === 0 ? undefined : legs
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
    hop:
      attributes.legs !== undefined && plain === 'unicast' && !attributes.beyond && source === undefined
        ? hopOfLegs(attributes.legs)
        : {
            type: attributes.beyond || attributes.legs !== undefined ? 'other' : plain,
            index,
            onlink: (flags & RTNH_F_ONLINK) !== 0,
            scope: bytes[body + 6] ?? 0,
            ...(via === undefined ? {} : { via }),
            ...(source === undefined ? {} : { source }),
          },
  }
}

/** `beyond`: it has what we never write (next hops with weights, a next-hop object, a gateway of another kind). */
type RouteAttributes = {
  address?: Uint8Array
  table?: number
  metric?: number
  index?: number
  via?: Uint8Array
  source?: Uint8Array
  legs?: readonly KernelLeg[]
  beyond: boolean
}

function readRouteAttributes(bytes: Uint8Array, at: number, end: number, addressSize: number): RouteAttributes {
  const found: RouteAttributes = { beyond: false }
  eachAttribute(bytes, at, end, (type, from, to) => {
    const size = to - from
    if (type === RTA_DST && size === addressSize) found.address = copyOf(bytes, from, to)
    else if (type === RTA_GATEWAY || type === RTA_VIA) {
      const via = readGateway(bytes, type, from, to, addressSize)
      if (via === undefined) found.beyond = true
      else found.via = via
    } else if (type === RTA_PREFSRC && size === addressSize) found.source = copyOf(bytes, from, to)
    else if (type === RTA_OIF && size === 4) found.index = u32(bytes, from)
    else if (type === RTA_PRIORITY && size === 4) found.metric = u32(bytes, from)
    else if (type === RTA_TABLE && size === 4) found.table = u32(bytes, from)
    else if (type === RTA_MULTIPATH) {
      const legs = readLegs(bytes, from, to, addressSize)
      if (legs === undefined) found.beyond = true
      else found.legs = legs
    } else if (type === RTA_NH_ID) found.beyond = true
  })
  return found
}

/** `slice` of a Buffer would be a view, whose octets change with the next datagram. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to))
}
