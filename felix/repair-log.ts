import type { Logger } from 'pino'

/**
 * One object of ours that somebody else had changed, and that was put right.
 *
 * @property object as in the reports: "chain filter/tort-FORWARD (IPv4)", "hook filter/FORWARD (IPv4)", "IP set tort4s:x"
 * @property lastAt ISO 8601
 */
export type Repair = { readonly object: string; readonly times: number; readonly lastAt: string }

/** So many objects are remembered, those repaired last; and so many are named at once, in a line of the log or in the status. */
const REMEMBERED = 1_000
const NAMED = 20
/** Two programs that both insist must not fill the disk: an object is logged again after this time. */
const SILENT_MS = 60_000

/** What was repaired: how often in all, and by object. */
export class RepairLog {
  readonly #log: Pick<Logger, 'warn'>
  readonly #now: () => Date
  /** In the order in which they were repaired last. */
  readonly #repairs = new Map<string, { readonly times: number; readonly lastAt: Date; readonly loggedAt: Date }>()
  #total = 0

  /** @param now the time of day, for people */
  constructor(log: Pick<Logger, 'warn'>, now: () => Date = () => new Date()) {
    this.#log = log
    this.#now = now
  }

  /** Objects repaired since the start, each as often as it was. */
  get total(): number {
    return this.#total
  }

  /** Those repaired last, the newest first; 20 at most. */
  get last(): readonly Repair[] {
    const newest = [...this.#repairs].slice(-NAMED).toReversed()
    return newest.map(([object, { times, lastAt }]) => ({ object, times, lastAt: lastAt.toISOString() }))
  }

  /** These were put right together. */
  note(objects: readonly string[]): void {
    this.#total += objects.length
    const now = this.#now()
    const news = objects.filter((object) => this.#noteOne(object, now))
    for (const object of this.#repairs.keys()) if (this.#repairs.size > REMEMBERED) this.#repairs.delete(object)
    if (news.length === 0) return
    const more = news.length - NAMED
    this.#log.warn({ objects: news.slice(0, NAMED), ...(more > 0 && { more }) }, 'changed by somebody else; repaired')
  }

  /** Gives whether it is to be logged. */
  #noteOne(object: string, now: Date): boolean {
    const before = this.#repairs.get(object)
    const isNews = before === undefined || now.getTime() - before.loggedAt.getTime() >= SILENT_MS
    this.#repairs.delete(object)
    this.#repairs.set(object, { times: (before?.times ?? 0) + 1, lastAt: now, loggedAt: isNews ? now : before.loggedAt })
    return isNews
  }
}
