import type { Family } from '../../src/net/address.ts'
import { eachAttribute, messagesIn, putU32, readText } from '../netlink/netlink-message.ts'
import { NETLINK_NETFILTER, NetlinkSocket, NetlinkSocketError } from '../netlink/netlink-socket.ts'
import { OWN_TABLE } from './names.ts'

/** NFNLGRP_NFTABLES as a bit. */
const GROUP = 1 << 6
const RECEIVE_BUFFER = 4 * 1024 * 1024
const GENERIC_LENGTH = 4
/** In every message about something in a table: NFTA_TABLE_NAME, NFTA_CHAIN_TABLE … */
const TABLE = 1
const NEW_GENERATION = 0x0a0f
const families: Readonly<Record<number, Family>> = { 2: 4, 10: 6 }
const both: ReadonlySet<Family> = new Set<Family>([4, 6])

/** Hears what others do to our tables: what we do ourselves, and what happens in other tables, is no news. */
export class OwnTableWatch {
  readonly #socket: NetlinkSocket
  readonly #bytes = Buffer.alloc(65_536)

  /**
   * @param ownPort of the socket that writes: what it causes is dropped by the kernel itself
   * @throws NetlinkSocketError; an error of koffi where it has no binary for this machine
   */
  static async open(ownPort: number): Promise<OwnTableWatch> {
    const socket = await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, groups: GROUP, receiveBuffer: RECEIVE_BUFFER })
    socket.attachFilter(withoutPort(ownPort))
    return new OwnTableWatch(socket)
  }

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket
  }

  /** In which families something was touched since the last look: a few system calls. @throws NetlinkSocketError */
  look(): ReadonlySet<Family> {
    const touched = new Set<Family>()
    try {
      for (let length = this.#receive(); length > 0; length = this.#receive()) this.#note(length, touched)
    } catch (error) {
      if (error instanceof NetlinkSocketError && error.code === 'ENOBUFS') return both // some were lost
      throw error
    }
    return touched
  }

  close(): void {
    this.#socket.close()
  }

  #note(length: number, touched: Set<Family>): void {
    for (const { type, body, end } of messagesIn(this.#bytes, length)) {
      const family = families[this.#bytes[body] ?? 0]
      if (family === undefined || type === NEW_GENERATION) continue
      eachAttribute(this.#bytes, body + GENERIC_LENGTH, end, (attribute, from, to) => {
        if (attribute === TABLE && readText(this.#bytes, from, to) === OWN_TABLE) touched.add(family)
      })
    }
  }

  #receive(): number {
    return this.#socket.receive(this.#bytes)
  }
}

/** Classic BPF (linux/filter.h): drops messages whose nlmsg_pid, 12 octets in, is the port. A datagram is of one transaction. */
function withoutPort(port: number): Uint8Array {
  const asWritten = new Uint8Array(4)
  putU32(asWritten, 0, port)
  const loaded = new DataView(asWritten.buffer).getUint32(0) // BPF loads in network order
  const program: readonly (readonly [code: number, jumpIfTrue: number, jumpIfFalse: number, operand: number])[] = [
    [0x20, 0, 0, 12],
    [0x15, 0, 1, loaded],
    [0x06, 0, 0, 0],
    [0x06, 0, 0, 0xffff_ffff],
  ]
  const bytes = new Uint8Array(program.length * 8)
  for (const [i, [code, jumpIfTrue, jumpIfFalse, operand]] of program.entries()) {
    bytes[i * 8] = code & 0xff
    bytes[i * 8 + 1] = code >>> 8
    bytes[i * 8 + 2] = jumpIfTrue
    bytes[i * 8 + 3] = jumpIfFalse
    putU32(bytes, i * 8 + 4, operand)
  }
  return bytes
}
