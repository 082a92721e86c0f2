/** UDP sockets with what `node:dgram` cannot set: a packet filter, TTL before the first packet, an interface. Made through libc, then handed to `node:dgram`. */
import { createSocket, type Socket } from 'node:dgram'
import { type Family, familyOf, type IpAddress } from '../../src/net/address.ts'
import { type Libc, loadLibc, SystemCallError } from '../session/libc.ts'
import { AF_INET, AF_INET6, octetsOf, socketAddress } from '../session/socket-options.ts'

const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_BINDTODEVICE = 25
const SO_RCVBUFFORCE = 33
const IPPROTO_IP = 0
const IP_TOS = 1
const IP_TTL = 2
const IPPROTO_IPV6 = 41
const IPV6_UNICAST_HOPS = 16
const IPV6_V6ONLY = 26
const IPV6_TCLASS = 67
/** DSCP CS6, network control (RFC 4594 §3.1), in the upper six bits. */
const networkControl = 0xc0
const farthestTtl = 255

/** A small packet counts for 768 octets there: room for half a second of a thousand sessions at 300 ms. The default has room for 277 packets. */
const receiveBuffer = 2 * 1024 * 1024

const anyAddress: Readonly<Record<Family, Uint8Array>> = { 4: new Uint8Array(4), 6: new Uint8Array(16) }
const packetOptions: Readonly<Record<Family, readonly (readonly [level: number, name: number, value: number])[]>> = {
  4: [
    [IPPROTO_IP, IP_TTL, farthestTtl],
    [IPPROTO_IP, IP_TOS, networkControl],
  ],
  6: [
    [IPPROTO_IPV6, IPV6_V6ONLY, 1],
    [IPPROTO_IPV6, IPV6_UNICAST_HOPS, farthestTtl],
    [IPPROTO_IPV6, IPV6_TCLASS, networkControl],
  ],
}

/** @property local absent: any address @property interface packets come and go by this one only @property filter see ttl-filter.ts */
export type UdpSocketOptions = {
  readonly family: Family
  readonly local?: IpAddress
  readonly interface?: string
  readonly port: number
  readonly filter: Uint8Array
}

export type UdpSocket = { readonly socket: Socket; readonly setFilter: (filter: Uint8Array) => void }

/** Opens a bound socket that sends with TTL 255 (RFC 5881 §5) and DSCP CS6. @throws SystemCallError */
export type OpenUdpSocket = (options: UdpSocketOptions) => UdpSocket

/** @throws what koffi throws where it has no binary for this machine */
export async function udpSockets(): Promise<OpenUdpSocket> {
  const libc = await loadLibc()
  return (options) => open(libc, options)
}

function open(libc: Libc, options: UdpSocketOptions): UdpSocket {
  const { family } = options
  const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw new SystemCallError('socket', libc.errno())
  try {
    prepare(libc, fd, options)
  } catch (error) {
    libc.close(fd)
    throw error
  }
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', lookup: asWritten })
  socket.bind({ fd, exclusive: true })
  return { socket, setFilter: (filter) => attach(libc, fd, filter) }
}

/** The filter comes first: nothing slips in before it. */
function prepare(libc: Libc, fd: number, { family, local, interface: link, port, filter }: UdpSocketOptions): void {
  attach(libc, fd, filter)
  for (const [level, name, value] of packetOptions[family]) set(libc, fd, level, name, new Uint8Array(Int32Array.of(value).buffer))
  widen(libc, fd)
  if (link !== undefined) set(libc, fd, SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(link))
  const address = socketAddress(local === undefined ? anyAddress[family] : octetsOf(local), port, 0)
  if (libc.bind(fd, address, address.length) < 0) throw new SystemCallError(`bind ${local ?? '*'} port ${port}`, libc.errno())
}

function attach(libc: Libc, fd: number, filter: Uint8Array): void {
  if (libc.attachFilter(fd, filter) < 0) throw new SystemCallError('socket filter', libc.errno())
}

/** Without CAP_NET_ADMIN the system's limit holds (net.core.rmem_max). */
function widen(libc: Libc, fd: number): void {
  const octets = new Uint8Array(Int32Array.of(receiveBuffer).buffer)
  if (libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, octets, octets.length) < 0) set(libc, fd, SOL_SOCKET, SO_RCVBUF, octets)
}

function set(libc: Libc, fd: number, level: number, name: number, value: Uint8Array): void {
  if (libc.setsockopt(fd, level, name, value, value.length) < 0) throw new SystemCallError(`socket option ${level}/${name}`, libc.errno())
}

/** Addresses are never names: what `send` is given goes to the kernel as it stands. */
function asWritten(address: string, _options: unknown, callback: (error: null, address: string, family: number) => void): void {
  callback(null, address, familyOf(address))
}
