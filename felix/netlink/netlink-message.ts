/**
 * The framing every netlink message shares (linux/netlink.h), over bytes only. Netlink speaks the byte order of the machine.
 *
 *   header     length u32 | type u16 | flags u16 | sequence u32 | port u32      then a body, padded to 4
 *   attribute  length u16 | type u16 | payload                                   padded to 4; length includes these 4 octets
 */

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3

export const NLM_F_REQUEST = 0x1
export const NLM_F_ACK = 0x4
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_REPLACE = 0x100
export const NLM_F_DUMP = 0x300
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
const NLM_F_CAPPED = 0x100
const NLM_F_ACK_TLVS = 0x200
const NLMSGERR_ATTR_MSG = 1

export const HEADER_LENGTH = 16
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** One message inside a buffer; `body` and `end` are offsets, the message owns no bytes. */
export type NetlinkMessage = {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** The socket whose request caused this: 0 for the kernel's own doing. */
  readonly port: number
  readonly body: number
  readonly end: number
}

/** What NLMSG_ERROR carries: errno 0 is an acknowledgement. `text` is the kernel's own sentence (NETLINK_EXT_ACK), if it gave one. */
export type NetlinkError = { readonly errno: number; readonly sequence: number; readonly text?: string }

export function u16(bytes: Uint8Array, at: number): number {
  const [a, b] = [bytes[at] ?? 0, bytes[at + 1] ?? 0]
  return LITTLE_ENDIAN ? a | (b << 8) : (a << 8) | b
}

export function u32(bytes: Uint8Array, at: number): number {
  const [low, high] = [u16(bytes, at), u16(bytes, at + 2)]
  return (LITTLE_ENDIAN ? (high << 16) | low : (low << 16) | high) >>> 0
}

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[LITTLE_ENDIAN ? at : at + 1] = value
  bytes[LITTLE_ENDIAN ? at + 1 : at] = value >>> 8
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  putU16(bytes, LITTLE_ENDIAN ? at : at + 2, value)
  putU16(bytes, LITTLE_ENDIAN ? at + 2 : at, value >>> 16)
}

/** Length rounded up to the 4 octets netlink aligns to. */
export function aligned(length: number): number {
  return (length + 3) & ~3
}

/** Writes a header for a message of `length` octets including the header. */
export function putHeader(bytes: Uint8Array, at: number, length: number, type: number, flags: number, sequence: number): void {
  putU32(bytes, at, length)
  putU16(bytes, at + 4, type)
  putU16(bytes, at + 6, flags)
  putU32(bytes, at + 8, sequence)
  putU32(bytes, at + 12, 0)
}

/** Writes an attribute with a payload of raw octets and returns the offset after its padding. */
export function putAttribute(bytes: Uint8Array, at: number, type: number, payload: Uint8Array): number {
  putU16(bytes, at, 4 + payload.length)
  putU16(bytes, at + 2, type)
  bytes.set(payload, at + 4)
  const end = aligned(at + 4 + payload.length)
  bytes.fill(0, at + 4 + payload.length, end)
  return end
}

export function putU32Attribute(bytes: Uint8Array, at: number, type: number, value: number): number {
  putU16(bytes, at, 8)
  putU16(bytes, at + 2, type)
  putU32(bytes, at + 4, value)
  return at + 8
}

/** The whole messages in `bytes[0, length)`; a broken length ends the walk, as nothing after it can be trusted. */
export function* messagesIn(bytes: Uint8Array, length = bytes.length): IterableIterator<NetlinkMessage> {
  let at = 0
  while (at + HEADER_LENGTH <= length) {
    const size = u32(bytes, at)
    if (size < HEADER_LENGTH || at + size > length) return
    yield {
      type: u16(bytes, at + 4),
      flags: u16(bytes, at + 6),
      sequence: u32(bytes, at + 8),
      port: u32(bytes, at + 12),
      body: at + HEADER_LENGTH,
      end: at + size,
    }
    at += aligned(size)
  }
}

/** Calls `visit` for each attribute in `bytes[at, end)` with the range of its payload; a broken length ends the walk. */
export function eachAttribute(bytes: Uint8Array, at: number, end: number, visit: (type: number, from: number, to: number) => void): void {
  while (at + 4 <= end) {
    const size = u16(bytes, at)
    if (size < 4 || at + size > end) return
    // the two top bits say "nested" and "network byte order", the rest is the type
    visit(u16(bytes, at + 2) & 0x3fff, at + 4, at + size)
    at += aligned(size)
  }
}

/** The verdict in a message of type NLMSG_ERROR or NLMSG_DONE (both begin with a negative errno); undefined for any other. */
export function readError(bytes: Uint8Array, message: NetlinkMessage): NetlinkError | undefined {
  if ((message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) || message.body + 4 > message.end) return undefined
  const errno = Math.abs(u32(bytes, message.body) | 0)
  let text: string | undefined
  if ((message.flags & NLM_F_ACK_TLVS) !== 0) {
    eachAttribute(bytes, errorAttributes(bytes, message), message.end, (type, from, to) => {
      if (type === NLMSGERR_ATTR_MSG) text = readText(bytes, from, to)
    })
  }
  return { errno, sequence: message.sequence, ...(text === undefined ? {} : { text }) }
}

/** The request is quoted whole before the attributes, unless the kernel was told to cap it (NETLINK_CAP_ACK) or this is a DONE. */
function errorAttributes(bytes: Uint8Array, message: NetlinkMessage): number {
  if (message.type === NLMSG_DONE) return message.body + 4
  const quoted = (message.flags & NLM_F_CAPPED) !== 0 ? HEADER_LENGTH : aligned(u32(bytes, message.body + 4))
  return message.body + 4 + quoted
}

/** A C string in `bytes[from, to)`, without its terminator. */
export function readText(bytes: Uint8Array, from: number, to: number): string {
  const zero = bytes.indexOf(0, from)
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, (zero === -1 || zero > to ? to : zero) - from).toString('utf8')
}

/** The other way round: with the terminator. */
export function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`)
}
