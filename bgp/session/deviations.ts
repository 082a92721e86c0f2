import type { Log } from './log.ts'

/** So many lines of one peer are written in `windowMs`, in milliseconds; the rest is only counted. */
const maxLines = 10
const windowMs = 10_000

type Window = { endMs: number; lines: number; untold: number }

/** What peers get wrong in their attributes without losing their session (RFC 7606): told, but never at the pace of their UPDATEs. */
export class Deviations {
  readonly #log: Log
  readonly #now: () => number
  readonly #windows = new Map<string, Window>()

  /** @param now milliseconds */
  constructor(log: Log, now: () => number) {
    this.#log = log
    this.#now = now
  }

  note(peer: string, note: string): void {
    const window = this.#windowOf(peer)
    if (window.lines >= maxLines) {
      window.untold++
      return
    }
    window.lines++
    this.#log.warn({ peer, note }, 'a route attribute deviates from its RFC')
  }

  forget(peer: string): void {
    this.#windows.delete(peer)
  }

  #windowOf(peer: string): Window {
    const now = this.#now()
    const last = this.#windows.get(peer)
    if (last !== undefined && now < last.endMs) return last
    if (last !== undefined && last.untold > 0)
      this.#log.warn({ peer, untold: last.untold }, 'more route attributes deviated from their RFCs')
    const window = { endMs: now + windowMs, lines: 0, untold: 0 }
    this.#windows.set(peer, window)
    return window
  }
}
