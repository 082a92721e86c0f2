/** What a program prints, line by line, from parts that begin and end anywhere. Keeps nothing but the line that is not at its end yet. */
export class OutputLines {
  readonly #onLine: (line: string) => void
  #rest = ''

  /** @param onLine given each line without its end */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  take(part: string): void {
    const text = this.#rest + part
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#onLine(text.slice(from, end))
      from = end + 1
    }
    this.#rest = text.slice(from)
  }
}
