import { addressBytes, type IpAddress } from '../../src/net/address.ts'
import { putU16, putU32 } from '../wire/octets.ts'

/** Octets that are appended in network order, in a buffer that grows. */
export class OctetBuffer {
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0

  constructor(room = 256) {
    this.#bytes = new Uint8Array(room)
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const at = this.#reserve(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number): this {
    const at = this.#reserve(2)
    putU16(this.#bytes, at, value)
    return this
  }

  u32(value: number): this {
    const at = this.#reserve(4)
    putU32(this.#bytes, at, value)
    return this
  }

  /** @param value a whole number up to 2^53 */
  u64(value: number): this {
    return this.u32(Math.floor(value / 2 ** 32)).u32(value % 2 ** 32)
  }

  octets(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  zeros(count: number): this {
    const at = this.#reserve(count)
    this.#bytes.fill(0, at, at + count)
    return this
  }

  /** UTF-8; returns nothing of its length. */
  text(text: string): this {
    return this.octets(Buffer.from(text))
  }

  /** 4 or 16 octets. */
  address(address: IpAddress): this {
    const bytes = addressBytes(address)
    if (bytes === undefined) throw new Error(`"${address}" is no address`)
    return this.octets(bytes)
  }

  /** Writes a length that was not known when its place was passed. */
  patchU16(at: number, value: number): void {
    putU16(this.#bytes, at, value)
  }

  patchU32(at: number, value: number): void {
    putU32(this.#bytes, at, value)
  }

  /** All octets up to now, which it forgets: they belong to the caller. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.buffer, 0, this.#length)
    this.#bytes = new Uint8Array(this.#bytes.length)
    this.#length = 0
    return taken
  }

  /** Makes room, perhaps in another array: `#bytes` is looked at after it. */
  #reserve(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    return at
  }
}
