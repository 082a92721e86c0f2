/** A reading is not older than this, or than so many times what it took: a hundredth of the time at most goes into it. */
const FRESH_MS = 1_000
const REST_SHARE = 100

/** Something that takes long to read: read when somebody asks, and kept for as long as that costs little. */
export class RarelyRead<Value> {
  readonly #nowMs: () => number
  readonly #readAll: () => Promise<Value>
  #value: Value
  #freshUntilMs = Number.NEGATIVE_INFINITY
  #reading: Promise<Value> | undefined

  /** @param nowMs milliseconds of a monotonic clock */
  constructor(nowMs: () => number, readAll: () => Promise<Value>, first: Value) {
    this.#nowMs = nowMs
    this.#readAll = readAll
    this.#value = first
  }

  /** The same object as long as nothing was read anew. Rejects as the reading does, and reads again then. */
  async read(): Promise<Value> {
    if (this.#nowMs() < this.#freshUntilMs) return this.#value
    this.#reading ??= this.#readNow().finally(() => (this.#reading = undefined))
    return await this.#reading
  }

  async #readNow(): Promise<Value> {
    const startMs = this.#nowMs()
    this.#value = await this.#readAll()
    const endMs = this.#nowMs()
    this.#freshUntilMs = endMs + Math.max(FRESH_MS, (endMs - startMs) * REST_SHARE)
    return this.#value
  }
}
