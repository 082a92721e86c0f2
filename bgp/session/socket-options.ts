/** Socket options as the kernel takes them (tcp(7), ip(7), ipv6(7)); pure. */
import { addressBytes, type Family, familyOf, type IpAddress } from '../../src/net/address.ts'
import { type Cidr, parsePrefix } from '../../src/net/prefix.ts'
import type { SocketTerms } from './socket-terms.ts'

export type SocketOption = { readonly level: number; readonly name: number; readonly value: Uint8Array }

export const AF_INET = 2
export const AF_INET6 = 10
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const IPPROTO_IP = 0
const IP_TOS = 1
const IP_TTL = 2
const IP_MINTTL = 21
export const IPPROTO_TCP = 6
const TCP_MD5SIG = 14
const TCP_SAVE_SYN = 27
export const TCP_SAVED_SYN = 28
const TCP_MD5SIG_EXT = 32
const TCP_MD5SIG_FLAG_PREFIX = 1
const IPPROTO_IPV6 = 41
const IPV6_UNICAST_HOPS = 16
const IPV6_V6ONLY = 26
const IPV6_TCLASS = 67
const IPV6_MINHOPCOUNT = 73

/** DSCP CS6, network control (RFC 4594 §3.1), in the upper six bits. */
const networkControl = 0xc0
/** Back to the default of the system. */
const systemTtl = -1
const anyTtl = 0
const farthestTtl = 255

/**
 * Of a listening socket. It answers with TTL 255, since a peer with GTSM takes nothing less already from the first packet on; each
 * accepted connection then gets its own.
 */
export function listenOptions(family: Family): readonly SocketOption[] {
  const common = [
    number(SOL_SOCKET, SO_REUSEADDR, 1),
    trafficClass(family),
    ttl(family, farthestTtl),
    number(IPPROTO_TCP, TCP_SAVE_SYN, 1), // see `synTtl`
  ]
  return family === 4 ? common : [number(IPPROTO_IPV6, IPV6_V6ONLY, 1), ...common]
}

/** Of a connection before it is dialled: without a key there is none to take back. */
export function dialOptions(remote: IpAddress, terms: SocketTerms): readonly SocketOption[] {
  const { key } = terms
  const family = familyOf(remote)
  return [trafficClass(family), ...pathOptions(family, terms), ...(key === undefined ? [] : [md5Key(remote, key)])]
}

/** Of a connection that is there: also takes back what held before. */
export function connectionOptions(remote: IpAddress, terms: SocketTerms): readonly SocketOption[] {
  const family = familyOf(remote)
  return [trafficClass(family), ...pathOptions(family, terms), md5Key(remote, terms.key)]
}

/**
 * struct tcp_md5sig, 216 octets:
 * sockaddr_storage, 128 | flags u8 | prefix length u8 | key length u16 | interface index u32 | key, 80
 * @param peers an address or, for listening sockets, a prefix
 * @param key undefined: there is none any more (ENOENT where there was none)
 */
export function md5Key(peers: IpAddress | Cidr, key: string | undefined): SocketOption {
  const prefix = parsePrefix(peers)
  if (prefix === undefined) throw new Error(`"${peers}" is no address`)
  const octets = new TextEncoder().encode(key ?? '')
  const value = new Uint8Array(216)
  value.set(socketAddress(prefix.bytes, 0, 0))
  const isRange = prefix.length < prefix.bytes.length * 8
  value[128] = isRange ? TCP_MD5SIG_FLAG_PREFIX : 0
  value[129] = isRange ? prefix.length : 0
  value.set(hostU16(octets.length), 130)
  value.set(octets, 136)
  return { level: IPPROTO_TCP, name: isRange ? TCP_MD5SIG_EXT : TCP_MD5SIG, value }
}

/**
 * The TTL or hop limit of the SYN that began an accepted connection: what came before the kernel knew the least TTL was not checked by
 * it, and has the same way behind it as the SYN.
 * @param syn the packet as TCP_SAVED_SYN has it, from its IP header on; empty: it was not kept, behind a SYN cookie, or has been asked before
 */
export function synTtl(syn: Uint8Array): number | undefined {
  const version = (syn[0] ?? 0) >>> 4
  return version === 6 ? syn[7] : syn[8]
}

/** Whether the kernel had no key to take back: nothing is wrong then. */
export function isKeyRemoval({ level, name, value }: SocketOption): boolean {
  return level === IPPROTO_TCP && (name === TCP_MD5SIG || name === TCP_MD5SIG_EXT) && value[130] === 0 && value[131] === 0
}

/**
 * sockaddr_in:   family u16 | port u16, network order | address, 4 | 8 octets of zero
 * sockaddr_in6:  family u16 | port u16, network order | flow u32 | address, 16 | scope u32
 * @param scope index of the interface of a link-local address, else 0
 */
export function socketAddress(address: Uint8Array, port: number, scope: number): Uint8Array {
  const isV4 = address.length === 4
  const bytes = new Uint8Array(isV4 ? 16 : 28)
  bytes.set(hostU16(isV4 ? AF_INET : AF_INET6))
  bytes.set([port >>> 8, port & 0xff], 2)
  bytes.set(address, isV4 ? 4 : 8)
  if (!isV4) bytes.set(new Uint8Array(Uint32Array.of(scope).buffer), 24)
  return bytes
}

/** @throws Error for what is no address */
export function octetsOf(address: IpAddress): Uint8Array {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`"${address}" is no address`)
  return bytes
}

function pathOptions(family: Family, terms: SocketTerms): readonly SocketOption[] {
  const minTtl = terms.minTtl ?? anyTtl
  const minimum = family === 4 ? number(IPPROTO_IP, IP_MINTTL, minTtl) : number(IPPROTO_IPV6, IPV6_MINHOPCOUNT, minTtl)
  return [ttl(family, terms.ttl ?? systemTtl), minimum]
}

function ttl(family: Family, value: number): SocketOption {
  return family === 4 ? number(IPPROTO_IP, IP_TTL, value) : number(IPPROTO_IPV6, IPV6_UNICAST_HOPS, value)
}

function trafficClass(family: Family): SocketOption {
  return family === 4 ? number(IPPROTO_IP, IP_TOS, networkControl) : number(IPPROTO_IPV6, IPV6_TCLASS, networkControl)
}

function number(level: number, name: number, value: number): SocketOption {
  return { level, name, value: new Uint8Array(Int32Array.of(value).buffer) }
}

function hostU16(value: number): Uint8Array {
  return new Uint8Array(Uint16Array.of(value).buffer)
}
