import { BgpError } from './bgp-error.ts'
import { errorCode, headerError } from './error-code.ts'
import { headerLength, maxExtendedMessageLength, maxMessageLength, messageType } from './message.ts'
import { copyOctets, u16At } from './octets.ts'

/**
 * Takes one message body, `bytes[start, end)`: the header is taken off. `bytes` is valid only during the call; what is kept is copied.
 * Returning false ends the framing (the session is closed).
 */
export type OnMessage = (type: number, bytes: Uint8Array, start: number, end: number) => unknown

/** The least length of each type of message, header included (RFC 4271 §6.1, RFC 2918 §3). */
const leastLengths = new Map<number, number>([
  [messageType.open, 29],
  [messageType.update, 23],
  // §4.5 says 21, but a NOTIFICATION is never answered (§6.4): a shorter one is handed on, and closes the session like any other
  [messageType.notification, headerLength],
  [messageType.keepalive, headerLength],
  [messageType.routeRefresh, 22], // one octet less than all: its subtype says which error that is (RFC 7313 §5)
])

/**
 * Cuts the octets of one connection into messages (RFC 4271 §4.1). Whole messages are walked where they lie in the chunk; only one
 * that straddles chunks is copied, so that at most one message is ever held.
 */
export class Framer {
  /** 4096, or 65535 once extended messages are agreed on (RFC 8654). May change while a chunk is walked. */
  maxMessageLength: number = maxMessageLength
  /** The message that began in an earlier chunk: its first `#held` octets. */
  #partial = new Uint8Array(headerLength)
  #held = 0
  /** How many octets of it are to be gathered: the header first, then the length it tells. */
  #wanted = headerLength
  #ended = false

  /**
   * @param onMessage is called for each whole message, in order
   * @returns the Message Header Error that ends the session (RFC 4271 §6.1); from then on, and after `onMessage` returned false, chunks are ignored
   */
  push(chunk: Uint8Array, onMessage: OnMessage): BgpError | undefined {
    let at = 0
    while (at < chunk.length && !this.#ended) {
      if (this.#held === 0 && at + headerLength <= chunk.length) {
        const length = checkHeader(chunk, at, this.maxMessageLength)
        if (length instanceof BgpError) return this.#fail(length)
        if (at + length <= chunk.length) {
          this.#deliver(chunk, at, at + length, onMessage)
          at += length
          continue
        }
      }
      at += this.#gather(chunk, at)
      if (this.#held < this.#wanted) continue
      const error = this.#wanted === headerLength ? this.#readHeader() : undefined
      if (error !== undefined) return this.#fail(error)
      if (this.#held < this.#wanted) continue
      this.#held = 0
      const end = this.#wanted
      this.#wanted = headerLength
      this.#deliver(this.#partial, 0, end, onMessage)
    }
    return undefined
  }

  #deliver(bytes: Uint8Array, at: number, end: number, onMessage: OnMessage): void {
    if (onMessage(bytes[at + 18] as number, bytes, at + headerLength, end) === false) this.#ended = true
  }

  /** Copies what is still wanted of the partial message, or what there is of it, and returns how much that was. */
  #gather(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#wanted - this.#held, chunk.length - at)
    this.#partial.set(chunk.subarray(at, at + taken), this.#held)
    this.#held += taken
    return taken
  }

  /** The partial message's header is whole: makes room for the rest. */
  #readHeader(): BgpError | undefined {
    const length = checkHeader(this.#partial, 0, this.maxMessageLength)
    if (length instanceof BgpError) return length
    this.#wanted = length
    if (length <= this.#partial.length) return undefined
    const grown = new Uint8Array(length)
    grown.set(this.#partial.subarray(0, headerLength))
    this.#partial = grown
    return undefined
  }

  #fail(error: BgpError): BgpError {
    this.#ended = true
    return error
  }
}

/** The message's length, or what is wrong with its header. All of the header is there. */
function checkHeader(bytes: Uint8Array, at: number, max: number): number | BgpError {
  for (let i = at; i < at + 16; i++)
    if (bytes[i] !== 0xff) return new BgpError(errorCode.header, headerError.connectionNotSynchronized, 'Connection Not Synchronized')
  const length = u16At(bytes, at + 16)
  const type = bytes[at + 18] as number
  if (length < headerLength || length > max) return badLength(bytes, at, length)
  const least = leastLengths.get(type)
  if (least === undefined)
    return new BgpError(errorCode.header, headerError.badMessageType, `Bad Message Type ${type}`, Uint8Array.of(type))
  if (length < least || length > mostLength(type)) return badLength(bytes, at, length)
  return length
}

/** RFC 4271 §4.4: KEEPALIVE is a header alone; RFC 8654 §4: OPEN is never extended. */
function mostLength(type: number): number {
  if (type === messageType.keepalive) return headerLength
  return type === messageType.open ? maxMessageLength : maxExtendedMessageLength
}

function badLength(bytes: Uint8Array, at: number, length: number): BgpError {
  return new BgpError(errorCode.header, headerError.badMessageLength, `Bad Message Length ${length}`, copyOctets(bytes, at + 16, at + 18))
}
