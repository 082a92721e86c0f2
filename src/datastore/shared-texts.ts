/** So many different texts are known at once. */
const most = 1_024

/** Equal texts that come one after the other in great number, as one piece of memory. */
export class SharedTexts {
  readonly #known = new Map<string, string>()

  /** @returns the one that was there first, if it is still known */
  one(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size === most) this.#known.clear()
    this.#known.set(text, text)
    return text
  }
}
