import { BgpError } from './bgp-error.ts'
import { copyOctets, u16At, u32At } from './octets.ts'

/** A read past the end of what a field or message holds. The decoder knows which NOTIFICATION that is. */
export class ShortRead extends Error {
  override readonly name = 'ShortRead'
}

/** Reads `bytes[start, end)` front to back; every read is checked. For control messages: UPDATE is read in place. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = Math.min(end, bytes.length)
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  /** @throws ShortRead, like every read below */
  u8(): number {
    return this.#bytes[this.#advance(1)] as number
  }

  u16(): number {
    return u16At(this.#bytes, this.#advance(2))
  }

  /** Unsigned. */
  u32(): number {
    return u32At(this.#bytes, this.#advance(4))
  }

  skip(octets: number): void {
    this.#advance(octets)
  }

  /** A copy: it outlives the chunk. */
  octets(count: number): Uint8Array {
    const start = this.#advance(count)
    return copyOctets(this.#bytes, start, start + count)
  }

  rest(): Uint8Array {
    return this.octets(this.remaining)
  }

  /** A reader of the next octets alone, which are skipped here: what is nested cannot read past its container. */
  nested(octets: number): Reader {
    const start = this.#advance(octets)
    return new Reader(this.#bytes, start, start + octets)
  }

  /** The next octet, not taken; undefined at the end. */
  peek(): number | undefined {
    return this.remaining > 0 ? this.#bytes[this.#at] : undefined
  }

  #advance(octets: number): number {
    if (octets > this.remaining) throw new ShortRead(`${octets} octets wanted, ${this.remaining} left`)
    const start = this.#at
    this.#at += octets
    return start
  }
}

/**
 * Reads the body `bytes[start, end)` with `read`; what that throws for a peer's mistake becomes a value here, and only here.
 * @param onShort the error that a body shorter than its fields is
 */
export function decodeWith<Message>(
  bytes: Uint8Array,
  start: number,
  end: number,
  read: (reader: Reader) => Message,
  onShort: (error: ShortRead) => BgpError,
): Message | BgpError {
  try {
    return read(new Reader(bytes, start, end))
  } catch (error) {
    if (error instanceof BgpError) return error
    if (error instanceof ShortRead) return onShort(error)
    throw error
  }
}
