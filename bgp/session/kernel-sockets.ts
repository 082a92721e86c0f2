import { Socket } from 'node:net'
import { familyOf, type IpAddress } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import { isLinkLocal, zoned } from '../../src/net/zone.ts'
import { type Libc, SystemCallError } from './libc.ts'
import {
  AF_INET,
  AF_INET6,
  connectionOptions,
  dialOptions,
  IPPROTO_TCP,
  isKeyRemoval,
  listenOptions,
  md5Key,
  octetsOf,
  type SocketOption,
  socketAddress,
  synTtl,
  TCP_SAVED_SYN,
} from './socket-options.ts'
import type { SocketTerms } from './socket-terms.ts'
import type { Endpoint, ListenTarget, Sockets } from './sockets.ts'

const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000
const SOCK_NONBLOCK = 0o4000

/** Nothing is read before there is a connection. Node.js has this option for its own use; without it one read more would fail in vain. */
const untilConnected = { manualStart: true }

/** Sockets that are made and given their options here, and then left to node:net. */
export class KernelSockets implements Sockets {
  readonly #libc: Libc

  constructor(libc: Libc) {
    this.#libc = libc
  }

  refusal(): undefined {
    return undefined
  }

  dial(to: Endpoint & { readonly port: number }, from: IpAddress | undefined, terms: SocketTerms): Socket {
    try {
      const fd = this.#open(to.address, dialOptions(to.address, terms))
      const socket = new Socket({ fd, readable: true, writable: true, noDelay: true, ...untilConnected })
      return socket.connect({ host: zoned(to), port: to.port, ...(from === undefined ? {} : { localAddress: from }) })
    } catch (error) {
      const socket = new Socket()
      return socket.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  apply(socket: Socket, remote: IpAddress, terms: SocketTerms): void {
    const fd = descriptorOf(socket)
    if (fd === undefined) return // it is gone already, and 'close' tells
    for (const option of connectionOptions(remote, terms)) this.#set(fd, option)
  }

  admit(socket: Socket, remote: IpAddress, terms: SocketTerms): void {
    this.apply(socket, remote, terms)
    const { minTtl } = terms
    const fd = descriptorOf(socket)
    if (minTtl === undefined || fd === undefined) return
    const ttl = this.#synTtl(fd)
    if (ttl !== undefined && ttl >= minTtl) return
    const came = ttl === undefined ? 'a TTL that is not known (SYN cookies)' : `a TTL of ${ttl}`
    throw new Error(`it came with ${came}, ttlSecurity takes ${minTtl} and more (RFC 5082)`)
  }

  bind({ address, interface: link = '' }: Endpoint, port: number): ListenTarget {
    const fd = this.#open(address, listenOptions(familyOf(address)))
    const scope = isLinkLocal(address) ? this.#libc.if_nametoindex(link) : 0
    const name = socketAddress(octetsOf(address), port, scope)
    if (this.#libc.bind(fd, name, name.length) < 0) {
      const error = new SystemCallError(`bind ${address} port ${port}`, this.#libc.errno())
      this.#libc.close(fd)
      throw error
    }
    return { fd }
  }

  setListenKey(fd: number, peers: Cidr, key: string | undefined): void {
    this.#set(fd, md5Key(peers, key))
  }

  #synTtl(fd: number): number | undefined {
    const syn = new Uint8Array(256)
    const length = Uint32Array.of(syn.length)
    if (this.#libc.getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, length) < 0)
      throw new SystemCallError('the TTL of a connection', this.#libc.errno())
    return synTtl(syn.subarray(0, length[0]))
  }

  #open(address: IpAddress, options: readonly SocketOption[]): number {
    const domain = familyOf(address) === 4 ? AF_INET : AF_INET6
    const fd = this.#libc.socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
    if (fd < 0) throw new SystemCallError('socket', this.#libc.errno())
    try {
      for (const option of options) this.#set(fd, option)
    } catch (error) {
      this.#libc.close(fd)
      throw error
    }
    return fd
  }

  #set(fd: number, option: SocketOption): void {
    const { level, name, value } = option
    if (this.#libc.setsockopt(fd, level, name, value, value.length) >= 0) return
    const error = new SystemCallError(`socket option ${level}/${name}`, this.#libc.errno())
    const hasNone = isKeyRemoval(option) && ['ENOENT', 'ENOPROTOOPT'].includes(error.code)
    if (!hasNone) throw error
  }
}

/** Node.js tells the descriptor of a socket it has accepted to nobody else. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = '_handle' in socket ? socket._handle : undefined
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return undefined
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined
}
