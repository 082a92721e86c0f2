import { setImmediate } from 'node:timers/promises'
import { getSystemErrorMessage } from 'node:util'
import type { Family } from '../../src/net/address.ts'
import {
  messagesIn,
  type NetlinkError,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  putU16,
  readError,
  u16,
} from '../netlink/netlink-message.ts'
import { errnoName, NetlinkSocket } from '../netlink/netlink-socket.ts'
import { type KernelRoute, MAIN_TABLE, type Refusal, type RouteChange } from './kernel-route.ts'
import { addressChangeRequest, addressDumpRequest, type KernelAddress, readAddress } from './netlink-address.ts'
import { ipipRequest, type KernelLink, type LinkChange, linkChangeRequest, linkDumpRequest, readLink } from './netlink-link.ts'
import { MAX_ROUTE_MESSAGE, readRoute, routeDumpRequest, routeMessageRoom, writeRouteChange } from './netlink-route.ts'
import type { NetworkKernel } from './network-kernel.ts'

const BATCH_SIZE = 1000
/** Octets of one send: what the kernel takes at once by default is some 200 kB. */
const PIECE_LENGTH = BATCH_SIZE * MAX_ROUTE_MESSAGE
const RECEIVE_BUFFER = 4 * 1024 * 1024
const SLICE_MS = 8
const DUMP_TRIES = 5
const DUMP_TIMEOUT_MS = 10_000

/** What one send takes of a batch: offsets in it, of its last message too. */
type Piece = { readonly start: number; readonly end: number; readonly last: number; readonly lastSequence: number }

/** The kernel over AF_NETLINK. A send is handled by the kernel before it returns, so a batch costs one call and no waiting. */
export class NetlinkKernel implements NetworkKernel {
  readonly way = 'netlink'
  readonly batchSize = BATCH_SIZE
  readonly #socket: NetlinkSocket
  #batch = new Uint8Array(PIECE_LENGTH)
  readonly #answers = new Uint8Array(65_536)
  #length = 0
  #last = 0
  #first = 1
  #sequence = 1
  /** The full ones of this batch. */
  #pieces: Piece[] = []
  #pieceStart = 0

  /** @throws where there is no netlink or no koffi for this machine */
  static async open(): Promise<NetlinkKernel> {
    return new NetlinkKernel(await NetlinkSocket.open({ receiveBuffer: RECEIVE_BUFFER }))
  }

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket
  }

  get port(): number {
    return this.#socket.port
  }

  change(change: RouteChange): void {
    const room = routeMessageRoom(change)
    if (this.#length - this.#pieceStart + room > PIECE_LENGTH) this.#endPiece()
    if (this.#length + room > this.#batch.length) this.#grow()
    this.#last = this.#length
    this.#length = writeRouteChange(this.#batch, this.#length, change, this.#sequence++ >>> 0)
  }

  async flush(): Promise<readonly Refusal[]> {
    if (this.#length === 0) return []
    this.#endPiece()
    const first = this.#first
    const pieces = this.#pieces
    this.#first = this.#sequence
    this.#pieces = []
    this.#pieceStart = 0
    this.#length = 0
    return refusals(
      pieces.flatMap((piece) => this.#send(piece)),
      first,
    )
  }

  #endPiece(): void {
    this.#pieces.push({ start: this.#pieceStart, end: this.#length, last: this.#last, lastSequence: this.#sequence - 1 })
    this.#pieceStart = this.#length
  }

  #grow(): void {
    const batch = new Uint8Array(this.#batch.length * 2)
    batch.set(this.#batch)
    this.#batch = batch
  }

  #send({ start, end, last, lastSequence }: Piece): NetlinkError[] {
    // the acknowledgement of the last message proves that the kernel went through the piece
    putU16(this.#batch, last + 6, u16(this.#batch, last + 6) | NLM_F_ACK)
    this.#socket.send(this.#batch.subarray(start, end), end - start)
    return this.#receiveVerdicts(lastSequence)
  }

  async changeLink(link: KernelLink, change: LinkChange): Promise<Refusal | undefined> {
    return this.#ask((sequence) => linkChangeRequest(link.index, change, sequence))
  }

  async makeIpip(name: string): Promise<Refusal | undefined> {
    return this.#ask((sequence) => ipipRequest(name, sequence))
  }

  async changeAddress(operation: 'create' | 'delete', address: KernelAddress): Promise<Refusal | undefined> {
    return this.#ask((sequence) => addressChangeRequest(operation, address, sequence))
  }

  async routes(family: Family, protocol: number, visit: (route: KernelRoute) => void): Promise<void> {
    const routes = await dump((sequence) => routeDumpRequest(family, protocol, sequence), readRoute)
    let sliceMs = performance.now()
    for (const route of routes) {
      // a kernel without IPv6 answers a dump of its routes with those of IPv4
      if (route.family === family && route.protocol === protocol && route.table === MAIN_TABLE) visit(route)
      if (performance.now() - sliceMs < SLICE_MS) continue
      await setImmediate()
      sliceMs = performance.now()
    }
  }

  async links(): Promise<readonly KernelLink[]> {
    return (await dump(linkDumpRequest, readLink)).map(({ link }) => link)
  }

  async addresses(link?: KernelLink): Promise<readonly KernelAddress[]> {
    const found = await dump((sequence) => addressDumpRequest(sequence, link?.index), readAddress)
    return found.map(({ address }) => address).filter(({ index }) => link === undefined || index === link.index)
  }

  close(): void {
    this.#socket.close()
  }

  /** One message of its own, never between the changes of a batch. */
  #ask(request: (sequence: number) => Uint8Array): Refusal | undefined {
    const sequence = this.#sequence++ >>> 0
    this.#first = this.#sequence
    this.#socket.send(request(sequence))
    return refusals(this.#receiveVerdicts(sequence), sequence)[0]
  }

  #receiveVerdicts(last: number): NetlinkError[] {
    const verdicts: NetlinkError[] = []
    for (let length = this.#socket.receive(this.#answers); length > 0; length = this.#socket.receive(this.#answers)) {
      for (const message of messagesIn(this.#answers, length)) {
        const verdict = readError(this.#answers, message)
        if (verdict !== undefined) verdicts.push(verdict)
      }
    }
    if (!verdicts.some(({ sequence }) => sequence === last >>> 0)) throw new Error('netlink: the kernel did not confirm a batch of changes')
    return verdicts
  }
}

function refusals(verdicts: readonly NetlinkError[], first: number): Refusal[] {
  return verdicts
    .filter(({ errno }) => errno !== 0)
    .map(({ errno, sequence, text }) => ({
      at: (sequence - first) >>> 0,
      errno: errnoName(errno),
      text: text ?? getSystemErrorMessage(-errno),
    }))
}

/** Everything a dump answers, again from the start when the kernel says that it changed meanwhile. A socket of its own keeps dumps apart. */
async function dump<T>(
  request: (sequence: number) => Uint8Array,
  read: (bytes: Uint8Array, message: NetlinkMessage) => T | undefined,
): Promise<T[]> {
  const socket = await NetlinkSocket.open({ receiveBuffer: RECEIVE_BUFFER })
  try {
    for (let sequence = 1; ; sequence++) {
      socket.send(request(sequence))
      const { found, interrupted } = await readDump(socket, sequence, read)
      // a table that never rests is taken as last seen: events tell the rest
      if (!interrupted || sequence === DUMP_TRIES) return found
    }
  } finally {
    socket.close()
  }
}

async function readDump<T>(
  socket: NetlinkSocket,
  sequence: number,
  read: (bytes: Uint8Array, message: NetlinkMessage) => T | undefined,
): Promise<{ found: T[]; interrupted: boolean }> {
  const bytes = new Uint8Array(65_536)
  const found: T[] = []
  const startedMs = performance.now()
  let interrupted = false
  for (let sliceMs = startedMs; ; ) {
    const length = socket.receive(bytes)
    for (const message of messagesIn(bytes, length)) {
      if (message.sequence !== sequence) continue
      if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true
      const verdict = readError(bytes, message)
      if (verdict !== undefined && verdict.errno !== 0)
        throw new Error(`netlink dump: ${errnoName(verdict.errno)} ${verdict.text ?? ''}`.trim())
      if (message.type === NLMSG_DONE) return { found, interrupted }
      const value = read(bytes, message)
      if (value !== undefined) found.push(value)
    }
    if (performance.now() - startedMs > DUMP_TIMEOUT_MS) throw new Error('netlink dump: the kernel did not finish it')
    if (length === 0 || performance.now() - sliceMs > SLICE_MS) {
      await setImmediate()
      sliceMs = performance.now()
    }
  }
}
