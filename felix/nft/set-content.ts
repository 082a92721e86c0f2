import type { Members } from '../kernel.ts'
import type { SavedSet } from './saved-table.ts'
import { elementId, elementsOf, type NftSet, shapeOf, writtenMembers } from './set-elements.ts'

/** @property version of the members that a delta leads to; undefined where they do not tell their changes */
export type SetDelta = { readonly added: readonly string[]; readonly removed: readonly string[]; readonly version: number | undefined }

/** What the kernel has of one set, as we wrote it: a copy, since what is wanted goes on. */
export class SetContent {
  readonly #written: Set<string>
  #of: Members
  #version: number | undefined

  /** @param set that is written whole, as it is now */
  constructor(set: NftSet) {
    this.#written = new Set(writtenMembers(set))
    this.#of = set.members
    this.#version = set.members.version
  }

  get members(): ReadonlySet<string> {
    return this.#written
  }

  /** What leads from here to what is wanted: in proportion to the change, where the members tell it. */
  deltaTo(set: NftSet): SetDelta {
    const { members } = set
    const { version } = members
    const told = set.type !== 'hash:net' && this.#of === members ? this.#toldChanges(members) : undefined
    const wanted = told === undefined ? writtenMembers(set) : members
    const added: string[] = []
    const removed: string[] = []
    for (const member of told ?? wanted) if (wanted.has(member) && !this.#written.has(member)) added.push(member)
    for (const member of told ?? this.#written) if (!wanted.has(member) && this.#written.has(member)) removed.push(member)
    return { added, removed, version }
  }

  /** The kernel took it. */
  note(set: NftSet, { added, removed, version }: SetDelta): void {
    for (const member of removed) this.#written.delete(member)
    for (const member of added) this.#written.add(member)
    this.#of = set.members
    this.#version = version
  }

  /** Each once; [] where nothing changed, undefined where nobody knows. */
  #toldChanges(members: Members): ReadonlySet<string> | undefined {
    if (members.version === undefined) return new Set() // of one that never changes
    const names = this.#version === undefined ? undefined : members.changedSince?.(this.#version)
    return names && new Set(names)
  }
}

/** Whether what was read is what is wanted: `other-shape` where the set itself would have to be another. */
export function compareSaved(set: NftSet, { shape, elements }: SavedSet): 'same' | 'other-members' | 'other-shape' {
  const { flags, keyType, keyLength } = shapeOf(set)
  if (shape.flags !== flags || shape.keyType !== keyType || shape.keyLength !== keyLength) return 'other-shape'
  let count = 0
  for (const member of writtenMembers(set)) {
    for (const element of elementsOf(set, member)) {
      if (!elements.has(elementId(element))) return 'other-members'
      count++
    }
  }
  return count === elements.size ? 'same' : 'other-members'
}
