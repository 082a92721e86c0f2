/** The last change sets, for those who follow the store and are behind: in memory, bounded, gone with the process. Pure. */
import type { ChangeSet } from './datastore.ts'
import { jsonOf } from './resource-json.ts'

/** What is kept at most; the newest change set is kept even if it alone is more. @property characters of JSON */
export type HistoryLimits = { readonly events: number; readonly characters: number }

export const historyLimits: HistoryLimits = { events: 10_000, characters: 8 * 1024 * 1024 }

type Kept = { readonly set: ChangeSet; readonly characters: number }

export class History {
  readonly #limits: HistoryLimits
  /** Of consecutive revisions. */
  readonly #kept: Kept[] = []
  #newest: number
  #events = 0
  #characters = 0

  /** @param revision of the store when the history begins: what came before it is too old */
  constructor(revision: number, limits: HistoryLimits = historyLimits) {
    this.#newest = revision
    this.#limits = limits
  }

  /** @param set of the revision after the one before */
  add(set: ChangeSet): void {
    const characters = set.events.reduce((sum, { resource }) => sum + jsonOf(resource).length, 0)
    this.#kept.push({ set, characters })
    this.#newest = set.revision
    this.#events += set.events.length
    this.#characters += characters
    while (this.#kept.length > 1 && (this.#events > this.#limits.events || this.#characters > this.#limits.characters)) this.#forget()
  }

  /** The change set that follows a revision; undefined if there is none yet. */
  after(revision: number): ChangeSet | 'too-old' | undefined {
    if (revision >= this.#newest) return undefined
    return this.#kept[this.#kept.length - (this.#newest - revision)]?.set ?? 'too-old'
  }

  #forget(): void {
    const oldest = this.#kept.shift()
    this.#events -= oldest?.set.events.length ?? 0
    this.#characters -= oldest?.characters ?? 0
  }
}
