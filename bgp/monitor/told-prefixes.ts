/** Which prefixes a reader was told of: a bit each. */
export class ToldPrefixes {
  #bits = new Uint32Array(2)

  has(prefix: number): boolean {
    return (((this.#bits[prefix >>> 5] ?? 0) >>> (prefix & 31)) & 1) !== 0
  }

  add(prefix: number): void {
    const word = prefix >>> 5
    if (word >= this.#bits.length) {
      const bits = new Uint32Array(2 ** Math.ceil(Math.log2(word + 1)))
      bits.set(this.#bits)
      this.#bits = bits
    }
    this.#bits[word] = (this.#bits[word] as number) | (1 << (prefix & 31))
  }

  delete(prefix: number): void {
    const word = prefix >>> 5
    if (word < this.#bits.length) this.#bits[word] = (this.#bits[word] as number) & ~(1 << (prefix & 31))
  }
}
