/** Which of many things an apply looks at: those that were named since the last one; first, and when nobody knows which, all there are. */
export class Touched {
  #names: Set<string> | 'all' = 'all'

  get isAll(): boolean {
    return this.#names === 'all'
  }

  get isEmpty(): boolean {
    return this.#names !== 'all' && this.#names.size === 0
  }

  add(name: string): void {
    if (this.#names !== 'all') this.#names.add(name)
  }

  addAll(): void {
    this.#names = 'all'
  }

  /** @param all those there are */
  among<Names extends Iterable<string>>(all: () => Names): Names | ReadonlySet<string> {
    return this.#names === 'all' ? all() : this.#names
  }

  /** These were looked at, save `rest`. */
  clear(rest: Iterable<string> = []): void {
    this.#names = new Set(rest)
  }
}
