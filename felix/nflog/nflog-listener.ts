import { messagesIn, type NetlinkMessage, readError } from '../netlink/netlink-message.ts'
import { NETLINK_NETFILTER, NetlinkSocket, NetlinkSocketError } from '../netlink/netlink-socket.ts'
import { type CopyOptions, copiesRequest, type PacketCopy, readPacketCopy } from './nflog-message.ts'

const RECEIVE_BUFFER = 1024 * 1024
/** Enough for IPv6 with some extension headers and the ports behind. */
const COPY_OCTETS = 128
/** What the kernel gathers into one datagram. */
const gathering = { copyOctets: COPY_OCTETS, bufferOctets: 16_384, mostCopies: 50, waitMs: 100 }
const REQUEST_SEQUENCE = 1

/** @property lost copies that the kernel had made and had no room for  @property unread those that are no packets of IP */
export type CopyCounters = { readonly read: number; readonly lost: number; readonly unread: number }

/** Whether the kernel can copy packets at all: where it cannot, a rule that asks for it would be refused with all others. */
export async function copiesPackets(group: number): Promise<boolean> {
  try {
    const listener = await NflogListener.open(group)
    listener.close()
    return true
  } catch (error) {
    // the answer of a kernel without nfnetlink_log; whatever else it was stands in the way of listening only
    return !(error instanceof NetlinkSocketError && (error.code === 'EINVAL' || error.code === 'EPROTONOSUPPORT'))
  }
}

/**
 * The copies of packets of one nfnetlink_log group, of the network namespace this was opened in. Nothing is read until somebody asks:
 * what comes meanwhile waits in the socket's buffer, beyond which the kernel drops and counts, so that a flood costs nothing here.
 */
export class NflogListener {
  readonly #socket: NetlinkSocket
  readonly #bytes = new Uint8Array(65_536)
  #counters = { read: 0, lost: 0, unread: 0 }
  #expected: number | undefined

  /** @throws NetlinkSocketError: EPERM where another program has the group, or without CAP_NET_ADMIN; an error of koffi without it */
  static async open(group: number): Promise<NflogListener> {
    const socket = await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, receiveBuffer: RECEIVE_BUFFER })
    try {
      return new NflogListener(socket, { group, ...gathering })
    } catch (error) {
      socket.close()
      throw error
    }
  }

  private constructor(socket: NetlinkSocket, options: CopyOptions) {
    this.#socket = socket
    socket.send(copiesRequest(options, REQUEST_SEQUENCE))
    this.#awaitVerdict()
  }

  /** Numbers that only grow. */
  get counters(): CopyCounters {
    return this.#counters
  }

  /**
   * Calls back for each copy that waits, until none does or `isEnough` says so, which is asked after each datagram: some 50 copies.
   * @throws NetlinkSocketError
   */
  read(visit: (copy: PacketCopy) => void, isEnough: () => boolean): void {
    for (let length = this.#receive(); length > 0; length = this.#receive()) {
      for (const message of messagesIn(this.#bytes, length)) this.#take(message, visit)
      if (isEnough()) return
    }
  }

  close(): void {
    this.#socket.close()
  }

  #take(message: NetlinkMessage, visit: (copy: PacketCopy) => void): void {
    if (readError(this.#bytes, message) !== undefined) return // the kernel ends what it gathers with NLMSG_DONE
    const copy = readPacketCopy(this.#bytes, message)
    if (copy === undefined) {
      this.#counters = { ...this.#counters, unread: this.#counters.unread + 1 }
      return
    }
    const { sequence = this.#expected ?? 0 } = copy
    const lost = (sequence - (this.#expected ?? sequence)) >>> 0
    this.#expected = (sequence + 1) >>> 0
    this.#counters = { ...this.#counters, read: this.#counters.read + 1, lost: this.#counters.lost + lost }
    visit(copy)
  }

  /** The kernel says once that it dropped; how many is told by the next sequence number. */
  #receive(): number {
    try {
      return this.#socket.receive(this.#bytes)
    } catch (error) {
      if (error instanceof NetlinkSocketError && error.code === 'ENOBUFS') return this.#socket.receive(this.#bytes)
      throw error
    }
  }

  /** The kernel answers before `send` returns; copies may stand in front of it. */
  #awaitVerdict(): void {
    for (let length = this.#receive(); length > 0; length = this.#receive()) {
      for (const message of messagesIn(this.#bytes, length)) {
        const verdict = readError(this.#bytes, message)
        if (verdict?.sequence !== REQUEST_SEQUENCE) continue
        if (verdict.errno === 0) return
        throw new NetlinkSocketError('nfnetlink_log bind', verdict.errno)
      }
    }
    throw new Error(`netlink nfnetlink_log bind: no answer`)
  }
}
