import {
  aligned,
  eachAttribute,
  HEADER_LENGTH,
  messagesIn,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  putAttribute,
  putHeader,
  readError,
  readText,
} from '../netlink/netlink-message.ts'
import { errnoName, NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.ts'

// linux/netfilter/nfnetlink.h, ipset/ip_set.h
const IPSET_CMD_LIST = 0x0607
const IPSET_PROTOCOL = 6
const ATTR_PROTOCOL = 1
const ATTR_SETNAME = 2
const ATTR_FLAGS = 6
const ATTR_DATA = 7
const ATTR_ELEMENTS = 24
const FLAG_LIST_HEADER = 1 << 2
const NETWORK_ORDER = 0x4000
const GENERIC_LENGTH = 4
const NFPROTO_IPV4 = 2
const REQUEST_LENGTH = HEADER_LENGTH + GENERIC_LENGTH + 8 + 8

/** Asks the kernel how many members each IP set has: a few system calls, no program, and no member is listed. */
export class IpSetCounts {
  readonly #socket: NetlinkSocket
  readonly #bytes = Buffer.alloc(65_536)

  /** @throws where netlink cannot be used */
  static async open(): Promise<IpSetCounts> {
    return new IpSetCounts(await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, receiveBuffer: 1024 * 1024 }))
  }

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket
  }

  /** By the set's name, of all sets in this network namespace. @throws Error where the kernel refuses, as one without ipset does */
  read(): Map<string, number> {
    const counts = new Map<string, number>()
    this.#socket.send(listRequest())
    for (;;) {
      const length = this.#socket.receive(this.#bytes)
      if (length === 0) throw new Error('netlink: the list of IP sets has no end')
      if (readCounts(this.#bytes, length, counts)) return counts
    }
  }

  close(): void {
    this.#socket.close()
  }
}

/** A dump of headers: header 16 | family u8 | version u8 | resource u16 | protocol u8 | flags u32, network order. */
export function listRequest(): Uint8Array {
  const bytes = new Uint8Array(REQUEST_LENGTH)
  putHeader(bytes, 0, REQUEST_LENGTH, IPSET_CMD_LIST, NLM_F_REQUEST | NLM_F_DUMP, 1)
  bytes[HEADER_LENGTH] = NFPROTO_IPV4
  const flagsAt = putAttribute(bytes, HEADER_LENGTH + GENERIC_LENGTH, ATTR_PROTOCOL, Uint8Array.of(IPSET_PROTOCOL))
  putAttribute(bytes, flagsAt, ATTR_FLAGS | NETWORK_ORDER, Uint8Array.of(0, 0, 0, FLAG_LIST_HEADER))
  return bytes.subarray(0, aligned(REQUEST_LENGTH))
}

/** Adds what is in `bytes[0, length)`. Gives whether the list ends there. @throws Error with the kernel's errno */
export function readCounts(bytes: Uint8Array, length: number, counts: Map<string, number>): boolean {
  for (const message of messagesIn(bytes, length)) {
    const verdict = readError(bytes, message)
    if (verdict !== undefined && verdict.errno !== 0) throw new Error(`netlink: IP sets cannot be listed: ${errnoName(verdict.errno)}`)
    if (message.type === NLMSG_DONE) return true
    if (message.type !== IPSET_CMD_LIST) continue
    let name = ''
    let elements: number | undefined
    eachAttribute(bytes, message.body + GENERIC_LENGTH, message.end, (type, from, to) => {
      if (type === ATTR_SETNAME) name = readText(bytes, from, to)
      if (type === ATTR_DATA) elements = elementsIn(bytes, from, to)
    })
    if (name !== '' && elements !== undefined) counts.set(name, elements)
  }
  return false
}

function elementsIn(bytes: Uint8Array, at: number, end: number): number | undefined {
  let elements: number | undefined
  eachAttribute(bytes, at, end, (type, from, to) => {
    if (type === ATTR_ELEMENTS && to - from === 4) elements = new DataView(bytes.buffer, bytes.byteOffset + from, 4).getUint32(0)
  })
  return elements
}
