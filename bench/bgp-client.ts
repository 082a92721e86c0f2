/** A BGP peer that is cheap enough not to be what is measured: sends prepared bytes, counts the prefixes it hears. IPv4 unicast, four-octet AS. */
import { once } from 'node:events'
import net from 'node:net'

const marker = Buffer.alloc(16, 0xff)
const holdTimeSec = 180

/** One whole message. */
export function message(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const header = Buffer.from([0, 0, type])
  header.writeUInt16BE(19 + body.length, 0)
  return Buffer.concat([marker, header, body])
}

/** UPDATE with attributes and the prefixes they belong to. */
export function announce(attributes: Uint8Array, nlri: Uint8Array): Buffer {
  const lengths = Buffer.alloc(4)
  lengths.writeUInt16BE(attributes.length, 2)
  return message(2, lengths, attributes, nlri)
}

export function withdraw(nlri: Uint8Array): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(nlri.length)
  return message(2, length, nlri, Buffer.alloc(2))
}

const keepalive = message(4)

function open(asNumber: number, routerId: string): Buffer {
  const body = Buffer.alloc(10)
  body[0] = 4
  body.writeUInt16BE(asNumber > 65535 ? 23456 : asNumber, 1)
  body.writeUInt16BE(holdTimeSec, 3)
  Buffer.from(routerId.split('.').map(Number)).copy(body, 5)
  const capabilities = Buffer.from([1, 4, 0, 1, 0, 1, 65, 4, 0, 0, 0, 0])
  capabilities.writeUInt32BE(asNumber, 8)
  body[9] = capabilities.length + 2
  return message(1, body, Buffer.from([2, capabilities.length]), capabilities)
}

export type ClientOptions = {
  /** The speaker under test. */
  readonly speaker: string
  readonly address: string
  readonly asNumber: number
  /** Count nothing, only read: for peers whose own load would blur the figure. */
  readonly deaf?: boolean
}

export class BgpClient {
  announced = 0
  withdrawn = 0
  /** /32s among what was announced. */
  hosts = 0
  readonly options: ClientOptions
  #socket: net.Socket | undefined
  #rest: Buffer = Buffer.alloc(0)
  #established = false
  #waiting: { readonly met: () => boolean; readonly resolve: () => void } | undefined
  readonly #up: () => void
  /** Resolves when the first session is up. */
  readonly established: Promise<void>

  constructor(options: ClientOptions) {
    this.options = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.established = promise
    this.#up = resolve
    this.#connect()
    setInterval(() => this.#established && this.#socket?.write(keepalive), 20_000).unref()
  }

  /** Resolves once what was heard satisfies `met`, looked at after each chunk. */
  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting = { met, resolve }
    return promise
  }

  /** Writes it all, as fast as the other side reads. */
  async send(buffers: readonly Uint8Array[]): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) throw new Error('no session')
    for (const buffer of buffers) if (!socket.write(buffer)) await once(socket, 'drain')
  }

  #connect(): void {
    const { speaker, address, asNumber } = this.options
    const socket = net.connect({ host: speaker, port: 179, localAddress: address, noDelay: true })
    this.#socket = socket
    this.#rest = Buffer.alloc(0)
    socket.on('connect', () => socket.write(open(asNumber, address)))
    socket.on('data', (chunk) => this.#read(chunk))
    // The refused and reset attempts before the speaker listens end in 'close', where the next one starts.
    socket.on('error', (error) => this.#established && console.error(`${address}: ${error.message}`))
    socket.on('close', () => {
      if (this.#established) throw new Error(`${address}: the session was lost`)
      setTimeout(() => this.#connect(), 300)
    })
  }

  #read(chunk: Buffer): void {
    if (this.#established && this.options.deaf === true) return
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= 19) {
      const length = bytes.readUInt16BE(at + 16)
      if (bytes.length - at < length) break
      this.#message(bytes, at + 19, at + length, bytes[at + 18] ?? 0)
      at += length
    }
    this.#rest = bytes.subarray(at)
    if (this.#waiting?.met() === true) {
      this.#waiting.resolve()
      this.#waiting = undefined
    }
  }

  #message(bytes: Buffer, start: number, end: number, type: number): void {
    if (type === 1) this.#socket?.write(keepalive)
    else if (type === 2) this.#update(bytes, start, end)
    else if (type === 3) console.error(`${this.options.address}: NOTIFICATION ${bytes[start]}/${bytes[start + 1]}`)
    else if (type === 4 && !this.#established) {
      this.#established = true
      this.#up()
    }
  }

  #update(bytes: Buffer, start: number, end: number): void {
    const withdrawnEnd = start + 2 + bytes.readUInt16BE(start)
    this.withdrawn += countNlri(bytes, start + 2, withdrawnEnd)
    const nlriStart = withdrawnEnd + 2 + bytes.readUInt16BE(withdrawnEnd)
    this.announced += countNlri(bytes, nlriStart, end)
    // They have attributes of their own, so that they come alone.
    if (end - nlriStart === 5 && bytes[nlriStart] === 32) this.hosts++
  }
}

function countNlri(bytes: Buffer, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at += 1 + (((bytes[at] ?? 0) + 7) >> 3)) count++
  return count
}
