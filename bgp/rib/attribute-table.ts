import { hashSeed, IdIndex } from '../../src/net/id-index.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeAttributes } from '../wire/decode-attributes.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import type { DecodeContext } from '../wire/update.ts'
import { AttributeSet, isLoop, type LoopGuard } from './attribute-set.ts'
import type { NextHopTable } from './next-hop-table.ts'

/** Attribute blocks mean the same for all sessions with the same context; its number is part of each key. */
export type ContextId = number & { readonly brand: 'ContextId' }

export type AttributeTableOptions = LoopGuard & { readonly ownAddresses: readonly string[] }

/**
 * Sets of attributes, found again by the bytes they came in, so that an UPDATE whose attributes are known is not decoded. The bytes
 * of all sets lie in one arena; a set that no route has any more is gone, and its number and octets are used again.
 */
export class AttributeTable {
  readonly #options: AttributeTableOptions
  readonly #nextHops: NextHopTable
  readonly #index = new IdIndex()
  readonly #seed = hashSeed()
  readonly #contexts: DecodeContext[] = []
  readonly #sets: (AttributeSet | undefined)[] = []
  #context = new Uint32Array(this.#index.capacity)
  #offset = new Uint32Array(this.#index.capacity)
  #length = new Uint32Array(this.#index.capacity)
  #arena = new Uint8Array(4096)
  #arenaEnd = 0
  #live = 0

  constructor(options: AttributeTableOptions, nextHops: NextHopTable) {
    this.#options = options
    this.#nextHops = nextHops
  }

  get size(): number {
    return this.#index.size
  }

  /** The number of a context; equal contexts have the same. There are as many as kinds of configured peers. */
  contextOf(context: DecodeContext): ContextId {
    const { fourOctetAs, internal, peerAs, localAs } = context
    const same = (known: DecodeContext): boolean =>
      known.fourOctetAs === fourOctetAs && known.internal === internal && known.peerAs === peerAs && known.localAs === localAs
    const known = this.#contexts.findIndex(same)
    return (known >= 0 ? known : this.#contexts.push(context) - 1) as ContextId
  }

  contextAt(id: ContextId): DecodeContext {
    return this.#contexts[id] as DecodeContext
  }

  get(id: number): AttributeSet {
    const set = this.#sets[id]
    if (set === undefined) throw new Error(`attribute set ${id} is not in use`)
    return set
  }

  /**
   * The set that the block `bytes[start, end)` of an UPDATE with prefixes stands for. The caller holds it before anything else is
   * interned, and lets go of it.
   * @param onNotes told once for each block decoded, if there is something to say
   * @returns undefined: treat as withdraw (RFC 7606 §2)
   */
  intern(
    context: ContextId,
    bytes: Uint8Array,
    start: number,
    end: number,
    onNotes: (notes: readonly string[]) => void,
  ): AttributeSet | BgpError | undefined {
    const hash = hashOctets(bytes, start, end, Math.imul(this.#seed, context + 1))
    const { slots, mask } = this.#index
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = (slots[slot] as number) - 1
      if (this.#context[id] === context && this.#holds(id, bytes, start, end)) return this.#sets[id]
    }
    const decoded = decodeAttributes(bytes, start, end, this.#contexts[context] as DecodeContext, true)
    if (decoded instanceof BgpError) return decoded
    if (decoded.notes.length > 0) onNotes(decoded.notes)
    if (decoded.attributes === undefined) return undefined
    const id = this.#index.add(hash)
    this.#keep(id, context, bytes, start, end)
    const nextHop = this.#nextHops.acquire(decoded.attributes.nextHop)
    const eligible = !isLoop(decoded.attributes, this.#options) && !this.#options.ownAddresses.includes(nextHop.address)
    const set = new AttributeSet(id, decoded.attributes, nextHop, eligible)
    this.#sets[id] = set
    return set
  }

  /** A set of our own, for the routes this node originates; it is never freed. */
  own(attributes: PathAttributes): AttributeSet {
    const id = this.#index.add(0)
    this.#keep(id, 0xffff_ffff, new Uint8Array(0), 0, 0)
    const set = new AttributeSet(id, attributes, undefined, true)
    set.uses = 1
    this.#sets[id] = set
    return set
  }

  hold(set: AttributeSet): void {
    set.uses++
  }

  release(set: AttributeSet): void {
    if (--set.uses > 0) return
    for (let out = set.outSets; out !== undefined; out = out.next) out.group.forget(out)
    if (set.nextHop !== undefined) this.#nextHops.release(set.nextHop)
    this.#live -= this.#length[set.id] as number
    this.#sets[set.id] = undefined
    this.#index.remove(set.id)
  }

  *all(): IterableIterator<AttributeSet> {
    for (const set of this.#sets) if (set !== undefined) yield set
  }

  #holds(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (this.#length[id] !== length) return false
    const offset = this.#offset[id] as number
    const arena = this.#arena
    for (let i = 0; i < length; i++) if (arena[offset + i] !== bytes[start + i]) return false
    return true
  }

  #keep(id: number, context: number, bytes: Uint8Array, start: number, end: number): void {
    if (id >= this.#context.length) this.#grow()
    const length = end - start
    if (this.#arenaEnd + length > this.#arena.length) this.#compact(length)
    const arena = this.#arena
    for (let i = 0; i < length; i++) arena[this.#arenaEnd + i] = bytes[start + i] as number
    this.#context[id] = context
    this.#offset[id] = this.#arenaEnd
    this.#length[id] = length
    this.#arenaEnd += length
    this.#live += length
  }

  /** Moves what is in use together, into an arena that is at most half full then. */
  #compact(more: number): void {
    let size = this.#arena.length
    while (size < (this.#live + more) * 2) size *= 2
    const arena = new Uint8Array(size)
    let end = 0
    for (const set of this.#sets) {
      if (set === undefined) continue
      const offset = this.#offset[set.id] as number
      const length = this.#length[set.id] as number
      arena.set(this.#arena.subarray(offset, offset + length), end)
      this.#offset[set.id] = end
      end += length
    }
    this.#arena = arena
    this.#arenaEnd = end
  }

  #grow(): void {
    const grown = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const array = new Uint32Array(this.#index.capacity)
      array.set(old)
      return array
    }
    this.#context = grown(this.#context)
    this.#offset = grown(this.#offset)
    this.#length = grown(this.#length)
  }
}

/** Four octets at a time; the multiplier is secret, so that nobody can choose blocks that collide. */
function hashOctets(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const multiplier = seed | 1
  let hash = (end - start) ^ seed
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
    hash = Math.imul(hash ^ word, multiplier)
    hash ^= hash >>> 15
  }
  for (; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), multiplier) ^ (hash >>> 13)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
