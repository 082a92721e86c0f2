import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AttributeSet } from './attribute-set.ts'
import type { AttributeTable } from './attribute-table.ts'
import { BestPath } from './best-path.ts'
import type { FamilyTable } from './family-table.ts'
import type { Outgoing } from './outgoing-attributes.ts'
import type { PeerSlot } from './peer-slot.ts'
import type { RibWatcher } from './rib-watcher.ts'
import type { UpdateGroups } from './update-groups.ts'

/** What is there at the moment; whoever asks again later sees what is there then. */
export type RibReaderParts = {
  /** By number; the first is this node. */
  readonly peers: readonly (PeerSlot | undefined)[]
  readonly tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly attributes: AttributeTable
  readonly groups: UpdateGroups
}

/** One path of a prefix. @property pathId of a peer that sends several (RFC 7911) */
export type RibPath = { readonly peer: PeerSlot; readonly set: AttributeSet; readonly isStale: boolean; readonly pathId?: number }

/** The RIB as monitors and dumps see it: route by route, at their own pace. */
export class RibReader {
  readonly #parts: RibReaderParts
  readonly #best = new BestPath()

  constructor(parts: RibReaderParts) {
    this.#parts = parts
  }

  /** All there are now, this node first. */
  peers(): readonly PeerSlot[] {
    return this.#parts.peers.filter((slot) => slot !== undefined)
  }

  prefixes(family: AddressFamily): PrefixTable {
    return this.#parts.tables[family].prefixes
  }

  /** As they were received, whether they are used or not. @param peer absent: of all */
  received(family: AddressFamily, prefix: number, peer?: number): readonly RibPath[] {
    const { paths } = this.#parts.tables[family]
    const found: RibPath[] = []
    for (let row = paths.firstOfPrefix(prefix); row >= 0; row = paths.nextOfPrefix[row] as number) {
      const slot = this.#parts.peers[paths.peer[row] as number]
      if (slot === undefined || (peer !== undefined && slot.id !== peer)) continue
      found.push({ peer: slot, set: this.#parts.attributes.get(paths.set[row] as number), isStale: paths.stale[row] !== 0 })
    }
    return found
  }

  /** What import policy and the checks for loops left of them. */
  accepted(family: AddressFamily, prefix: number, peer?: number): readonly RibPath[] {
    return this.received(family, prefix, peer).filter(({ peer, set }) => peer.imports && set.eligible)
  }

  best(family: AddressFamily, prefix: number): RibPath | undefined {
    const table = this.#parts.tables[family]
    const set = table.bestSet(prefix)
    return set && { peer: table.bestPeer(prefix), set, isStale: false }
  }

  /** The step that chose the best path. */
  decidedBy(family: AddressFamily, prefix: number): string | undefined {
    this.#parts.tables[family].gather(prefix, this.#best)
    return this.#best.decide()
  }

  /** What the peer is sent of it. */
  advertised(family: AddressFamily, prefix: number, peer: number): Outgoing | undefined {
    return this.#parts.groups.member(peer, family)?.group.told(prefix, peer)
  }

  /** Tells of changes from now on. @returns ends that */
  watch(watcher: RibWatcher): () => void {
    const tables = Object.values(this.#parts.tables)
    for (const table of tables) table.watchers.add(watcher)
    return () => {
      for (const table of tables) table.watchers.delete(watcher)
    }
  }

  /** A watcher has looked at the prefix: its id may be given to another one, if nothing is left of it. */
  release(family: AddressFamily, prefix: number): void {
    const table = this.#parts.tables[family]
    if (table.prefixes.has(prefix)) table.removeIfUnused(prefix)
  }
}
