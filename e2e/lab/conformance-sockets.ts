/** Packet and raw sockets in other network namespaces, through libc: what Node.js has no call for. */
import { closeSync, openSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import koffi from 'koffi'
import { addressBytes, type Family } from './conformance-packet.ts'

const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const AF_PACKET = 17
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const IPPROTO_RAW = 255
const NETLINK_NETFILTER = 12
const NFNL_SUBSYS_CTNETLINK = 1
const IPCTNL_MSG_CT_DELETE = 2
const NLM_F_REQUEST_ACK = 5
const ETH_P_ALL = 3
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const SOL_PACKET = 263
const PACKET_IGNORE_OUTGOING = 23
const MSG_DONTWAIT = 0x40
const CLONE_NEWNET = 0x4000_0000
const receiveBuffer = 16 << 20

const libc = koffi.load(null)
const setns = libc.func('int setns(int, int)')
const socket = libc.func('int socket(int, int, int)')
const bind = libc.func('int bind(int, const void *, uint32_t)')
const setsockopt = libc.func('int setsockopt(int, int, int, const void *, uint32_t)')
const send = libc.func('intptr_t send(int, const void *, size_t, int)')
const sendto = libc.func('intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)')
const recv = libc.func('intptr_t recv(int, void *, size_t, int)')
const ifNameToIndex = libc.func('uint32_t if_nametoindex(const char *)')
const schedGetCpu = libc.func('int sched_getcpu()')
const schedSetAffinity = libc.func('int sched_setaffinity(int, size_t, const void *)')

const buffer = Buffer.alloc(65_536)

/** Runs `make` with this thread in the named namespace; it must not wait for anything. */
export function inNamespace<Made>(name: string, make: () => Made): Made {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  const there = openSync(`/run/netns/${name}`, 'r')
  try {
    check('setns', setns(there, CLONE_NEWNET))
    return make()
  } finally {
    check('setns', setns(home, CLONE_NEWNET))
    closeSync(there)
    closeSync(home)
  }
}

/**
 * Keeps this thread on the processor it is on. What it sends then waits in that processor's one queue, first in, first out, whatever
 * the namespace: a packet that has come says that all sent before it have come as far.
 */
export function stayOnOneProcessor(): void {
  const mask = new Uint8Array(128)
  const cpu: number = check('sched_getcpu', schedGetCpu())
  mask[cpu >> 3] = 1 << (cpu & 7)
  check('sched_setaffinity', schedSetAffinity(0, mask.length, mask))
}

/** The wire itself: whole Ethernet frames, before any rule of this end's own kernel. */
export class Wire {
  readonly #fd: number
  readonly #header: Readonly<Record<Family, Buffer>>

  /** @param ends MAC addresses as text */
  constructor(namespace: string, interfaceName: string, ends: { readonly own: string; readonly peer: string }) {
    const head = Buffer.from(`${ends.peer}${ends.own}`.replaceAll(':', ''), 'hex')
    this.#header = { 4: Buffer.concat([head, Buffer.from([0x08, 0x00])]), 6: Buffer.concat([head, Buffer.from([0x86, 0xdd])]) }
    this.#fd = inNamespace(namespace, () => open(AF_PACKET, swapped(ETH_P_ALL), interfaceName))
  }

  send(family: Family, packet: Buffer): void {
    const frame = Buffer.concat([this.#header[family], packet])
    check('send', send(this.#fd, frame, frame.length, 0))
  }

  /** What came since, as IP packets; the buffers are only valid during the call. */
  receive(take: (packet: Buffer) => void): void {
    for (let frame = received(this.#fd); frame !== undefined; frame = received(this.#fd)) take(frame.subarray(14))
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** A machine's own IP: packets leave through its OUTPUT chains and are seen once its INPUT chains let them through. */
export class HostSockets {
  readonly #out: Readonly<Record<Family, number>>
  readonly #in: readonly { readonly family: Family; readonly protocol: number; readonly fd: number }[]

  /** @param protocols IP protocol numbers that are listened to */
  constructor(namespace: string, protocols: readonly number[]) {
    const [out, listening] = inNamespace(namespace, () => [
      { 4: open(AF_INET, IPPROTO_RAW), 6: open(AF_INET6, IPPROTO_RAW) },
      protocols.flatMap((protocol) =>
        ([4, 6] as const).map((family) => ({ family, protocol, fd: open(family === 4 ? AF_INET : AF_INET6, protocol) })),
      ),
    ])
    this.#out = out
    this.#in = listening
  }

  /** Whether the machine's own rules and routes let it go. */
  send(family: Family, packet: Buffer, destination: string): boolean {
    const address = Buffer.alloc(family === 4 ? 16 : 28)
    address.writeUInt16LE(family === 4 ? AF_INET : AF_INET6, 0)
    addressBytes(destination).copy(address, family === 4 ? 4 : 8)
    if (Number(sendto(this.#out[family], packet, packet.length, 0, address, address.length)) >= 0) return true
    const code = getSystemErrorName(-koffi.errno())
    // EINVAL is what a blackhole route says.
    if (['EPERM', 'EINVAL', 'ENETUNREACH', 'EHOSTUNREACH'].includes(code)) return false
    throw new Error(`sendto ${destination}: ${code}`)
  }

  /** `protocol` is given where the IP header is not part of what comes: IPv6. */
  receive(take: (packet: Buffer, protocol: number | undefined) => void): void {
    for (const { family, protocol, fd } of this.#in) {
      for (let packet = received(fd); packet !== undefined; packet = received(fd)) take(packet, family === 4 ? undefined : protocol)
    }
  }

  close(): void {
    for (const fd of [this.#out[4], this.#out[6], ...this.#in.map(({ fd }) => fd)]) closeSync(fd)
  }
}

/** Forgets every connection of the namespace: IPCTNL_MSG_CT_DELETE of ctnetlink, for no connection in particular. */
export function flushConntrack(namespace: string): void {
  const fd = inNamespace(namespace, () => open(AF_NETLINK, NETLINK_NETFILTER))
  const message = Buffer.alloc(20)
  message.writeUInt32LE(message.length, 0)
  message.writeUInt16LE((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, 4)
  message.writeUInt16LE(NLM_F_REQUEST_ACK, 6)
  check('send', send(fd, message, message.length, 0))
  const answer = received(fd)
  closeSync(fd)
  const error = answer?.readInt32LE(16)
  if (error !== 0) throw new Error(`conntrack cannot be emptied: ${error === undefined ? 'no answer' : getSystemErrorName(error)}`)
}

function open(domain: number, protocol: number, interfaceName?: string): number {
  const fd = check('socket', socket(domain, SOCK_RAW | SOCK_CLOEXEC, protocol))
  option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receiveBuffer)
  if (interfaceName === undefined) return fd
  option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
  const address = Buffer.alloc(20)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16LE(protocol, 2)
  address.writeInt32LE(ifNameToIndex(interfaceName), 4)
  check('bind', bind(fd, address, address.length))
  return fd
}

function option(fd: number, level: number, name: number, value: number): void {
  const bytes = new Uint8Array(Uint32Array.of(value).buffer)
  check('setsockopt', setsockopt(fd, level, name, bytes, bytes.length))
}

function received(fd: number): Buffer | undefined {
  const length = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT))
  if (length >= 0) return buffer.subarray(0, length)
  const code = getSystemErrorName(-koffi.errno())
  if (code === 'EAGAIN') return undefined
  throw new Error(`recv: ${code}`)
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8)
}

function check(call: string, result: number | bigint): number {
  if (Number(result) >= 0) return Number(result)
  throw new Error(`${call}: ${getSystemErrorName(-koffi.errno())}`)
}
