import { LegacyGeneration, type TableGeneration } from './legacy-generation.ts'
import type { RulesPlace, RulesSource } from './nft-changes.ts'

/** How often the number of rules is asked for, and how often what they are: reordered or replaced, they are as many as before. */
const COUNTS_MS = 1_000
const CONTENTS_MS = 5_000
/** What is asked for may take at most 1/200 of the time, but is not put off beyond `LATEST_MS`. */
const SHARE = 200
const LATEST_MS = 8_000

/** Looks at legacy tables again and again: every change of one shows, our own too. */
export class LegacyChanges implements RulesSource {
  readonly #tables: LegacyGeneration
  readonly #nowMs: () => number
  readonly #seen = new Map<string, string>()
  #countsAtMs = 0
  #contentsAtMs = 0

  /** @throws where libc cannot be called */
  static async open(nowMs: () => number): Promise<LegacyChanges> {
    return new LegacyChanges(await LegacyGeneration.open(), nowMs)
  }

  private constructor(tables: LegacyGeneration, nowMs: () => number) {
    this.#tables = tables
    this.#nowMs = nowMs
  }

  look(): readonly RulesPlace[] {
    const nowMs = this.#nowMs()
    if (nowMs < this.#countsAtMs) return []
    this.#countsAtMs = nowMs + COUNTS_MS
    const byCount = this.#changed('counts', this.#tables.counts())
    if (nowMs < this.#contentsAtMs) return byCount
    const byContents = this.#changed('contents', this.#tables.contents())
    this.#contentsAtMs = nowMs + Math.min(LATEST_MS, Math.max(CONTENTS_MS, (this.#nowMs() - nowMs) * SHARE))
    return [...byCount, ...byContents]
  }

  close(): void {
    this.#tables.close()
  }

  /** A table seen for the first time counts as changed. One that is gone went with all it held; its rules are missed at the next reading. */
  #changed(what: string, tables: readonly TableGeneration[]): RulesPlace[] {
    return tables.flatMap(({ family, table, generation }) => {
      const key = `${what} ${family} ${table}`
      const before = this.#seen.get(key)
      this.#seen.set(key, generation)
      return before === generation ? [] : [{ family, table }]
    })
  }
}
