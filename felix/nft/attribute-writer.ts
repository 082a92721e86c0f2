import { aligned, putU16, putU32 } from '../netlink/netlink-message.ts'

const NLA_F_NESTED = 0x8000
const ATTRIBUTE_HEADER = 4
const FIRST_CAPACITY = 512
/** Up to here a loop takes less time than a call that copies. */
const SHORT = 32

/**
 * Netlink attributes one after the other, nested where wanted, in a buffer that grows. nf_tables wants numbers in network order and
 * what is compared with packets or marks as the bytes it is.
 *
 *   attribute  length u16 | type u16 | payload     padded to 4; the length has these 4 octets and not the padding
 */
export class AttributeWriter {
  #bytes = Buffer.alloc(FIRST_CAPACITY)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was written so far; the next write may move it, and `clear` gives it to what comes next. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Begins anew in the same buffer. */
  clear(): void {
    this.#bytes.fill(0, 0, this.#length) // padding is not written
    this.#length = 0
  }

  /** Octets without a header, padded to 4: a message header, or attributes made elsewhere. */
  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** Puts the length of what began at `from` there, as a message header wants it. */
  patchLength(from: number): void {
    putU32(this.#bytes, from, this.#length - from)
  }

  octets(type: number, payload: Uint8Array): void {
    const at = this.#begin(type, payload.length)
    if (payload.length < SHORT) for (let i = 0; i < payload.length; i++) this.#bytes[at + i] = payload[i] ?? 0
    else this.#bytes.set(payload, at)
  }

  /** Terminated by a zero. */
  text(type: number, text: string): void {
    const octets = Buffer.byteLength(text)
    const at = this.#begin(type, octets + 1)
    if (octets === text.length && octets < SHORT) for (let i = 0; i < octets; i++) this.#bytes[at + i] = text.charCodeAt(i)
    else this.#bytes.write(text, at)
  }

  u8(type: number, value: number): void {
    const at = this.#begin(type, 1)
    this.#bytes[at] = value
  }

  u16(type: number, value: number): void {
    const at = this.#begin(type, 2)
    this.#bytes.writeUInt16BE(value, at)
  }

  u32(type: number, value: number): void {
    const at = this.#begin(type, 4)
    this.#bytes[at] = value >>> 24
    this.#bytes[at + 1] = value >>> 16
    this.#bytes[at + 2] = value >>> 8
    this.#bytes[at + 3] = value
  }

  u64(type: number, value: number): void {
    const at = this.#begin(type, 8)
    this.#bytes.writeUInt32BE(Math.floor(value / 2 ** 32), at)
    this.#bytes.writeUInt32BE(value >>> 0, at + 4)
  }

  /** @throws RangeError beyond the 65,535 octets that the length can say */
  nested(type: number, inside: () => void): void {
    const at = this.#reserve(ATTRIBUTE_HEADER)
    inside()
    const length = this.#length - at
    if (length > 0xffff) throw new RangeError(`a netlink attribute of ${length} octets`)
    putU16(this.#bytes, at, length)
    putU16(this.#bytes, at + 2, type | NLA_F_NESTED)
  }

  /** Writes the header and gives where the payload goes. */
  #begin(type: number, octets: number): number {
    const at = this.#reserve(ATTRIBUTE_HEADER + octets)
    putU16(this.#bytes, at, ATTRIBUTE_HEADER + octets)
    putU16(this.#bytes, at + 2, type)
    return at + ATTRIBUTE_HEADER
  }

  /** Room for so many octets and their padding, which is zero. */
  #reserve(octets: number): number {
    const at = this.#length
    this.#length = at + aligned(octets)
    if (this.#length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    return at
  }
}

export function networkU16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value)
}

export function networkU32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** As the kernel holds marks and states in its registers: in the machine's own order. */
export function machineU32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  putU32(bytes, 0, value)
  return bytes
}
