/** For whom messages are: all but the peer n (n >= 0; 0 is nobody), or only the peer n (-n). */
export type Audience = number

export function isFor(audience: Audience, peer: number): boolean {
  return audience < 0 ? audience === -peer : audience !== peer
}

type Entry = { readonly buffer: Uint8Array; readonly start: number; end: number; readonly audience: Audience; readonly position: number }

/** Entries are not cut when they are read, so they are short: this many octets, or one message. */
const entryLimit = 4096

/** Encoded messages in the order they were made, once for all peers of a group; a reader is only a number. */
export class MessageLog {
  #entries: Entry[] = []
  /** Number of the first entry that is still there. */
  #base = 0
  /** Octets ever appended. */
  #position = 0
  /** The last entry grows no more. */
  #sealed = true

  /** The cursor behind everything. */
  get end(): number {
    return this.#base + this.#entries.length
  }

  /** Octets, of whomever, between the cursor and the end. */
  backlog(cursor: number): number {
    const entry = this.#entries[cursor - this.#base]
    return entry === undefined ? 0 : this.#position - entry.position
  }

  append(buffer: Uint8Array, start: number, end: number, audience: Audience): void {
    const last = this.#entries.at(-1)
    const follows = last !== undefined && last.buffer === buffer && last.end === start && last.audience === audience
    if (!this.#sealed && follows && end - last.start <= entryLimit) last.end = end
    else this.#entries.push({ buffer, start, end, audience, position: this.#position })
    this.#sealed = false
    this.#position += end - start
  }

  /** From now on there may be readers behind the last entry: what is appended is an entry of its own. */
  seal(): void {
    this.#sealed = true
  }

  /** The first cursor from `cursor` on whose entry is for the peer; `end` if there is none. */
  next(cursor: number, peer: number): number {
    let at = cursor
    while (at < this.end && !isFor((this.#entries[at - this.#base] as Entry).audience, peer)) at++
    return at
  }

  /**
   * Entries for the peer that lie behind each other, at least one.
   * @param cursor of `next`, below `end`
   * @param maxBytes obeyed but for the first entry
   */
  read(cursor: number, peer: number, maxBytes: number): { bytes: Uint8Array; cursor: number } {
    const first = this.#entries[cursor - this.#base] as Entry
    let end = first.end
    let at = cursor + 1
    for (; at < this.end; at++) {
      const entry = this.#entries[at - this.#base] as Entry
      if (entry.buffer !== first.buffer || entry.start !== end || entry.end - first.start > maxBytes) break
      if (!isFor(entry.audience, peer)) break
      end = entry.end
    }
    return { bytes: first.buffer.subarray(first.start, end), cursor: at }
  }

  /** Lets go of what lies before the cursor of the slowest reader. */
  trim(cursor: number): void {
    const gone = cursor - this.#base
    // Not each time: moving the rest costs as much as there is.
    if (gone === 0 || gone * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(gone)
    this.#base = cursor
  }
}
