import { read } from 'node:fs'
import { promisify } from 'node:util'
import {
  HEADER_LENGTH,
  messagesIn,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  putHeader,
} from '../netlink/netlink-message.ts'
import { NetlinkSocket } from '../netlink/netlink-socket.ts'
import type { KernelEvent, Monitor, MonitorDependencies } from './monitor.ts'
import { readAddress } from './netlink-address.ts'
import { readLink } from './netlink-link.ts'
import { RTM_DELROUTE, readRoute } from './netlink-route.ts'
import { ownRouteFilter } from './own-route-filter.ts'

const RTMGRP_LINK = 0x1
const RTMGRP_IPV4_ADDRESS = 0x10
const RTMGRP_IPV4_ROUTE = 0x40
const RTMGRP_IPV6_ADDRESS = 0x100
const RTMGRP_IPV6_ROUTE = 0x400
const GROUPS = RTMGRP_LINK | RTMGRP_IPV4_ADDRESS | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ADDRESS | RTMGRP_IPV6_ROUTE
const RECEIVE_BUFFER = 8 * 1024 * 1024
const NLMSG_NOOP = 1
/** How long a process that ends without `close` may have to wait for the reading thread. */
const READ_TIMEOUT_MS = 500
/** Datagrams handed over at once. */
const MOST_AT_ONCE = 256

const readSome = promisify(read)

/**
 * Kernel events from a netlink socket. `net.Socket` refuses such a descriptor, and a worker thread costs some 10 MB; `fs.read` waits in
 * one thread of the pool that Node has anyway, and costs nothing while nothing happens.
 */
export class NetlinkMonitor implements Monitor {
  readonly #socket: NetlinkSocket
  readonly #dependencies: MonitorDependencies
  readonly #bytes = Buffer.alloc(65_536)
  readonly #listening: Promise<void>
  #closed = false

  /** @param ownPort events about routes that this netlink port caused are dropped by the kernel itself */
  static async open(ownPort: number, dependencies: MonitorDependencies): Promise<NetlinkMonitor> {
    const socket = await NetlinkSocket.open({ groups: GROUPS, receiveBuffer: RECEIVE_BUFFER, receiveTimeoutMs: READ_TIMEOUT_MS })
    socket.attachFilter(ownRouteFilter(ownPort))
    return new NetlinkMonitor(socket, dependencies)
  }

  private constructor(socket: NetlinkSocket, dependencies: MonitorDependencies) {
    this.#socket = socket
    this.#dependencies = dependencies
    this.#listening = this.#listen()
  }

  async close(): Promise<void> {
    if (this.#closed) return this.#listening
    this.#closed = true
    // the acknowledgement of a message that means nothing ends the read
    const noop = new Uint8Array(HEADER_LENGTH)
    putHeader(noop, 0, noop.length, NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, 1)
    this.#socket.send(noop)
    return this.#listening
  }

  async #listen(): Promise<void> {
    try {
      while (!this.#closed) {
        const events = await this.#wait()
        if (events.length > 0 && !this.#closed) this.#dependencies.onEvents(events)
      }
    } catch (error) {
      if (!this.#closed) this.#dependencies.onError(error)
    } finally {
      this.#socket.close()
    }
  }

  /** Waits for a datagram and takes with it what has come meanwhile. */
  async #wait(): Promise<KernelEvent[]> {
    const events: KernelEvent[] = []
    try {
      const { bytesRead } = await readSome(this.#socket.fd, this.#bytes, 0, this.#bytes.length, null)
      for (let length = bytesRead, n = 1; length > 0; n++) {
        for (const message of messagesIn(this.#bytes, length)) events.push(...eventsOf(this.#bytes, message))
        length = n < MOST_AT_ONCE ? this.#socket.receive(this.#bytes) : 0
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'ENOBUFS') events.push({ type: 'lost' })
      else if (code !== 'EAGAIN' && code !== 'EINTR') throw error
    }
    return events
  }
}

/** The event a message is about: none or one. */
export function eventsOf(bytes: Uint8Array, message: NetlinkMessage): KernelEvent[] {
  const route = readRoute(bytes, message)
  if (route !== undefined) {
    const added = (message.flags & NLM_F_REPLACE) !== 0 ? 'replaced' : 'added'
    return [{ type: 'route', route, change: message.type === RTM_DELROUTE ? 'removed' : added }]
  }
  const link = readLink(bytes, message)
  if (link !== undefined) return [{ type: 'link', message: link }]
  const address = readAddress(bytes, message)
  return address === undefined ? [] : [{ type: 'address', message: address }]
}
