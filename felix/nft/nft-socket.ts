import { read, write } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { getSystemErrorMessage, promisify } from 'node:util'
import type { Family } from '../../src/net/address.ts'
import {
  HEADER_LENGTH,
  messagesIn,
  type NetlinkMessage,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  putHeader,
  readError,
} from '../netlink/netlink-message.ts'
import { NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.ts'
import { AttributeWriter } from './attribute-writer.ts'
import { type Batch, families, type Subject } from './batch.ts'
import { OWN_TABLE } from './names.ts'

/** @property subject whom it concerns; undefined: the transaction as a whole */
export type NftRefusal = { readonly errno: number; readonly reason: string; readonly subject?: Subject }

/** @property of the chain or the set whose rules or elements are asked for */
export type DumpRequest = { readonly type: number; readonly family: Family; readonly of?: string }
export type Visit = (bytes: Uint8Array, message: NetlinkMessage) => void

const readSome = promisify(read)
const writeSome = promisify(write)
/** A batch beyond this is handed over by another thread: the kernel takes its time with it. */
const LONG_BATCH = 65_536
const RECEIVE_BUFFER = 4 * 1024 * 1024
/** A dump always has more, or its end: nothing is waited for so long. */
const ANSWER_TIMEOUT_MS = 30_000
const DUMP_TRIES = 10
/** Whoever reads much lets others go on after so long. */
const TURN_MS = 1
const ENOENT = 2
const EINTR = 4

/** The kernel's nf_tables, by netlink: transactions, and what is there. */
export class NftSocket {
  readonly #socket: NetlinkSocket
  readonly #answer = Buffer.alloc(65_536)
  #turnBeganMs = 0

  /** @throws NetlinkSocketError; an error of koffi where it has no binary for this machine */
  static async open(): Promise<NftSocket> {
    const options = { protocol: NETLINK_NETFILTER, receiveBuffer: RECEIVE_BUFFER, receiveTimeoutMs: ANSWER_TIMEOUT_MS }
    return new NftSocket(await NetlinkSocket.open(options))
  }

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket
  }

  /** Its address on the netlink bus: events name by it who caused them. */
  get port(): number {
    return this.#socket.port
  }

  /**
   * @returns why it was refused, by subject; [] when all of it was done
   * @throws NetlinkSocketError where the kernel cannot be asked
   */
  async transact(batch: Batch): Promise<readonly NftRefusal[]> {
    const bytes = batch.finish()
    this.#socket.growSendBuffer(bytes.length)
    if (bytes.length < LONG_BATCH) this.#socket.send(bytes)
    else await writeSome(this.#socket.fd, bytes)
    const refusals = new Map<string, NftRefusal>()
    for (let length = this.#socket.receive(this.#answer); length > 0; length = this.#socket.receive(this.#answer)) {
      for (const message of messagesIn(this.#answer, length)) {
        const error = readError(this.#answer, message)
        if (error === undefined || error.errno === 0) continue
        const subject = batch.subjectOf(error.sequence)
        const reason = reasonOf(error.errno, error.text)
        const key = `${subject?.kind} ${subject?.family} ${subject?.name}`
        if (!refusals.has(key)) refusals.set(key, { errno: error.errno, reason, ...(subject !== undefined && { subject }) })
      }
    }
    return [...refusals.values()]
  }

  /**
   * All objects of one kind, as they are at one moment; none where there is no table.
   * @throws Error where they cannot be read, or others write without end
   */
  async dump(request: DumpRequest, visit: Visit, restart: () => void): Promise<void> {
    for (let n = 0; n < DUMP_TRIES; n++) {
      restart()
      // whom it gave way to may be who wrote
      if (await this.dumpOnce(request, visit, n === 0)) return
    }
    throw new Error('nf_tables: others change rules faster than they can be read')
  }

  /**
   * The same, whatever is written meanwhile.
   * @returns false: something was, of whatever kind, perhaps elsewhere
   * @throws Error where they cannot be read
   */
  async dumpOnce(request: DumpRequest, visit: Visit, givesWay = true): Promise<boolean> {
    await this.giveWay()
    this.#socket.send(dumpRequest(request))
    let isWhole = true
    for (;;) {
      if (givesWay) await this.giveWay()
      const length = await this.#nextPart()
      for (const message of messagesIn(this.#answer, length)) {
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) isWhole = false
        const error = readError(this.#answer, message)
        if (error === undefined) visit(this.#answer, message)
        else if (error.errno === EINTR) isWhole = false
        else if (error.errno !== 0 && error.errno !== ENOENT) throw new Error(reasonOf(error.errno, error.text))
        if (message.type === NLMSG_DONE || error !== undefined) return isWhole
      }
    }
  }

  /** Resolves at once, or where this turn of the event loop is long already, after what else came meanwhile. */
  async giveWay(): Promise<void> {
    if (performance.now() - this.#turnBeganMs < TURN_MS) return
    await nextTurn()
    this.#turnBeganMs = performance.now()
  }

  close(): void {
    this.#socket.close()
  }

  /** The kernel makes the next part of a dump while it hands over the one before, so there is nothing to wait for. */
  async #nextPart(): Promise<number> {
    const length = this.#socket.receive(this.#answer)
    if (length > 0) return length
    const { bytesRead } = await readSome(this.#socket.fd, this.#answer, 0, this.#answer.length, null)
    return bytesRead
  }
}

function dumpRequest({ type, family, of }: DumpRequest): Uint8Array {
  const writer = new AttributeWriter()
  const header = new Uint8Array(HEADER_LENGTH + 4)
  putHeader(header, 0, header.length, type, NLM_F_REQUEST | NLM_F_DUMP, 1)
  header[HEADER_LENGTH] = families[family]
  writer.raw(header)
  writer.text(1, OWN_TABLE)
  if (of !== undefined) writer.text(2, of)
  writer.patchLength(0)
  return writer.bytes
}

const EPERM = 1
const ENOTSUP = 95

function reasonOf(errno: number, text = getSystemErrorMessage(-errno)): string {
  const advice = new Map([
    [EPERM, ': run Tortie as root or with CAP_NET_ADMIN'],
    [ENOTSUP, ': the kernel was built without a part that is needed, choose felix.nftablesMode "disabled"'],
  ])
  return `nf_tables: ${text.toLowerCase()}${advice.get(errno) ?? ''}`
}
