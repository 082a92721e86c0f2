import type { Log } from './log.ts'

/** At most one line in this time, however many knock. */
const quietMs = 10_000

/** Connections from addresses that are no peer: counted, logged rarely, never remembered. */
export class Strangers {
  readonly #log: Log
  readonly #now: () => number
  #count = 0
  #quietUntil = 0

  constructor(log: Log, now: () => number) {
    this.#log = log
    this.#now = now
  }

  /** @param address undefined where it was gone before we could ask */
  note(address: string | undefined): void {
    this.#count++
    const now = this.#now()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + quietMs
    this.#log.warn({ address, refused: this.#count }, 'connection from an address that is no configured peer refused')
    this.#count = 0
  }
}
