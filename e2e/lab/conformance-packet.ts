/** The packets of the conformance lab, made and read octet by octet: no kernel's own stack stands between a probe and the rules. */

export type Family = 4 | 6

/** What is probed: a transport protocol with a destination port, an ICMP type, or an IP protocol number without more. */
export type Service =
  | { readonly protocol: 'tcp' | 'udp' | 'sctp' | 'udplite'; readonly port: number }
  | { readonly protocol: 'icmp' | 'icmp6'; readonly icmpType: number }
  | { readonly protocol: 'other'; readonly number: number }

/** `later`: a packet of a flow that both ends know already. */
export type Stage = 'request' | 'answer' | 'later'

export type PacketOptions = {
  readonly id: number
  readonly stage: Stage
  readonly family: Family
  readonly service: Service
  /** Of the packet, not of the flow: an answer goes from the probed to the prober. */
  readonly source: string
  readonly destination: string
  /** The prober's port. */
  readonly clientPort: number
}

/** What a packet that came says: which probe it belongs to and what it is of it; `error`: somebody refuses it. */
export type Sighting = { readonly id: number; readonly what: Stage | 'error' }

const protocolNumbers = { tcp: 6, udp: 17, sctp: 132, udplite: 136, icmp: 1, icmp6: 58 } as const
const MAGIC = 0x746f_7274
const SYN = 0x02
const RST = 0x04
const ACK = 0x10
const PUSH = 0x08
/** The answer to each ICMP type that conntrack takes as the beginning of something. */
const icmpAnswers: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [13, 14],
  [128, 129],
  [139, 140],
])
const isIcmpAnswer: ReadonlySet<number> = new Set(icmpAnswers.values())

export function protocolNumber(service: Service): number {
  return 'number' in service ? service.number : protocolNumbers[service.protocol]
}

/** The whole IP packet. */
export function writePacket(options: PacketOptions): Buffer {
  const { family, source, destination, service } = options
  const number = protocolNumber(service)
  const [from, to] = [addressBytes(source), addressBytes(destination)]
  const payload = transport(options)
  // conntrack checks UDPLite by the pseudo header of UDP (nf_conntrack_proto_udp.c, udplite_error): by its own it would be INVALID.
  const summed = service.protocol === 'udplite' ? protocolNumbers.udp : number
  const pseudo = Buffer.concat([from, to, Buffer.from([0, summed, payload.length >> 8, payload.length & 0xff])])
  seal(payload, service, pseudo)
  return Buffer.concat([
    family === 4 ? ipv4Header(number, payload.length, from, to) : ipv6Header(number, payload.length, from, to),
    payload,
  ])
}

/** undefined: no packet of ours. @param packet from its IP header on */
export function readPacket(packet: Buffer): Sighting | undefined {
  const version = (packet[0] ?? 0) >> 4
  if (version === 4) return readTransport(packet[9] ?? 0, packet.subarray(((packet[0] ?? 0) & 0xf) * 4))
  return version === 6 ? readTransport(packet[6] ?? 0, packet.subarray(40)) : undefined
}

/** @param protocol IP protocol number @param bytes what follows the IP header */
export function readTransport(protocol: number, bytes: Buffer): Sighting | undefined {
  if (bytes.length < 8) return undefined
  switch (protocol) {
    case 6:
      return bytes.length < 14 ? undefined : readTcp(bytes)
    case 132:
      return bytes.length < 20 ? undefined : readSctp(bytes)
    case 1:
    case 58:
      return readIcmp(protocol, bytes)
    case 17:
    case 136:
      return readPayload(bytes.subarray(8))
    default:
      return readPayload(bytes)
  }
}

/** "10.0.0.1" as 4 octets, "fd00::1" as 16. */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

function ipv4Header(protocol: number, length: number, from: Buffer, to: Buffer): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(20 + length, 2)
  header.writeUInt16BE(0x4000, 6)
  header[8] = 64
  header[9] = protocol
  from.copy(header, 12)
  to.copy(header, 16)
  header.writeUInt16BE(checksum(header), 10)
  return header
}

function ipv6Header(protocol: number, length: number, from: Buffer, to: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header[0] = 0x60
  header.writeUInt16BE(length, 4)
  header[6] = protocol
  header[7] = 64
  return Buffer.concat([header, from, to])
}

function transport(options: PacketOptions): Buffer {
  const { service, clientPort, stage, id } = options
  if ('number' in service) return marked(stage, id)
  if ('icmpType' in service) return icmp(service.icmpType, stage, id)
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(stage === 'answer' ? service.port : clientPort, 0)
  ports.writeUInt16BE(stage === 'answer' ? clientPort : service.port, 2)
  if (service.protocol === 'tcp') return Buffer.concat([ports, tcp(stage, id)])
  if (service.protocol === 'sctp') return Buffer.concat([ports, sctp(stage, id)])
  const payload = marked(stage, id)
  const rest = Buffer.alloc(4)
  rest.writeUInt16BE(8 + payload.length, 0)
  return Buffer.concat([ports, rest, payload])
}

/** magic u32 | id u32 | stage u8 | 0 u24 */
function marked(stage: Stage, id: number): Buffer {
  const payload = Buffer.alloc(12)
  payload.writeUInt32BE(MAGIC, 0)
  payload.writeUInt32BE(id, 4)
  payload[8] = ['request', 'answer', 'later'].indexOf(stage)
  return payload
}

function readPayload(bytes: Buffer): Sighting | undefined {
  if (bytes.length < 12 || bytes.readUInt32BE(0) !== MAGIC) return undefined
  const what = (['request', 'answer', 'later'] as const)[bytes[8] ?? 0]
  return what === undefined ? undefined : { id: bytes.readUInt32BE(4), what }
}

/** A handshake whose sequence number is the probe's id; what comes later is one segment that carries the mark. */
function tcp(stage: Stage, id: number): Buffer {
  const header = Buffer.alloc(16)
  header.writeUInt32BE(stage === 'answer' ? 1 : stage === 'request' ? id : next(id), 0)
  header.writeUInt32BE(stage === 'answer' ? next(id) : stage === 'request' ? 0 : 2, 4)
  header[8] = 0x50
  header[9] = stage === 'answer' ? SYN | ACK : stage === 'request' ? SYN : PUSH | ACK
  header.writeUInt16BE(0xffff, 10)
  return stage === 'later' ? Buffer.concat([header, marked(stage, id)]) : header
}

function readTcp(bytes: Buffer): Sighting | undefined {
  const flags = bytes[13] ?? 0
  if (flags === SYN) return { id: bytes.readUInt32BE(4), what: 'request' }
  const answered = (bytes.readUInt32BE(8) - 1) >>> 0
  if (flags === (SYN | ACK)) return { id: answered, what: 'answer' }
  if (flags === (RST | ACK)) return { id: answered, what: 'error' }
  return readPayload(bytes.subarray(20))
}

/** INIT and INIT ACK of RFC 9260 §3.3.2, §3.3.3; later a HEARTBEAT that carries the mark. The id is the initiate tag. */
function sctp(stage: Stage, id: number): Buffer {
  const common = Buffer.alloc(8)
  const chunk = Buffer.alloc(20)
  common.writeUInt32BE(stage === 'request' ? 0 : stage === 'answer' ? id : next(id), 0)
  if (stage === 'later') {
    const heartbeat = Buffer.from([4, 0, 0, 20, 0, 1, 0, 16])
    return Buffer.concat([common, heartbeat, marked(stage, id)])
  }
  chunk.set(stage === 'request' ? [1, 0, 0, 20] : [2, 0, 0, 36])
  chunk.writeUInt32BE(stage === 'request' ? id : next(id), 4)
  chunk.writeUInt32BE(0xffff, 8)
  chunk.writeUInt16BE(1, 12)
  chunk.writeUInt16BE(1, 14)
  const cookie = stage === 'request' ? [] : [Buffer.from([0, 7, 0, 16]), marked(stage, id)]
  return Buffer.concat([common, chunk, ...cookie])
}

function readSctp(bytes: Buffer): Sighting | undefined {
  if (bytes[12] === 1) return { id: bytes.readUInt32BE(16), what: 'request' }
  if (bytes[12] === 2) return { id: bytes.readUInt32BE(4), what: 'answer' }
  return bytes[12] === 4 ? readPayload(bytes.subarray(20)) : undefined
}

function icmp(icmpType: number, stage: Stage, id: number): Buffer {
  const header = Buffer.alloc(8)
  header[0] = stage === 'answer' ? (icmpAnswers.get(icmpType) ?? icmpType) : icmpType
  header.writeUInt16BE(id & 0xffff, 4)
  header.writeUInt16BE(id >>> 16, 6)
  return Buffer.concat([header, marked(stage, id)])
}

/** A kernel's answer has the mark of its request, or only the first word of it, so the type decides. */
function readIcmp(protocol: number, bytes: Buffer): Sighting | undefined {
  const icmpType = bytes[0] ?? 0
  if (protocol === 1 ? icmpType === 3 : icmpType === 1) {
    const refused = readPacket(bytes.subarray(8)) ?? readCut(bytes.subarray(8))
    return refused === undefined ? undefined : { id: refused.id, what: 'error' }
  }
  if (bytes.length < 20 || bytes.readUInt32BE(8) !== MAGIC) return undefined
  if (!isIcmpAnswer.has(icmpType)) return readPayload(bytes.subarray(8))
  return { id: (bytes.readUInt16BE(4) | (bytes.readUInt16BE(6) << 16)) >>> 0, what: 'answer' }
}

/** The first 8 octets of a TCP segment in an ICMP error: ports and sequence number. */
function readCut(packet: Buffer): Sighting | undefined {
  const offset = (packet[0] ?? 0) >> 4 === 4 ? 20 : 40
  const protocol = packet[offset === 20 ? 9 : 6]
  return protocol === 6 && packet.length >= offset + 8 ? { id: packet.readUInt32BE(offset + 4), what: 'request' } : undefined
}

function next(id: number): number {
  return (id + 1) >>> 0
}

/** Fills the checksum in. */
function seal(bytes: Buffer, { protocol }: Service, pseudo: Buffer): void {
  switch (protocol) {
    case 'tcp':
      bytes.writeUInt16BE(checksum(Buffer.concat([pseudo, bytes])), 16)
      return
    case 'udp':
    case 'udplite':
      bytes.writeUInt16BE(checksum(Buffer.concat([pseudo, bytes])) || 0xffff, 6)
      return
    case 'icmp':
      bytes.writeUInt16BE(checksum(bytes), 2)
      return
    case 'icmp6':
      bytes.writeUInt16BE(checksum(Buffer.concat([pseudo, bytes])), 2)
      return
    case 'sctp':
      bytes.writeUInt32LE(crc32c(bytes), 8)
      return
    case 'other':
      // A kernel that refuses a packet first checks a sum over all of it, whatever the protocol (nf_send_unreach); of IPv6 with
      // the pseudo header.
      bytes.writeUInt16BE(checksum(pseudo.length > 12 ? Buffer.concat([pseudo, bytes]) : bytes), 10)
  }
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at)
  if (bytes.length % 2 === 1) sum += (bytes.at(-1) ?? 0) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** Castagnoli's (RFC 9260 Appendix A). */
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  return crc
})

function crc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}
