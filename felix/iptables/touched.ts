/** Which of many things an apply looks at: those that were named since the last one; first, and when nobody knows which, all there are. */
export class Touched {
  #named = new Set<string>()
  #isAll = true

  get isAll(): boolean {
    return this.#isAll
  }

  get isEmpty(): boolean {
    return !this.#isAll && this.#named.size === 0
  }

  /** Nobody, where it is all. */
  get named(): ReadonlySet<string> {
    return this.#named
  }

  add(name: string): void {
    if (!this.#isAll) this.#named.add(name)
  }

  addAll(): void {
    this.clear()
    this.#isAll = true
  }

  /** @param all those there are */
  among<Names extends Iterable<string>>(all: () => Names): Names | ReadonlySet<string> {
    return this.#isAll ? all() : this.#named
  }

  /** These were looked at, save `rest`. */
  clear(rest: Iterable<string> = []): void {
    this.#isAll = false
    this.#named = new Set(rest)
  }
}
