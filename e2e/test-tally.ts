import type { Parser } from 'tap-parser'

/** What came of the tests so far. Each test without subtests counts once, a file without tests as one. */
export class Tally {
  passed = 0
  readonly failed: string[] = []
  readonly skipped: { title: string; reason: string }[] = []
  readonly #print: (text: string) => void

  /** @param print where the diagnosis of each assertion that failed goes */
  constructor(print: (text: string) => void) {
    this.#print = print
  }

  /**
   * Counts what the parser is told from now on.
   * @param path titles of what the parser is in: a file and tests
   * @returns the tests seen, filled while the parser runs
   */
  follow(parser: Parser, path: readonly string[]): ReadonlyMap<string, unknown> {
    const children = new Map<string, ReadonlyMap<string, unknown>>()
    parser.on('child', (child: Parser) => children.set(child.name, this.follow(child, [...path, child.name])))
    parser.on('assert', (result) => {
      const title = [...path, result.name].join(' > ')
      const subtests = children.get(result.name)
      if (result.skip) this.skipped.push({ title, reason: String(result.skip) })
      else if (!result.ok && subtests === undefined) this.#print(`not ok: ${title}\n${JSON.stringify(result.diag, null, 2)}`)
      else if (subtests !== undefined) this.count(title, result.ok, subtests.size === 0)
    })
    return children
  }

  /** A failing parent repeats its child's failure: it counts only if it failed by itself (a timeout, a wrong plan). */
  count(title: string, ok: boolean, isLeaf: boolean): void {
    if (ok && isLeaf) this.passed++
    if (!ok && (isLeaf || !this.failed.some((failed) => failed.startsWith(title)))) this.failed.push(title)
  }
}
