import { grown } from '../../src/net/grown.ts'
import type { AttributeTable } from './attribute-table.ts'
import type { FamilyTable } from './family-table.ts'
import { OutSets } from './out-sets.ts'
import type { Outgoing } from './outgoing.ts'
import type { OutgoingAttributes } from './outgoing-attributes.ts'
import type { PeerSlot } from './peer-slot.ts'

/** Where blocks are written to be compared or looked at. */
const scratch = [new Uint8Array(0x11000), new Uint8Array(0x11000)] as const

/** What the members of one update group are told of each prefix (RFC 4271 §3.2), or, where they are told of several, of each path (`OutPaths`). */
export class AdjRibOut {
  readonly sets: OutSets
  /** Of what `enter` changed: the row that the prefix has now, 0 for none, and whose route it was, -1 for nobody's. */
  row = 0
  sourceBefore = -1
  readonly #table: FamilyTable
  readonly #outgoing: OutgoingAttributes
  /** Told when attributes do not fit a message. */
  readonly #onTooLong: (octets: number) => void
  /** The most that the attributes may have. */
  readonly #room: (nextHop: Uint8Array) => number
  #tooLong = -1
  /** By prefix: the row of its set, 0 for none. */
  #out = new Int32Array(64)
  #routes = 0
  /** By peer: how many of the routes came from it. */
  readonly #routesFrom: number[] = []

  constructor(
    table: FamilyTable,
    attributes: AttributeTable,
    outgoing: OutgoingAttributes,
    room: (nextHop: Uint8Array) => number,
    onTooLong: (octets: number) => void,
  ) {
    this.sets = new OutSets(attributes)
    this.#table = table
    this.#outgoing = outgoing
    this.#room = room
    this.#onTooLong = onTooLong
  }

  /** Prefixes that were ever entered are below. */
  get length(): number {
    return this.#out.length
  }

  /** Routes that the peer is told of. */
  advertised(peer: number): number {
    return this.#routes - (this.#routesFrom[peer] ?? 0)
  }

  /** Whether some member is told of the prefix. */
  has(prefix: number): boolean {
    return prefix < this.#out.length && this.#out[prefix] !== 0
  }

  /** What the peer is told of the prefix: a row of `sets`, 0 for nothing. */
  rowFor(prefix: number, peer: number): number {
    const row = prefix < this.#out.length ? (this.#out[prefix] as number) : 0
    return row === 0 || this.sets.source[row] === peer ? 0 : row
  }

  /** Makes room for the prefix. */
  reserve(prefix: number): void {
    if (prefix >= this.#out.length) this.#out = grown(this.#out, prefix + 1)
  }

  /** Takes over the best path of the prefix. @returns as `put` */
  enter(prefix: number): boolean {
    this.reserve(prefix)
    const set = this.#table.bestSetId(prefix)
    return this.put(prefix, set < 0 ? 0 : this.rowOf(set, this.#table.bestPeer(prefix), prefix))
  }

  /** @param row of `rowOf`; 0: nobody is told any more @returns whether that is another message; then `row` and `sourceBefore` say which */
  put(prefix: number, row: number): boolean {
    const { sets } = this
    const old = this.#out[prefix] as number
    if (old === row) return false
    this.#out[prefix] = row
    this.row = row
    this.sourceBefore = old === 0 ? -1 : (sets.source[old] as number)
    if (row !== 0) {
      sets.hold(row)
      this.#count(row, 1)
    }
    if (old === 0) return true
    const isSame = row !== 0 && sets.haveSameSource(row, old) && this.#sendsTheSame(row, old)
    this.#count(old, -1)
    sets.release(old)
    return !isSame
  }

  /** Writes the attributes of a row, but for MP_REACH_NLRI. @returns where they end */
  write(row: number, into: Uint8Array, at: number): number {
    const { set, variant } = this.sets
    return this.#outgoing.write(set[row] as number, this.#sourceOf(row), variant[row] as number, into, at)
  }

  /** For MP_REACH_NLRI; empty for IPv4. */
  nextHop(row: number): Uint8Array {
    const { set, variant } = this.sets
    return this.#outgoing.nextHop(set[row] as number, this.#sourceOf(row), variant[row] as number)
  }

  /** A row as it is sent, to look at. */
  show(row: number): Outgoing {
    return { bytes: scratch[0].slice(0, this.write(row, scratch[0], 0)), nextHop: this.nextHop(row).slice() }
  }

  /** Why the peer is told nothing of the prefix, decided as it was; undefined: nothing speaks against it. */
  refusal(prefix: number, peer: number): string | undefined {
    const set = this.#table.bestSetId(prefix)
    if (set < 0) return 'there is no best path'
    const source = this.#table.bestPeer(prefix)
    if (source.id === peer) return 'the best path came from this peer'
    const variant = this.#outgoing.variantOf(set, source, prefix)
    if (variant < 0) return this.#outgoing.refusal
    return this.#fits(set, source, variant) ? undefined : 'its attributes do not fit a message to this peer (RFC 8654 §5)'
  }

  /** Whether a path may be told, if its attributes fit a message. */
  mayTell(set: number, source: PeerSlot, prefix: number): boolean {
    return this.#outgoing.variantOf(set, source, prefix) >= 0
  }

  /** The row that stands for a path, made if there is none yet: it is put at once. 0: nobody is told. */
  rowOf(set: number, source: PeerSlot, prefix: number): number {
    const variant = this.#outgoing.variantOf(set, source, prefix)
    if (variant < 0) return 0
    const known = this.sets.find(set, source.id, source.remoteRouterId, variant)
    if (known !== 0) return known
    return this.#fits(set, source, variant) ? this.sets.add(set, source.id, source.remoteRouterId, variant) : 0
  }

  #fits(set: number, source: PeerSlot, variant: number): boolean {
    const outgoing = this.#outgoing
    const room = this.#room(outgoing.nextHop(set, source, variant))
    if (outgoing.mostOctets(set, source, variant) <= room) return true
    const octets = outgoing.write(set, source, variant, scratch[0], 0)
    if (octets <= room) return true
    if (this.#tooLong !== set) this.#onTooLong(octets)
    this.#tooLong = set
    return false
  }

  #sendsTheSame(a: number, b: number): boolean {
    const [first, second] = scratch
    const end = this.write(a, first, 0)
    if (this.write(b, second, 0) !== end) return false
    for (let i = 0; i < end; i++) if (first[i] !== second[i]) return false
    const nextHop = this.nextHop(a)
    const other = this.nextHop(b)
    for (let i = 0; i < nextHop.length; i++) if (nextHop[i] !== other[i]) return false
    return nextHop.length === other.length
  }

  #count(row: number, change: 1 | -1): void {
    const source = this.sets.source[row] as number
    this.#routes += change
    this.#routesFrom[source] = (this.#routesFrom[source] ?? 0) + change
  }

  #sourceOf(row: number): PeerSlot {
    return this.#table.peer(this.sets.source[row] as number)
  }
}
