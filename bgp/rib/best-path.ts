/** The decision process (RFC 4271 §9.1.2.2, RFC 4456 §9): one ladder, which gives both the best path and the step that chose it. */
import type { AttributeSet } from './attribute-set.ts'
import type { PeerSlot } from './peer-slot.ts'
import { localPeer } from './peer-slot.ts'

type Step = {
  readonly name: string
  /** The lowest wins. */
  readonly rank: (set: AttributeSet, peer: PeerSlot) => number
  /** Only paths for which this is equal are compared (RFC 4271 §9.1.2.2 c). */
  readonly within?: (set: AttributeSet) => number
}

/** In this order. Each step leaves those that share the lowest rank; the one that leaves a single path has decided. */
const ladder: readonly Step[] = [
  { name: 'local', rank: (_, peer) => (peer.id === localPeer ? 0 : 1) },
  { name: 'local-pref', rank: (set) => -set.localPref },
  { name: 'as-path-length', rank: (set) => set.asPathLength },
  { name: 'origin', rank: (set) => set.origin },
  { name: 'med', rank: (set) => set.med, within: (set) => set.neighborAs },
  { name: 'ebgp-over-ibgp', rank: (_, peer) => (peer.internal ? 1 : 0) },
  { name: 'igp-metric', rank: (set) => set.nextHop?.metric ?? 0 },
  { name: 'router-id', rank: (set, peer) => set.originatorId ?? peer.remoteRouterId },
  { name: 'cluster-list-length', rank: (set) => set.clusterListLength },
  { name: 'peer-address', rank: (_, peer) => peer.addressRank },
]

/** The candidates of one prefix; cleared and filled again for each, so that nothing is allocated. */
export class BestPath {
  readonly #sets: AttributeSet[] = []
  readonly #peers: PeerSlot[] = []
  #count = 0

  clear(): void {
    this.#count = 0
  }

  add(set: AttributeSet, peer: PeerSlot): void {
    this.#sets[this.#count] = set
    this.#peers[this.#count++] = peer
  }

  /** Valid after `decide`; undefined if there was no candidate. */
  get set(): AttributeSet | undefined {
    return this.#count === 0 ? undefined : this.#sets[0]
  }

  get peer(): PeerSlot | undefined {
    return this.#count === 0 ? undefined : this.#peers[0]
  }

  /** @returns the name of the step that decided; undefined if there is no candidate */
  decide(): string | undefined {
    if (this.#count <= 1) return this.#count === 1 ? 'only-path' : undefined
    for (const step of ladder) {
      if (step.within === undefined) this.#keepLowest(step)
      else this.#keepLowestWithin(step, step.within)
      if (this.#count === 1) return step.name
    }
    throw new Error('two paths of one peer to one prefix')
  }

  #keepLowest({ rank }: Step): void {
    let lowest = Number.POSITIVE_INFINITY
    let kept = 0
    for (let i = 0; i < this.#count; i++) {
      const set = this.#sets[i] as AttributeSet
      const peer = this.#peers[i] as PeerSlot
      const value = rank(set, peer)
      if (value > lowest) continue
      if (value < lowest) kept = 0
      lowest = value
      this.#sets[kept] = set
      this.#peers[kept++] = peer
    }
    this.#count = kept
  }

  /** The lowest of each neighbour AS stay, whatever the order of the paths: MED is no total order. */
  #keepLowestWithin({ rank }: Step, within: (set: AttributeSet) => number): void {
    const lowest = new Map<number, number>()
    for (let i = 0; i < this.#count; i++) {
      const set = this.#sets[i] as AttributeSet
      const value = rank(set, this.#peers[i] as PeerSlot)
      if (value < (lowest.get(within(set)) ?? Number.POSITIVE_INFINITY)) lowest.set(within(set), value)
    }
    let kept = 0
    for (let i = 0; i < this.#count; i++) {
      const set = this.#sets[i] as AttributeSet
      const peer = this.#peers[i] as PeerSlot
      if (rank(set, peer) !== lowest.get(within(set))) continue
      this.#sets[kept] = set
      this.#peers[kept++] = peer
    }
    this.#count = kept
  }
}
