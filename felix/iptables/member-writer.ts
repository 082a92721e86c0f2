import type { Logger } from 'pino'
import { messagesIn, readError } from '../netlink/netlink-message.ts'
import { NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.ts'
import { AttributeWriter } from '../nft/attribute-writer.ts'
import type { SetChange } from './ip-set-text.ts'
import { putMemberMessage } from './member-message.ts'

/** A refusal takes under 1 KiB of it. */
const RECEIVE_BUFFER = 2 * 1024 * 1024

/** Members of IP sets that are there, written by netlink: an agent with much memory takes milliseconds to start a program. */
export class MemberWriter {
  readonly #log: Pick<Logger, 'warn'>
  readonly #answer = Buffer.alloc(65_536)
  #socket: NetlinkSocket | undefined
  #isUsable = true

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log
  }

  /** @returns the sets of which something was refused, or may have been; all where netlink cannot be used. The rest of such a set is written. */
  async write(changes: readonly SetChange[]): Promise<ReadonlySet<string>> {
    const names = changes.map(({ name }) => name)
    if (!this.#isUsable) return new Set(names)
    const bytes = messagesOf(changes)
    try {
      this.#socket ??= await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, receiveBuffer: RECEIVE_BUFFER })
      const refused = send(this.#socket, bytes, changes.length, this.#answer)
      return new Set(names.filter((_, i) => refused.has(i + 1)))
    } catch (error) {
      this.#log.warn({ err: error }, 'members of IP sets cannot be written by netlink; ipset restore does it from now on')
      this.close()
      return new Set(names)
    }
  }

  /** For good. */
  close(): void {
    this.#isUsable = false
    this.#socket?.close()
    this.#socket = undefined
  }
}

/** Gives the sequence numbers of what was refused. The kernel is done with all messages when it has taken them. */
function send(socket: NetlinkSocket, bytes: Uint8Array, last: number, answer: Uint8Array): ReadonlySet<number> {
  socket.growSendBuffer(bytes.length)
  socket.send(bytes)
  const refused = new Set<number>()
  let isAnswered = false
  for (let length = socket.receive(answer); length > 0; length = socket.receive(answer)) {
    for (const message of messagesIn(answer, length)) {
      const verdict = readError(answer, message)
      if (verdict === undefined) continue
      if (verdict.sequence === last) isAnswered = true
      if (verdict.errno !== 0) refused.add(verdict.sequence)
    }
  }
  if (!isAnswered) throw new Error('netlink: changes of IP sets were not answered')
  return refused
}

/** The sequence number of a message is the position of its set, from 1. */
function messagesOf(changes: readonly SetChange[]): Uint8Array {
  const writer = new AttributeWriter()
  for (const [i, { name, members = [] }] of changes.entries())
    for (const [j, change] of members.entries())
      putMemberMessage(writer, name, change, i + 1, i === changes.length - 1 && j === members.length - 1)
  return writer.bytes
}
