import type { Members } from '../kernel.ts'
import { elementId, elementsOf, type NftSet, type SetShape, shapeOf, writtenMembers } from './set-elements.ts'

/** @property version of the members that a delta leads to; undefined where they do not tell their changes */
export type SetDelta = { readonly added: readonly string[]; readonly removed: readonly string[]; readonly version: number | undefined }

/** How what was read of a set compares with what should be in it: that, only some of it, or something else. */
export type Comparison = 'all' | 'some' | 'other'

/** So many members are compared in a few hundred microseconds. */
const STEP = 256

/** What the kernel has of one set, as we wrote it: a copy, since what is wanted goes on. */
export class SetContent {
  readonly #kind: Pick<NftSet, 'family' | 'type'>
  readonly #written: Set<string>
  #of: Members
  #version: number | undefined

  /** @param set that is written whole, as it is now */
  constructor(set: NftSet) {
    this.#kind = { family: set.family, type: set.type }
    this.#written = new Set(writtenMembers(set))
    this.#of = set.members
    this.#version = set.members.version
  }

  get members(): ReadonlySet<string> {
    return this.#written
  }

  get size(): number {
    return this.#written.size
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

  /** Whether a set of this shape may hold it. */
  hasShape(shape: Omit<SetShape, 'keyOrder'>): boolean {
    return hasShape(this.#kind, shape)
  }

  /** @param elements of the set by `elementId`, as they were read  @returns in steps: a hundred thousand members take long */
  *compare(elements: ReadonlySet<string>): Generator<void, Comparison, undefined> {
    let [members, expected, seen] = [0, 0, 0]
    for (const member of this.#written) {
      for (const element of elementsOf(this.#kind, member)) {
        expected++
        if (elements.has(elementId(element))) seen++
      }
      if (++members % STEP === 0) yield
    }
    if (seen < elements.size) return 'other'
    return seen === expected ? 'all' : 'some'
  }

  /** Each once; [] where nothing changed, undefined where nobody knows. */
  #toldChanges(members: Members): ReadonlySet<string> | undefined {
    if (members.version === undefined) return new Set() // of one that never changes
    const names = this.#version === undefined ? undefined : members.changedSince?.(this.#version)
    return names && new Set(names)
  }
}

export function hasShape(set: Pick<NftSet, 'family' | 'type'>, { flags, keyType, keyLength }: Omit<SetShape, 'keyOrder'>): boolean {
  const shape = shapeOf(set)
  return shape.flags === flags && shape.keyType === keyType && shape.keyLength === keyLength
}
