/** The expressions of nf_tables that Tortie uses, each as its attributes (linux/netfilter/nf_tables.h). A rule is a list of them. */
import type { AttributeWriter } from './attribute-writer.ts'

const NFTA_LIST_ELEM = 1
const NFTA_EXPR_NAME = 1
const NFTA_EXPR_DATA = 2
const NFTA_DATA_VALUE = 1
const NFTA_DATA_VERDICT = 2

/** NFT_REG_1: what a lone value is loaded to. Registers from 8 on are 4 octets each; this one is 8 to 11. */
const REGISTER = 1
const FIRST_SMALL_REGISTER = 8

export const metaKeys = { mark: 3, iifname: 6, oifname: 7, l4proto: 16 } as const
export const ctKeys = { state: 0, status: 2 } as const
export const comparisons = { eq: 0, neq: 1, lte: 3, gte: 5 } as const
export const fibResults = { oif: 1, addressType: 3 } as const
export const fibFlags = { saddr: 1, daddr: 2, mark: 4, iif: 8, present: 32 } as const

export type Comparison = keyof typeof comparisons

/** @property base of the header, `offset` and `length` in octets from there */
export type Payload = { readonly base: 'network' | 'transport'; readonly offset: number; readonly length: number }

/** A verdict other than "go on". `chain` where it leads to one. */
export type Verdict = { readonly code: number; readonly chain?: string }

const NFT_JUMP = -3
const NFT_GOTO = -4

export const drop: Verdict = { code: 0 }
export const accept: Verdict = { code: 1 }
export const backToCaller: Verdict = { code: -5 }

export function jumpTo(chain: string): Verdict {
  return { code: NFT_JUMP, chain }
}

export function goTo(chain: string): Verdict {
  return { code: NFT_GOTO, chain }
}

/** Writes expressions into the list of one rule. */
export class Expressions {
  readonly #writer: AttributeWriter

  constructor(writer: AttributeWriter) {
    this.#writer = writer
  }

  /** @param slot of 4 octets, for values that are looked up together */
  loadMeta(key: number, slot?: number): this {
    return this.#expression('meta', (w) => {
      w.u32(2, key)
      w.u32(1, register(slot))
    })
  }

  /** From the register. */
  setMeta(key: number): this {
    return this.#expression('meta', (w) => {
      w.u32(2, key)
      w.u32(3, REGISTER)
    })
  }

  loadPayload({ base, offset, length }: Payload, slot?: number): this {
    return this.#expression('payload', (w) => {
      w.u32(1, register(slot))
      w.u32(2, base === 'network' ? 1 : 2)
      w.u32(3, offset)
      w.u32(4, length)
    })
  }

  loadConntrack(key: number): this {
    return this.#expression('ct', (w) => {
      w.u32(2, key)
      w.u32(1, REGISTER)
    })
  }

  loadFib(result: number, flags: number): this {
    return this.#expression('fib', (w) => {
      w.u32(3, flags)
      w.u32(2, result)
      w.u32(1, REGISTER)
    })
  }

  /** register = (register and mask) xor value */
  bitwise(mask: Uint8Array, xor: Uint8Array): this {
    return this.#expression('bitwise', (w) => {
      w.u32(1, REGISTER)
      w.u32(2, REGISTER)
      w.u32(3, mask.length)
      w.u32(6, 0)
      w.nested(4, () => w.octets(NFTA_DATA_VALUE, mask))
      w.nested(5, () => w.octets(NFTA_DATA_VALUE, xor))
    })
  }

  /** Goes on only where it holds. */
  compare(comparison: Comparison, value: Uint8Array): this {
    return this.#expression('cmp', (w) => {
      w.u32(1, REGISTER)
      w.u32(2, comparisons[comparison])
      w.nested(3, () => w.octets(NFTA_DATA_VALUE, value))
    })
  }

  /** Goes on only outside of `from` to `to`. */
  outsideRange(from: Uint8Array, to: Uint8Array): this {
    return this.#expression('range', (w) => {
      w.u32(1, REGISTER)
      w.u32(2, 1)
      w.nested(3, () => w.octets(NFTA_DATA_VALUE, from))
      w.nested(4, () => w.octets(NFTA_DATA_VALUE, to))
    })
  }

  /** @param id of a set that is made in the same transaction and has no name of its own yet */
  lookup(set: string, { negated = false, id }: { readonly negated?: boolean | undefined; readonly id?: number }): this {
    return this.#expression('lookup', (w) => {
      w.text(1, set)
      w.u32(2, REGISTER)
      if (id !== undefined) w.u32(4, id)
      if (negated) w.u32(5, 1)
    })
  }

  /** The verdict that a map holds for the register, if it holds one. */
  verdictOf(map: string): this {
    return this.#expression('lookup', (w) => {
      w.text(1, map)
      w.u32(2, REGISTER)
      w.u32(3, 0)
    })
  }

  counter(): this {
    return this.#expression('counter', (w) => {
      w.u64(1, 0)
      w.u64(2, 0)
    })
  }

  limit(count: number, unitSec: number, burst: number): this {
    return this.#expression('limit', (w) => {
      w.u64(1, count)
      w.u64(2, unitSec)
      w.u32(3, burst)
      w.u32(4, 0)
      w.u32(5, 0)
    })
  }

  log(prefix: string, level: number): this {
    return this.#expression('log', (w) => {
      w.text(2, prefix)
      w.u32(5, level)
    })
  }

  logTo(group: number, prefix: string): this {
    return this.#expression('log', (w) => {
      w.u16(1, group)
      w.text(2, prefix)
    })
  }

  /** With ICMP "port unreachable", by its code in the family. */
  reject(code: number): this {
    return this.#expression('reject', (w) => {
      w.u32(1, 0)
      w.u8(2, code)
    })
  }

  bare(name: 'masq' | 'notrack'): this {
    return this.#expression(name, () => {})
  }

  verdict(verdict: Verdict): this {
    return this.#expression('immediate', (w) => {
      w.u32(1, 0)
      w.nested(2, () => writeVerdict(w, verdict))
    })
  }

  #expression(name: string, data: (writer: AttributeWriter) => void): this {
    const writer = this.#writer
    writer.nested(NFTA_LIST_ELEM, () => {
      writer.text(NFTA_EXPR_NAME, name)
      writer.nested(NFTA_EXPR_DATA, () => data(writer))
    })
    return this
  }
}

/** As the data of a map's element or of an immediate. */
export function writeVerdict(writer: AttributeWriter, { code, chain }: Verdict): void {
  writer.nested(NFTA_DATA_VERDICT, () => {
    writer.u32(1, code)
    if (chain !== undefined) writer.text(2, chain)
  })
}

function register(slot: number | undefined): number {
  return slot === undefined || slot === 0 ? REGISTER : FIRST_SMALL_REGISTER + slot
}
