/** Which datastore revision the kernel has caught up with, and who waits for it (INTERFACE §4, "Waiting"). */
import type { ObjectStatus } from '../felix/kernel.ts'
import { told } from '../felix/table-report.ts'

export type Unprogrammed = { readonly subject: string; readonly state: 'pending' | 'failed'; readonly reason: string }

export type WaitOutcome = {
  readonly programmed: boolean
  readonly pending: readonly Unprogrammed[]
  readonly unprogrammed: readonly Unprogrammed[]
}

type Waiter = { readonly revision: number; readonly resolve: () => void }

/**
 * After each apply the agent says what it applied and what is not programmed. What waits for something outside the node
 * (`pending`: an interface that is not there yet) does not hold a revision back; what the kernel refused (`failed`) does, and is retried; not where
 * it is closed meanwhile, as what lacks a feature of the kernel may stay for ever.
 */
export class ProgrammedRevision {
  #programmed = 0
  #open: readonly Unprogrammed[] = []
  /** Those of them that hold the revision back. */
  #held: readonly Unprogrammed[] = []
  #waiters: readonly Waiter[] = []
  #onWaiter: ((revision: number) => void) | undefined

  /** The newest revision all of whose objects are programmed or pending. */
  get revision(): number {
    return this.#programmed
  }

  get unprogrammed(): readonly Unprogrammed[] {
    return this.#open
  }

  /** The kernel was brought to `revision`, except for `unprogrammed`. */
  applied(revision: number, unprogrammed: ReadonlyMap<string, ObjectStatus>): void {
    const all = [...unprogrammed].flatMap(([key, status]) => {
      if (status.state === 'programmed') return []
      const { subject, reason } = told(key, status)
      return [{ holds: status.state === 'failed' && status.closed !== true, one: { subject, state: status.state, reason } }]
    })
    this.#open = all.map(({ one }) => one)
    this.#held = all.flatMap(({ holds, one }) => (holds ? [one] : []))
    if (this.#held.length > 0) return
    this.#programmed = Math.max(this.#programmed, revision)
    const due = this.#waiters.filter((waiter) => waiter.revision <= this.#programmed)
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#programmed)
    for (const { resolve } of due) resolve()
  }

  /**
   * Resolves once `revision` is programmed, or after `timeoutMs` with what holds it back.
   * @param signal ends the waiting early, for a client that has gone; aborted already, nothing is waited for
   */
  async wait(revision: number, timeoutMs: number, signal?: AbortSignal): Promise<WaitOutcome> {
    if (this.#programmed < revision && !signal?.aborted) await this.#reached(revision, timeoutMs, signal)
    const programmed = this.#programmed >= revision
    const outside = this.#open.filter((one) => !this.#held.includes(one))
    if (programmed) return { programmed, pending: [], unprogrammed: outside }
    const pending: readonly Unprogrammed[] =
      this.#held.length > 0 ? this.#held : [{ subject: `revision ${revision}`, state: 'pending', reason: 'not applied yet' }]
    return { programmed, pending, unprogrammed: outside }
  }

  /** Resolves when somebody waits for a revision after that one, at once if somebody does already, and after `timeoutMs` in any case. One caller at a time. */
  awaited(after: number, timeoutMs: number): Promise<void> {
    if (this.#waiters.some(({ revision }) => revision > after)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#onWaiter = undefined
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#onWaiter = (revision) => revision > after && done()
    })
  }

  #reached(revision: number, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const waiter: Waiter = { revision, resolve: () => done() }
      const timer = setTimeout(() => done(), timeoutMs)
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        resolve()
      }
      signal?.addEventListener('abort', done)
      this.#waiters = [...this.#waiters, waiter]
      this.#onWaiter?.(revision)
    })
  }
}
