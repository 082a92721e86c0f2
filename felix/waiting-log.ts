import type { ObjectStatus } from './kernel.ts'

/** New reasons of one apply beyond this many share one line: a kernel that refuses everything must not fill the disk. */
const maxLines = 20

/** As much of a logger as is needed here. */
type Log = Readonly<Record<'info' | 'warn', (fields: object, message: string) => void>>

type Group = { readonly state: 'pending' | 'failed'; readonly reason: string; readonly first: string; readonly objects: number }

/**
 * One line when links, sysctls or routes begin to wait or are refused, and one when that is over. Objects that share a reason share a
 * line. Chains, sets and tunnels are told by the tables that program them.
 */
export class WaitingLog {
  readonly #log: Log
  #groups: ReadonlyMap<string, Group> = new Map()

  constructor(log: Log) {
    this.#log = log
  }

  /** @param unprogrammed what an apply left undone, by subject */
  applied(unprogrammed: ReadonlyMap<string, ObjectStatus>): void {
    const before = this.#groups
    this.#groups = grouped(unprogrammed)
    const begun = [...this.#groups].flatMap(([key, group]) => (before.has(key) ? [] : [group]))
    const over = [...before].flatMap(([key, group]) => (this.#groups.has(key) ? [] : [group]))
    for (const { state, ...fields } of begun.slice(0, maxLines)) {
      if (state === 'failed') this.#log.warn(fields, 'not programmed; trying again')
      else this.#log.info(fields, 'not programmed yet; waiting')
    }
    if (begun.length > maxLines) this.#log.warn({ reasons: begun.length - maxLines }, 'more is not programmed: see problems in /v1/status')
    for (const { reason, first, objects } of over.slice(0, maxLines)) this.#log.info({ reason, first, objects }, 'no longer so')
    if (over.length > maxLines) this.#log.info({ reasons: over.length - maxLines }, 'more is no longer so')
  }
}

function grouped(unprogrammed: ReadonlyMap<string, ObjectStatus>): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const [subject, status] of unprogrammed) {
    if (status.state === 'programmed' || !/^(link|sysctl|route) /.test(subject)) continue
    const key = `${status.state} ${status.reason}`
    const { first, objects } = groups.get(key) ?? { first: subject, objects: 0 }
    groups.set(key, { state: status.state, reason: status.reason, first, objects: objects + 1 })
  }
  return groups
}
