/** An AF_NETLINK socket, made through libc; everybody else gets bytes. Throws where koffi does not load: see `felix/network/ip-kernel.ts`. */
import { getSystemErrorName } from 'node:util'

const AF_NETLINK = 16
const NETLINK_ROUTE = 0
export const NETLINK_NETFILTER = 12
const SOCK_RAW = 3
const MSG_DONTWAIT = 0x40
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SOL_NETLINK = 270
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_RCVTIMEO = 20
const SO_ATTACH_FILTER = 26
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const NETLINK_CAP_ACK = 10
const NETLINK_EXT_ACK = 11
const NETLINK_GET_STRICT_CHK = 12
const ADDRESS_LENGTH = 12

export type NetlinkSocketOptions = {
  /** NETLINK_*: which part of the kernel answers. Default: routing. */
  readonly protocol?: number
  /** RTMGRP_* bits of the event groups to join. */
  readonly groups?: number
  /** Receive buffer in octets: beyond it the kernel drops and the next receive says ENOBUFS. */
  readonly receiveBuffer: number
  /** A read of the descriptor by somebody else (`fs.read`) waits at most so long; `receive` never waits. */
  readonly receiveTimeoutMs?: number
}

type Libc = {
  readonly socket: (domain: number, type: number, protocol: number) => number
  readonly bind: (fd: number, address: Uint8Array, length: number) => number
  readonly getsockname: (fd: number, address: Uint8Array, length: Uint32Array) => number
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number
  readonly attachFilter: (fd: number, level: number, name: number, program: object, length: number) => number
  readonly send: (fd: number, bytes: Uint8Array, length: number, flags: number) => number
  readonly recv: (fd: number, bytes: Uint8Array, length: number, flags: number) => number
  readonly close: (fd: number) => number
  readonly errno: () => number
}

let loading: Promise<Libc> | undefined

async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  koffi.struct('sock_fprog', { length: 'uint16_t', instructions: 'uint8_t *' })
  return {
    socket: libc.func('int socket(int, int, int)'),
    bind: libc.func('int bind(int, const void *, uint32_t)'),
    getsockname: libc.func('int getsockname(int, void *, void *)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    attachFilter: libc.func('int setsockopt(int, int, int, const sock_fprog *, uint32_t)'),
    send: libc.func('intptr_t send(int, const void *, size_t, int)'),
    recv: libc.func('intptr_t recv(int, void *, size_t, int)'),
    close: libc.func('int close(int)'),
    errno: () => koffi.errno(),
  }
}

/** A system call that failed: `code` is the errno name, as in Node's own errors. */
export class NetlinkSocketError extends Error {
  override readonly name = 'NetlinkSocketError'
  readonly code: string

  constructor(call: string, errno: number) {
    super(`netlink ${call}: ${errnoName(errno)}`)
    this.code = errnoName(errno)
  }
}

/** "EEXIST" for 17. */
export function errnoName(errno: number): string {
  return errno <= 0 ? 'OK' : getSystemErrorName(-errno)
}

export class NetlinkSocket {
  readonly fd: number
  /** Our address on the netlink bus: nlmsg_pid of the events we cause. */
  readonly port: number
  readonly #libc: Libc
  /** What the kernel gives at least. */
  #sendBuffer = 65_536

  /** @throws NetlinkSocketError; an error of koffi where it has no binary for this machine */
  static async open(options: NetlinkSocketOptions): Promise<NetlinkSocket> {
    loading ??= loadLibc() // once, be it that several ask at the same time: koffi takes a name only once
    return new NetlinkSocket(await loading, options)
  }

  private constructor(libc: Libc, options: NetlinkSocketOptions) {
    this.#libc = libc
    const wait = options.receiveTimeoutMs
    this.fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, options.protocol ?? NETLINK_ROUTE)
    if (this.fd < 0) throw new NetlinkSocketError('socket', libc.errno())
    try {
      this.#option(SOL_NETLINK, NETLINK_CAP_ACK, Uint32Array.of(1))
      this.#option(SOL_NETLINK, NETLINK_EXT_ACK, Uint32Array.of(1))
      this.#option(SOL_NETLINK, NETLINK_GET_STRICT_CHK, Uint32Array.of(1))
      this.#receiveBuffer(options.receiveBuffer)
      if (wait !== undefined)
        this.#option(SOL_SOCKET, SO_RCVTIMEO, BigInt64Array.of(BigInt(Math.trunc(wait / 1000)), BigInt((wait % 1000) * 1000)))
      this.port = this.#bind(options.groups ?? 0)
    } catch (error) {
      libc.close(this.fd)
      throw error
    }
  }

  /**
   * Hands messages to the kernel, which handles all of them before this returns; what it refuses is waiting to be received.
   * @throws NetlinkSocketError
   */
  send(bytes: Uint8Array, length = bytes.length): void {
    if (this.#libc.send(this.fd, bytes, length, 0) < 0) throw new NetlinkSocketError('send', this.#libc.errno())
  }

  /**
   * One datagram of whole messages into `into`; 0 when nothing is waiting.
   * @throws NetlinkSocketError, ENOBUFS: messages were lost
   */
  receive(into: Uint8Array): number {
    const length = this.#libc.recv(this.fd, into, into.length, MSG_DONTWAIT)
    if (length >= 0) return length
    const error = new NetlinkSocketError('receive', this.#libc.errno())
    if (error.code === 'EAGAIN' || error.code === 'EINTR') return 0
    throw error
  }

  /** Has the kernel drop events by a classic BPF program (8 octets an instruction) before they are queued. */
  attachFilter(instructions: Uint8Array): void {
    const program = { length: instructions.length / 8, instructions }
    if (this.#libc.attachFilter(this.fd, SOL_SOCKET, SO_ATTACH_FILTER, program, 16) < 0) {
      throw new NetlinkSocketError('attach filter', this.#libc.errno())
    }
  }

  /** Room for a message of so many octets: the kernel refuses a longer one than its send buffer with EMSGSIZE. */
  growSendBuffer(octets: number): void {
    if (octets <= this.#sendBuffer) return
    this.#sendBuffer = octets
    const bytes = new Uint8Array(Uint32Array.of(octets).buffer)
    if (this.#libc.setsockopt(this.fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes, bytes.length) < 0)
      this.#option(SOL_SOCKET, SO_SNDBUF, Uint32Array.of(octets))
  }

  close(): void {
    this.#libc.close(this.fd)
  }

  /** Beyond net.core.rmem_max only root may go; others, who may read but not write, take what they get. */
  #receiveBuffer(octets: number): void {
    const bytes = new Uint8Array(Uint32Array.of(octets).buffer)
    if (this.#libc.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes, bytes.length) >= 0) return
    this.#option(SOL_SOCKET, SO_RCVBUF, Uint32Array.of(octets))
  }

  #option(level: number, name: number, value: Uint32Array | BigInt64Array): void {
    const bytes = new Uint8Array(value.buffer)
    if (this.#libc.setsockopt(this.fd, level, name, bytes, bytes.length) < 0)
      throw new NetlinkSocketError(`option ${name}`, this.#libc.errno())
  }

  /** sockaddr_nl: family u16 | pad u16 | port u32 | groups u32. Port 0 lets the kernel choose. */
  #bind(groups: number): number {
    const address = new Uint8Array(ADDRESS_LENGTH)
    const view = new Uint32Array(address.buffer)
    new Uint16Array(address.buffer)[0] = AF_NETLINK
    view[2] = groups
    if (this.#libc.bind(this.fd, address, ADDRESS_LENGTH) < 0) throw new NetlinkSocketError('bind', this.#libc.errno())
    if (this.#libc.getsockname(this.fd, address, Uint32Array.of(ADDRESS_LENGTH)) < 0) {
      throw new NetlinkSocketError('getsockname', this.#libc.errno())
    }
    return view[1] ?? 0
  }
}
