import type { IpSet, Members } from './kernel.ts'
import { ChangeLog } from './tracked.ts'

/** The members of an IP set that tell their changes, as policy's do. */
export class ChangingMembers implements Members {
  readonly #texts: Set<string>
  readonly #log = new ChangeLog()

  constructor(...texts: readonly string[]) {
    this.#texts = new Set(texts)
  }

  get size(): number {
    return this.#texts.size
  }

  get version(): number {
    return this.#log.version
  }

  has(text: string): boolean {
    return this.#texts.has(text)
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#texts[Symbol.iterator]()
  }

  changedSince(version: number): readonly string[] | undefined {
    return this.#log.changedSince(version)
  }

  add(text: string): void {
    this.#texts.add(text)
    this.#log.note(text, this.#texts.size)
  }

  delete(text: string): void {
    this.#texts.delete(text)
    this.#log.note(text, this.#texts.size)
  }
}

export function changingSet(name: string, type: IpSet['type'], ...texts: readonly string[]): IpSet & { readonly members: ChangingMembers } {
  return { name, type, family: 4, members: new ChangingMembers(...texts) }
}
