/** Prefixes whose latest state a peer has still to be told: a bit each, taken out in the order of their ids. */
export class PendingPrefixes {
  #bits = new Uint32Array(2)
  #word = 0
  count = 0

  has(prefix: number): boolean {
    return (((this.#bits[prefix >>> 5] ?? 0) >>> (prefix & 31)) & 1) !== 0
  }

  add(prefix: number): void {
    const word = prefix >>> 5
    if (word >= this.#bits.length) this.#grow(word)
    const bit = 1 << (prefix & 31)
    if (((this.#bits[word] as number) & bit) !== 0) return
    this.#bits[word] = (this.#bits[word] as number) | bit
    this.#word = Math.min(this.#word, word)
    this.count++
  }

  /** Takes out at most `into.length` prefixes. @returns how many */
  take(into: Int32Array): number {
    let taken = 0
    for (; taken < into.length && this.count > 0; this.#word++) {
      while (this.#bits[this.#word] !== 0) {
        if (taken === into.length) return taken
        const bits = this.#bits[this.#word] as number
        const bit = 31 - Math.clz32(bits & -bits)
        this.#bits[this.#word] = bits & (bits - 1)
        into[taken++] = this.#word * 32 + bit
        this.count--
      }
    }
    return taken
  }

  /** Adds all of them to the others; none are left here. */
  moveTo(others: PendingPrefixes): void {
    const taken = new Int32Array(1024)
    for (let count = this.take(taken); count > 0; count = this.take(taken)) for (let i = 0; i < count; i++) others.add(taken[i] as number)
  }

  #grow(word: number): void {
    const bits = new Uint32Array(2 ** Math.ceil(Math.log2(word + 1)))
    bits.set(this.#bits)
    this.#bits = bits
  }
}
