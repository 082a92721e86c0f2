/** The decision process (RFC 4271 §9.1.2.2, RFC 4456 §9): one ladder, which gives the best path, its equals, and the step each other one lost at. */
import type { MultipathOptions } from '../speaker-policy.ts'
import type { AttributeSet } from './attribute-set.ts'
import type { PeerSlot } from './peer-slot.ts'
import { localPeer } from './peer-slot.ts'

type Step = {
  readonly name: string
  /** The lowest wins. */
  readonly rank: (set: AttributeSet, peer: PeerSlot, pathId: number) => number
  /** Only paths for which this is equal are compared (RFC 4271 §9.1.2.2 c). */
  readonly within?: (set: AttributeSet) => number
}

/** In this order. Each step leaves those that share the lowest rank; the one that leaves a single path has decided. */
const ladder: readonly Step[] = [
  { name: 'local', rank: (_, peer) => (peer.id === localPeer ? 0 : 1) },
  { name: 'long-lived-stale', rank: (set) => (set.isLongLivedStale ? 1 : 0) }, // RFC 9494 §4.3
  { name: 'local-pref', rank: (set) => -set.localPref },
  { name: 'as-path-length', rank: (set) => set.asPathLength },
  { name: 'origin', rank: (set) => set.origin },
  { name: 'med', rank: (set) => set.med, within: (set) => set.neighborAs },
  { name: 'ebgp-over-ibgp', rank: (_, peer) => (peer.internal ? 1 : 0) },
  { name: 'igp-metric', rank: (set) => set.nextHop?.metric ?? 0 },
]

/** Among paths that are equally good: so that there is one. */
const tieBreaks: readonly Step[] = [
  { name: 'router-id', rank: (set, peer) => set.originatorId ?? peer.remoteRouterId },
  { name: 'cluster-list-length', rank: (set) => set.clusterListLength },
  { name: 'peer-address', rank: (_, peer) => peer.addressRank },
  { name: 'path-id', rank: (_, __, pathId) => pathId },
]

/** What can be chosen of the decision; as in SpeakerPolicy. */
export type DecisionOptions = { multipath: MultipathOptions; preferExisting: boolean }

export function sharesTraffic({ multipath }: DecisionOptions): boolean {
  return multipath.ebgp > 1 || multipath.ibgp > 1
}

export function isSameSharing(a: MultipathOptions, b: MultipathOptions): boolean {
  return a.ebgp === b.ebgp && a.ibgp === b.ibgp && a.relaxAsPath === b.relaxAsPath
}

/** The candidates of one prefix; cleared and filled again for each, so that nothing is allocated. */
export class BestPath {
  readonly #options: DecisionOptions
  readonly #sets: AttributeSet[] = []
  readonly #peers: PeerSlot[] = []
  readonly #rows: number[] = []
  readonly #pathIds: number[] = []
  readonly #lostAt: (string | undefined)[] = []
  /** Not looked at by the next `decide`. */
  readonly #isLeftOut: boolean[] = []
  #count = 0
  /** Numbers of the candidates that are left. */
  readonly #left: number[] = []
  #leftCount = 0
  /** Of those that only tie-breaks tell from the best; none if there was no tie to break. */
  readonly #equal: number[] = []
  /** The candidate that is the best path so far, or -1. */
  #existing = -1

  /** @param options of whoever decides here: they may change between two decisions */
  constructor(options: DecisionOptions) {
    this.#options = options
  }

  clear(): void {
    this.#count = 0
    this.#leftCount = 0
    this.#existing = -1
  }

  /**
   * @param row where the caller keeps it
   * @param pathId what tells it from other paths of the peer (RFC 7911); 0: there are no others
   */
  add(set: AttributeSet, peer: PeerSlot, row: number, pathId: number): void {
    this.#sets[this.#count] = set
    this.#peers[this.#count] = peer
    this.#rows[this.#count] = row
    this.#isLeftOut[this.#count] = false
    this.#pathIds[this.#count++] = pathId
  }

  /** What was added last is the best path so far (RFC 5004). */
  markExisting(): void {
    this.#existing = this.#count - 1
  }

  get count(): number {
    return this.#count
  }

  /** Valid after `decide`; undefined if there was no candidate. */
  get set(): AttributeSet | undefined {
    return this.#leftCount === 0 ? undefined : this.#sets[this.#left[0] as number]
  }

  get peer(): PeerSlot | undefined {
    return this.#leftCount === 0 ? undefined : this.#peers[this.#left[0] as number]
  }

  get pathId(): number {
    return this.#leftCount === 0 ? 0 : (this.#pathIds[this.#left[0] as number] as number)
  }

  /** The number of the best path in the order they were added; -1 without any. */
  get index(): number {
    return this.#leftCount === 0 ? -1 : (this.#left[0] as number)
  }

  /** By the number of the path, in the order they were added. */
  setAt(index: number): AttributeSet {
    return this.#sets[index] as AttributeSet
  }

  peerAt(index: number): PeerSlot {
    return this.#peers[index] as PeerSlot
  }

  rowAt(index: number): number {
    return this.#rows[index] as number
  }

  /** Whether more than one path is as good as the best, but for tie-breaks. */
  get isTie(): boolean {
    return this.#equal.length > 0
  }

  /** The step at which the path with this number, in the order they were added, was left behind; undefined for the best. */
  lostAt(index: number): string | undefined {
    return this.#lostAt[index]
  }

  /** @returns the name of the step that decided; undefined if there is no candidate */
  decide(): string | undefined {
    this.#leftCount = 0
    if (this.#equal.length > 0) this.#equal.length = 0
    for (let i = 0; i < this.#count; i++) {
      if (!this.#isLeftOut[i]) this.#left[this.#leftCount++] = i
      this.#lostAt[i] = undefined
    }
    if (this.#leftCount <= 1) return this.#leftCount === 1 ? 'only-path' : undefined
    const decided = this.#climb(ladder)
    if (decided !== undefined) return decided
    for (let i = 0; i < this.#leftCount; i++) this.#equal.push(this.#left[i] as number)
    return this.#keepExisting() ?? this.#climb(tieBreaks) ?? twins()
  }

  /**
   * The numbers of the paths that share the traffic (ECMP), the best first; at least one. Valid after `decide`, if there is a best path.
   * Which of more than are allowed is decided as among them the best.
   */
  multipath(): readonly number[] {
    const { ebgp, ibgp, relaxAsPath } = this.#options.multipath
    const [best] = this.#left
    if (best === undefined || this.#leftCount === 0) return []
    const { internal, id } = this.#peers[best] as PeerSlot
    const most = id === localPeer ? 1 : internal ? ibgp : ebgp
    if (most === 1 || this.#equal.length === 0) return [best]
    const path = this.#sets[best] as AttributeSet
    const others = this.#equal.filter((i) => i !== best && (relaxAsPath || sameAsPath(this.#sets[i] as AttributeSet, path)))
    return [best, ...others.sort((a, b) => this.#order(a, b)).slice(0, most - 1)]
  }

  /** The path with this number takes part no more. */
  leaveOut(index: number): void {
    this.#isLeftOut[index] = true
  }

  /** The numbers of at most so many paths, each the best of those that are left without the ones before it. All are left out then. */
  ranked(most: number): readonly number[] {
    const order: number[] = []
    while (order.length < most && this.decide() !== undefined) {
      order.push(this.index)
      this.leaveOut(this.index)
    }
    return order
  }

  #climb(steps: readonly Step[]): string | undefined {
    for (const step of steps) {
      if (step.within === undefined) this.#keepLowest(step)
      else this.#keepLowestWithin(step, step.within)
      if (this.#leftCount === 1) return step.name
    }
    return undefined
  }

  /** RFC 5004 §3: none of the paths that are left is internal if the existing best is not. */
  #keepExisting(): string | undefined {
    if (!this.#options.preferExisting || this.#existing < 0 || (this.#peers[this.#existing] as PeerSlot).internal) return undefined
    if (!this.#equal.includes(this.#existing)) return undefined
    for (const i of this.#equal) if (i !== this.#existing) this.#lostAt[i] = 'prefer-existing'
    this.#left[0] = this.#existing
    this.#leftCount = 1
    return 'prefer-existing'
  }

  #order(a: number, b: number): number {
    for (const { rank } of tieBreaks) {
      const difference = this.#rank(rank, a) - this.#rank(rank, b)
      if (difference !== 0) return difference
    }
    return 0
  }

  #rank(rank: Step['rank'], i: number): number {
    return rank(this.#sets[i] as AttributeSet, this.#peers[i] as PeerSlot, this.#pathIds[i] as number)
  }

  #keepLowest({ name, rank }: Step): void {
    let lowest = Number.POSITIVE_INFINITY
    let kept = 0
    for (let at = 0; at < this.#leftCount; at++) {
      const i = this.#left[at] as number
      const value = this.#rank(rank, i)
      if (value > lowest) {
        this.#lostAt[i] = name
        continue
      }
      if (value < lowest) while (kept > 0) this.#lostAt[this.#left[--kept] as number] = name
      lowest = value
      this.#left[kept++] = i
    }
    this.#leftCount = kept
  }

  /** The lowest of each neighbour AS stay, whatever the order of the paths: MED is no total order. */
  #keepLowestWithin({ name, rank }: Step, within: (set: AttributeSet) => number): void {
    if (this.#isUniform(rank)) return
    const lowest = new Map<number, number>()
    for (let at = 0; at < this.#leftCount; at++) {
      const i = this.#left[at] as number
      const group = within(this.#sets[i] as AttributeSet)
      const value = this.#rank(rank, i)
      if (value < (lowest.get(group) ?? Number.POSITIVE_INFINITY)) lowest.set(group, value)
    }
    let kept = 0
    for (let at = 0; at < this.#leftCount; at++) {
      const i = this.#left[at] as number
      if (this.#rank(rank, i) === lowest.get(within(this.#sets[i] as AttributeSet))) this.#left[kept++] = i
      else this.#lostAt[i] = name
    }
    this.#leftCount = kept
  }

  /** As most often: nothing is lost then, and no group need be made. */
  #isUniform(rank: Step['rank']): boolean {
    const value = this.#rank(rank, this.#left[0] as number)
    for (let at = 1; at < this.#leftCount; at++) if (this.#rank(rank, this.#left[at] as number) !== value) return false
    return true
  }
}

function sameAsPath({ attributes: a }: AttributeSet, { attributes: b }: AttributeSet): boolean {
  return (
    a.asPath.length === b.asPath.length &&
    a.asPath.every(({ type, asNumbers }, i) => {
      const other = b.asPath[i]
      return type === other?.type && asNumbers.length === other.asNumbers.length && asNumbers.every((as, j) => as === other.asNumbers[j])
    })
  )
}

function twins(): never {
  throw new Error('two paths of one peer to one prefix with one identifier')
}
