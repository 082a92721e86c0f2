/**
 * Names of interfaces as a filter asks for them, "*" for any characters. Taken apart once; then the time a name takes grows with its
 * length, whatever the pattern: what comes between two stars is looked for once, from the left, and never again.
 */
export class InterfacePattern {
  /** Undefined: without a star the name is the pattern. */
  readonly #last: string | undefined
  readonly #first: string
  readonly #between: readonly string[]

  constructor(pattern: string) {
    const [first = '', ...others] = pattern.split('*')
    this.#first = first
    this.#last = others.pop()
    this.#between = others.filter((words) => words !== '')
  }

  /** @param name undefined: it is not known, and nothing is asked for that it has */
  matches(name: string | undefined): boolean {
    if (name === undefined || name === '') return false
    if (this.#last === undefined) return name === this.#first
    const end = name.length - this.#last.length
    if (!name.startsWith(this.#first) || !name.endsWith(this.#last)) return false
    let at = this.#first.length
    for (const words of this.#between) {
      const found = name.indexOf(words, at)
      if (found < 0) return false
      at = found + words.length
    }
    return at <= end
  }
}
