/** For tests: a collector of our own that reads BMP as RFC 7854, RFC 8671 and RFC 9069 have it, and refuses what they do not. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { formatAddress } from '../../src/net/address.ts'
import { prefixesOf, summary } from '../rib/fixture.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeControl } from '../wire/control-message.ts'
import { decodeAttributes } from '../wire/decode-attributes.ts'
import { isEndOfRib } from '../wire/end-of-rib.ts'
import { emptyMpRanges, locateMp } from '../wire/multiprotocol.ts'
import { emptyUpdateRanges, splitUpdate } from '../wire/update.ts'

/** One line for each: "initiation sysName node-a", "route accepted 10.0.0.2 + 10.2.0.0/16 path 65002, …". */
export function readBmp(message: Buffer): readonly string[] {
  if (message[0] !== 3 || message.readUInt32BE(1) !== message.length) throw new Error('no message of BMP version 3')
  const type = message[5] as number
  const body = message.subarray(6)
  if (type === 4)
    return [
      `initiation ${tlvs(body)
        .map(([type, value]) => `${['string', 'sysDescr', 'sysName'][type]} ${value.toString()}`)
        .join(', ')}`,
    ]
  if (type === 5)
    return [
      `termination ${tlvs(body)
        .map(([type, value]) => (type === 1 ? value.readUInt16BE() : value))
        .join(', ')}`,
    ]
  const about = aboutOf(body)
  const rest = body.subarray(42)
  if (type === 0) return routes(about, rest, ((body[1] as number) & 0x20) === 0)
  if (type === 1) return [`statistics ${about} ${statistics(rest)}`]
  if (type === 2) return [`down ${about} ${down(rest)}`]
  if (type === 3) return [`up ${about} ${up(rest)}`]
  throw new Error(`BMP message type ${type}`)
}

function aboutOf(body: Buffer): string {
  const [kind, flags] = [body[0] as number, body[1] as number]
  if (!body.subarray(2, 10).equals(Buffer.alloc(8))) throw new Error('a distinguisher')
  const view = kind === 3 ? 'best' : (flags & 0x10) !== 0 ? 'advertised' : (flags & 0x40) !== 0 ? 'accepted' : 'received'
  const address = kind === 3 ? '' : ` ${formatAddress((flags & 0x80) !== 0 ? body.subarray(10, 26) : body.subarray(22, 26))}`
  return `${view}${address} AS ${body.readUInt32BE(26)}`
}

function routes(about: string, pdu: Buffer, fourOctetAs: boolean): readonly string[] {
  if (pdu[18] !== 2 || pdu.readUInt16BE(16) !== pdu.length) throw new Error('no whole UPDATE')
  const update = emptyUpdateRanges()
  const mp = emptyMpRanges()
  const fault = splitUpdate(pdu, 19, pdu.length, update) ?? locateMp(pdu, update.attributesStart, update.attributesEnd, mp)
  if (fault !== undefined) throw fault
  const end = isEndOfRib(update, mp)
  if (end !== undefined) return [`route ${about} end ${end}`]
  const gone = [
    ...prefixesOf('ipv4-unicast', pdu, update.withdrawnStart, update.withdrawnEnd),
    ...prefixesOf('ipv6-unicast', pdu, mp.unreachNlriStart, mp.unreachNlriEnd),
  ]
  const come = [
    ...prefixesOf('ipv4-unicast', pdu, update.nlriStart, update.nlriEnd),
    ...prefixesOf('ipv6-unicast', pdu, mp.reachNlriStart, mp.reachNlriEnd),
  ]
  const context = { fourOctetAs, internal: true, peerAs: 1, localAs: 1 }
  const decoded = come.length === 0 ? undefined : decodeAttributes(pdu, update.attributesStart, update.attributesEnd, context, true)
  if (decoded instanceof BgpError) throw decoded
  const said = decoded?.attributes === undefined ? '' : summary(decoded.attributes)
  return [...gone.map((prefix) => `route ${about} - ${prefix}`), ...come.map((prefix) => `route ${about} + ${prefix} ${said}`)]
}

function statistics(body: Buffer): string {
  const count = body.readUInt32BE(0)
  const found = tlvs(body.subarray(4)).map(([type, value]) => {
    const family = value.length > 8 ? ` ${value.readUInt16BE(0)}/${value[2]}` : ''
    return `${type}${family}=${value.length === 4 ? value.readUInt32BE(0) : value.readBigUInt64BE(value.length - 8)}`
  })
  if (found.length !== count) throw new Error(`${count} statistics announced, ${found.length} there`)
  return found.join(' ')
}

function down(body: Buffer): string {
  const reason = ['', 'local notification', 'local', 'remote notification', 'remote', 'not monitored'][body[0] as number]
  if (body[0] === 2) return `${reason} event ${body.readUInt16BE(1)}`
  return body.length === 1 ? `${reason}` : `${reason} ${body[20]}/${body[21]}`
}

function up(body: Buffer): string {
  const address = body.subarray(0, 12).equals(Buffer.alloc(12)) ? body.subarray(12, 16) : body.subarray(0, 16)
  const opens: string[] = []
  let at = 20
  for (let i = 0; i < 2; i++) {
    const length = body.readUInt16BE(at + 16)
    const open = decodeControl(body[at + 18] as number, body, at + 19, at + length)
    if (open instanceof BgpError || open.type !== 'open') throw new Error('no OPEN')
    opens.push(
      `open ${formatAddress(Buffer.from(Uint32Array.of(open.routerId).buffer).reverse())} ${open.capabilities.map(({ type }) => type).join('+')}`,
    )
    at += length
  }
  const table = tlvs(body.subarray(at)).map(([type, value]) => ` ${type}=${value.toString()}`)
  return `${formatAddress(address)}:${body.readUInt16BE(16)} ${body.readUInt16BE(18)} ${opens.join(' ')}${table.join('')}`
}

function tlvs(body: Buffer): readonly (readonly [type: number, value: Buffer])[] {
  const found: (readonly [number, Buffer])[] = []
  for (let at = 0; at < body.length; ) {
    const end = at + 4 + body.readUInt16BE(at + 2)
    if (end > body.length) throw new Error('a value overruns the message')
    found.push([body.readUInt16BE(at), body.subarray(at + 4, end)])
    at = end
  }
  return found
}

/** Listens on 127.0.0.1 and keeps what it reads. */
export class BmpCollector {
  readonly #server: Server
  readonly lines: string[] = []
  readonly sockets: Socket[] = []
  #wake: () => void = () => {}

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#accept(socket))
  }

  static async listen(port = 0): Promise<BmpCollector> {
    const server = createServer()
    const collector = new BmpCollector(server)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return collector
  }

  get port(): number {
    const bound = this.#server.address()
    if (bound === null || typeof bound === 'string') throw new Error('not listening')
    return bound.port
  }

  /** Resolves once the lines are as wanted. */
  async until(wanted: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    while (!wanted(this.lines)) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.lines
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    this.sockets.push(socket)
    let rest = Buffer.alloc(0)
    socket.on('error', () => {}) // 'close' follows
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      for (let length = lengthOf(rest); length <= rest.length; length = lengthOf(rest)) {
        this.lines.push(...readBmp(rest.subarray(0, length)))
        rest = rest.subarray(length)
      }
      this.#wake()
    })
    socket.on('close', () => {
      this.lines.push('closed')
      this.#wake()
    })
    this.#wake()
  }
}

function lengthOf(bytes: Buffer): number {
  return bytes.length < 6 ? Number.POSITIVE_INFINITY : bytes.readUInt32BE(1)
}
