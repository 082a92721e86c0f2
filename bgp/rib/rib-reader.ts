import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import type { AttributeTable } from './attribute-table.ts'
import { attributesToldIn } from './attributes-told.ts'
import { BestPath, type DecisionOptions } from './best-path.ts'
import type { FamilyTable } from './family-table.ts'
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
  readonly decision: DecisionOptions
}

/**
 * One path of a prefix.
 * @property set the number of its attributes: valid until something is received or decided
 * @property pathId of a peer that sends several (RFC 7911)
 */
export type RibPath = { readonly peer: PeerSlot; readonly set: number; readonly isStale: boolean; readonly pathId?: number }

/** What a peer is sent. @property row the same for all prefixes that are sent the same; valid as `RibPath.set` is */
export type RibOut = { readonly row: number; readonly internal: boolean }

/** The RIB as monitors and dumps see it: route by route, at their own pace. */
export class RibReader {
  readonly #parts: RibReaderParts
  readonly #best: BestPath

  constructor(parts: RibReaderParts) {
    this.#parts = parts
    this.#best = new BestPath(parts.decision)
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
      const pathId = slot.sendsPathIds[family] ? { pathId: paths.pathIdOf(row) } : {}
      found.push({ peer: slot, set: paths.set[row] as number, isStale: paths.stale[row] !== 0, ...pathId })
    }
    return found
  }

  /** Whether prefixes come from the peer with path identifiers (RFC 7911). */
  receivesPathIds(family: AddressFamily, peer: number): boolean {
    return this.#parts.peers[peer]?.sendsPathIds[family] ?? false
  }

  /** Whether they go to it with such. */
  sendsPathIds(family: AddressFamily, peer: number): boolean {
    return (this.#parts.groups.member(peer, family)?.group.terms.addPath ?? 0) > 0
  }

  /** Each prefix that the peer sent a path to. */
  eachReceived(family: AddressFamily, peer: number, act: (prefix: number) => void): void {
    const { paths } = this.#parts.tables[family]
    for (let row = paths.firstOfPeer(peer); row >= 0; row = paths.nextOfPeer[row] as number) act(paths.prefix[row] as number)
  }

  /** What import policy, and with it the check for loops, left of them, as it changed them. */
  accepted(family: AddressFamily, prefix: number, peer?: number): readonly RibPath[] {
    const { paths } = this.#parts.tables[family]
    const found: RibPath[] = []
    for (let row = paths.firstOfPrefix(prefix); row >= 0; row = paths.nextOfPrefix[row] as number) {
      const slot = this.#parts.peers[paths.peer[row] as number]
      const used = paths.usedSet(row)
      if (slot === undefined || used < 0 || (peer !== undefined && slot.id !== peer)) continue
      const pathId = slot.sendsPathIds[family] ? { pathId: paths.pathIdOf(row) } : {}
      found.push({ peer: slot, set: used, isStale: paths.stale[row] !== 0, ...pathId })
    }
    return found
  }

  best(family: AddressFamily, prefix: number): RibPath | undefined {
    const table = this.#parts.tables[family]
    const set = table.bestSetId(prefix)
    return set < 0 ? undefined : { peer: table.bestPeer(prefix), set, isStale: false }
  }

  /** The step that chose the best path. */
  decidedBy(family: AddressFamily, prefix: number): string | undefined {
    this.#parts.tables[family].gather(prefix, this.#best)
    return this.#best.decide()
  }

  hasBest(family: AddressFamily, prefix: number): boolean {
    return this.#parts.tables[family].bestSetId(prefix) >= 0
  }

  attributes({ set }: RibPath): PathAttributes {
    return this.#parts.attributes.look(set).attributes
  }

  /** What the peer is sent of it. */
  advertised(family: AddressFamily, prefix: number, peer: number): RibOut | undefined {
    const group = this.#parts.groups.member(peer, family)?.group
    const row = group?.told.rowFor(prefix, peer) ?? 0
    return group === undefined || row === 0 ? undefined : { row, internal: group.terms.internal }
  }

  /** The attributes as they are sent to the peer. */
  attributesSent(family: AddressFamily, prefix: number, peer: number): PathAttributes | undefined {
    const group = this.#parts.groups.member(peer, family)?.group
    const told = group?.told.sent(prefix, peer)
    return group && told && attributesToldIn(told, group.terms)
  }

  /** All paths that are sent to the peer, where it gets several. */
  pathsSent(
    family: AddressFamily,
    prefix: number,
    peer: number,
  ): readonly { readonly pathId: number; readonly attributes: PathAttributes }[] {
    const group = this.#parts.groups.member(peer, family)?.group
    if (group === undefined) return []
    return group.told.paths(prefix, peer).map(({ pathId = 0, sent }) => ({ pathId, attributes: attributesToldIn(sent, group.terms) }))
  }

  /** Prefixes with a best path. */
  bestCount(family: AddressFamily): number {
    return this.#parts.tables[family].bestCount
  }

  /** @property paths as they were received, this node's own among them */
  sizes(family: AddressFamily): { readonly prefixes: number; readonly paths: number; readonly best: number } {
    const { prefixes, bestCount: best } = this.#parts.tables[family]
    return { prefixes: prefixes.size, paths: this.peers().reduce((sum, { counts }) => sum + counts[family].received, 0), best }
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
