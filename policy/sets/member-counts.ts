import { ChangeLog } from '../../felix/tracked.ts'

/**
 * The members of one IP set in one family, each counted: one address may come from two endpoints, and stays until both are gone.
 * What is counted shows, and is noted as a change, at `publish`: until then readers see what was there before.
 */
export class MemberCounts {
  readonly #shown = new Map<string, number>()
  /** What is to be added to the counts; none at first: nobody has read anything yet. */
  #pending: Map<string, number> | undefined
  readonly log = new ChangeLog()

  get size(): number {
    return this.#shown.size
  }

  has(text: string): boolean {
    return this.#shown.has(text)
  }

  keys(): Iterable<string> {
    return this.#shown.keys()
  }

  count(text: string, by: 1 | -1): void {
    const target = this.#pending ?? this.#shown
    const now = (target.get(text) ?? 0) + by
    if (now === 0) target.delete(text)
    else target.set(text, now)
  }

  /** @returns whether members came or went */
  publish(): boolean {
    const before = this.log.version
    for (const [text, by] of this.#pending ?? []) {
      const had = this.#shown.get(text) ?? 0
      if (had + by === 0) this.#shown.delete(text)
      else this.#shown.set(text, had + by)
      if (had === 0 || had + by === 0) this.log.note(text, this.#shown.size)
    }
    this.#pending = new Map()
    return this.log.version !== before
  }
}
