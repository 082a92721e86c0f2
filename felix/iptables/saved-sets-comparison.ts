import { holds, type SavedSet } from './ip-set-text.ts'
import { SavedSetsReader, type SavedShape } from './saved-sets.ts'

type Sets = ReadonlyMap<string, SavedSet>

/** What was read of one set. @property strays members that are not known to be there */
type Seen = { readonly shape: SavedShape; readonly known: SavedSet | undefined; readonly strays: string[]; members: number }

/**
 * Compares what `ipset save` prints, while it prints it, with what is known to be in the kernel: of 100,000 members none is kept. Members
 * may be written meanwhile. Then a member that is missing shows only in the kernel's own counts (ip-set-counts.ts); one that is too much
 * shows here always.
 */
export class SavedSetsComparison {
  readonly #known: Sets
  readonly #seen = new Map<string, Seen>()
  readonly #reader: SavedSetsReader
  #set: Seen | undefined

  /** @param known before the output was begun */
  constructor(known: Sets) {
    this.#known = new Map(known)
    this.#reader = new SavedSetsReader({
      onSet: (name, shape) => {
        this.#set = { shape, known: this.#known.get(name), strays: [], members: 0 }
        this.#seen.set(name, this.#set)
      },
      onMember: (member) => this.#takeMember(member),
    })
  }

  /** @param part of the output, of any length */
  take(part: string): void {
    this.#reader.take(part)
  }

  /** Whether all is as known, but for what we wrote meanwhile. To be asked behind the last part. @param now what is known to be there now */
  isAsKnown(now: Sets): boolean {
    const isMade = [...this.#seen].every(([name, { known }]) => known !== undefined || now.has(name))
    return isMade && [...this.#known].every(([name, known]) => !now.has(name) || this.#isSame(known, now.get(name), this.#seen.get(name)))
  }

  #takeMember(member: string): void {
    const set = this.#set
    if (set === undefined) return
    set.members += 1
    if (set.known !== undefined && !holds(set.known, set.known.members, member)) set.strays.push(member)
  }

  #isSame(known: SavedSet, now: SavedSet | undefined, seen: Seen | undefined): boolean {
    if (now?.members !== known.members || seen === undefined || !sameShape(known, seen.shape)) return false
    const changed = known.version === undefined ? [] : known.members.changedSince?.(known.version)
    if (changed === undefined) return false // more was changed than is remembered
    const ours = new Set(changed)
    const isWhole = ours.size > 0 || seen.members === (known.elements ?? known.members.size)
    return isWhole && seen.strays.every((member) => holds(known, ours, member))
  }
}

function sameShape(a: SavedShape, b: SavedShape): boolean {
  return a.type === b.type && a.family === b.family && a.maxMembers === b.maxMembers
}
