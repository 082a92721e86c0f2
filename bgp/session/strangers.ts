import type { Log } from './log.ts'

/** At most one line in this time, however many knock. */
const quietMs = 10_000

/** Connections that are refused for where they come from: counted, logged rarely, never remembered. */
export class Strangers {
  readonly #log: Log
  readonly #now: () => number
  readonly #sentence: string
  #count = 0
  #quietUntil = 0

  /** @param sentence what the log says */
  constructor(log: Log, now: () => number, sentence: string) {
    this.#log = log
    this.#now = now
    this.#sentence = sentence
  }

  /** @param address undefined where it was gone before we could ask */
  note(address: string | undefined): void {
    this.#count++
    const now = this.#now()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + quietMs
    this.#log.warn({ address, refused: this.#count }, this.#sentence)
    this.#count = 0
  }
}
