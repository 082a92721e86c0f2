import { sameHashes } from '../iptables/chain-diff.ts'
import type { NftSocket } from './nft-socket.ts'
import type { KnownTable, NftTable } from './nft-table.ts'
import { readTable, type SavedObject } from './saved-table.ts'
import { SetContent } from './set-content.ts'
import { objectId } from './table-plan.ts'

/** One reading of our table beside the applies, compared with what is known to be in the kernel. */
export class TableCheck {
  readonly #table: NftTable
  readonly #known: KnownTable
  readonly #written: ReadonlySet<string>
  /** What is known and was not seen so, and what is there and not known. */
  readonly #unlike: Set<string>

  /** @param known what is written meanwhile is noted there too */
  constructor(table: NftTable, known: KnownTable) {
    this.#table = table
    this.#known = known
    this.#written = table.noteWritten()
    const ids = (['chain', 'set'] as const).flatMap((type) => [...known[`${type}s`].keys()].map((name) => objectId({ type, name })))
    this.#unlike = new Set(ids)
  }

  /** @throws Error where it cannot be read */
  async read(socket: NftSocket, signal: AbortSignal): Promise<void> {
    for await (const object of readTable(socket, this.#table.family, (set) => this.#contentOf(set))) {
      if (signal.aborted) return
      if (this.#isAsKnown(object)) this.#unlike.delete(objectId(object))
      else this.#unlike.add(objectId(object))
    }
  }

  /** To be asked behind the reading. undefined: what was known is not any more, and an apply reads or has read. */
  isAsKnown(): boolean | undefined {
    if (this.#table.known?.chains !== this.#known.chains) return undefined
    // what was seen of those that were written meanwhile says nothing
    return [...this.#unlike].every((id) => this.#written.has(id))
  }

  #isAsKnown(object: SavedObject): boolean {
    if (object.type === 'set') return object.content !== undefined
    const known = this.#known.chains.get(object.name)
    return known !== undefined && sameHashes(known, object.hashes)
  }

  #contentOf(name: string): SetContent | undefined {
    const set = this.#known.sets.get(name)
    return set instanceof SetContent ? set : undefined
  }
}
