/** A BGP peer for tests that says exactly what it is told to, right or wrong, over real TCP. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeControl } from '../wire/control-message.ts'
import { Framer } from '../wire/framer.ts'
import { encodeKeepAlive } from '../wire/keepalive.ts'
import { type Capability, type ControlMessage, messageType, type Open } from '../wire/message.ts'
import { encodeOpen } from '../wire/open.ts'

export type Heard = ControlMessage | { readonly type: 'update'; readonly body: string } | { readonly type: 'closed' }

export class RawPeer {
  readonly socket: Socket
  readonly #heard: { readonly heard: Heard; readonly hex: string }[] = []
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    const framer = new Framer()
    framer.maxMessageLength = 65535
    socket.on('data', (chunk) => {
      framer.push(chunk, (type, bytes, start, end) => this.#hear(read(type, bytes, start, end), hexOf(bytes, start - 3, end)))
    })
    socket.on('error', () => {}) // 'close' tells
    socket.on('close', () => this.#hear({ type: 'closed' }, 'closed'))
  }

  static async dial(from: string, to: string, port: number): Promise<RawPeer> {
    const socket = connect({ host: to, port, localAddress: from, noDelay: true })
    const peer = new RawPeer(socket)
    // whoever is refused at once may see the RST as a failed connect: then 'closed' is what it hears
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    return peer
  }

  /** The next message that is no KEEPALIVE, or the end of the connection. */
  async next(): Promise<Heard> {
    for (;;) {
      const heard = await this.nextOfAll()
      if (heard.type !== 'keepalive') return heard
    }
  }

  async nextOfAll(): Promise<Heard> {
    return (await this.#next()).heard
  }

  /** The octets of the next message that is no KEEPALIVE, behind the marker, in hexadecimal; "closed" at the end. */
  async nextOctets(): Promise<string> {
    for (;;) {
      const { heard, hex } = await this.#next()
      if (heard.type !== 'keepalive') return hex
    }
  }

  /** What was heard and not asked for is not kept. */
  forget(): void {
    this.#heard.length = 0
  }

  async #next(): Promise<{ readonly heard: Heard; readonly hex: string }> {
    for (;;) {
      const next = this.#heard.shift()
      if (next !== undefined) return next
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  send(...messages: readonly Uint8Array[]): void {
    for (const message of messages) this.socket.write(message)
  }

  /** Says OPEN and KEEPALIVE and waits for both of the speaker's. */
  async establish(open: Partial<Open> = {}): Promise<Heard> {
    this.send(openMessage(open))
    const theirs = await this.next()
    this.send(encodeKeepAlive())
    await this.nextOfAll()
    return theirs
  }

  /** Dies without a word, as a crashed host does once it is back: RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  #hear(heard: Heard, hex: string): void {
    this.#heard.push({ heard, hex })
    this.#wake()
  }
}

/** The other direction of dialling: waits for the speaker. */
export class RawListener {
  readonly #server: Server
  readonly #peers: RawPeer[] = []
  #wake: () => void = () => {}

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      this.#peers.push(new RawPeer(socket))
      this.#wake()
    })
  }

  static async listen(address: string, port: number): Promise<RawListener> {
    const server = createServer({ noDelay: true })
    const listener = new RawListener(server)
    server.listen(port, address)
    await once(server, 'listening')
    return listener
  }

  async accept(): Promise<RawPeer> {
    for (;;) {
      const peer = this.#peers.shift()
      if (peer !== undefined) return peer
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  close(): void {
    this.#server.close()
  }
}

export const ipv4Unicast: Capability = { type: 'multiprotocol', afi: 1, safi: 1 }

export function gracefulRestart(changes: Partial<Extract<Capability, { type: 'graceful-restart' }>> = {}): Capability {
  const families = [{ family: 'ipv4-unicast', forwardingPreserved: true }] as const
  return { type: 'graceful-restart', restarting: false, notification: false, restartTimeSec: 60, families, ...changes }
}

export function longLived(staleSec: number, forwardingPreserved = true): Capability {
  return { type: 'long-lived-graceful-restart', families: [{ family: 'ipv4-unicast', forwardingPreserved, staleSec }] }
}

/** A good OPEN of AS 65002, 10.0.0.2, but for the changes. */
export function openMessage(changes: Partial<Open> = {}): Uint8Array {
  const open: Open = { type: 'open', version: 4, myAs: 65002, holdTimeSec: 90, routerId: 0x0a00_0002, capabilities: [ipv4Unicast] }
  return encodeOpen({ ...open, ...changes })
}

/** Octets in hexadecimal, spaces allowed: "ffff 0013 04". */
export function octets(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
}

export const marker = 'ff'.repeat(16)
export const keepalive = encodeKeepAlive()
export const notification = (code: number, subcode: number, data = '') => ({ type: 'notification', code, subcode, data: octets(data) })
/** 203.0.113.0/24 and 198.51.100.0/24, next hop 192.0.2.1, AS path 65002 in two octets */
export const update = octets(`${marker} 0031 02 0000 0012 400101 00 400204 0201 fdea 400304 c0000201 18 cb0071 18 c63364`)
export const routes = { '203.0.113.0/24': '192.0.2.1', '198.51.100.0/24': '192.0.2.1' }
export const endOfRib = octets(`${marker} 0017 02 0000 0000`)

function read(type: number, bytes: Uint8Array, start: number, end: number): Heard {
  if (type === messageType.update) return { type: 'update', body: hexOf(bytes, start, end) }
  const message = decodeControl(type, bytes, start, end)
  if (message instanceof BgpError) throw message
  return message
}

function hexOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('hex')
}
