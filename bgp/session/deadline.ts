/**
 * A timer that is cheap to start anew: a session moves its hold timer at every message, so a restart only notes the new time and the
 * clock's own timer is armed again when it fires too early.
 */
export class Deadline {
  readonly #expired: () => void
  #timer: NodeJS.Timeout | undefined
  #dueMs = 0
  #lastMs = 0
  #running = false

  /** @param expired called once per start, from the event loop's check phase: input that had arrived by then was handled first */
  constructor(expired: () => void) {
    this.#expired = expired
  }

  get running(): boolean {
    return this.#running
  }

  /** Seconds until it expires, at least 0; undefined while it does not run. */
  get remainingSec(): number | undefined {
    return this.#running ? Math.max(0, this.#dueMs - performance.now()) / 1000 : undefined
  }

  /** Starts or restarts. @param afterSec >= 0, fractions allowed */
  start(afterSec: number): void {
    this.#lastMs = afterSec * 1000
    this.#running = true
    this.#dueMs = performance.now() + this.#lastMs
    if (this.#timer === undefined || this.#firesAfterDue) this.#arm()
  }

  /** As the last `start`, if it runs. */
  restart(): void {
    if (this.#running) this.#dueMs = performance.now() + this.#lastMs
  }

  stop(): void {
    this.#running = false
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #armedForMs = 0

  get #firesAfterDue(): boolean {
    return this.#armedForMs > this.#dueMs
  }

  #arm(): void {
    clearTimeout(this.#timer)
    this.#armedForMs = this.#dueMs
    this.#timer = setTimeout(() => setImmediate(() => this.#check()), Math.max(0, this.#dueMs - performance.now()))
  }

  /** Runs after the poll phase: a process that was busy must not take its own delay for the peer's silence. */
  #check(): void {
    if (!this.#running) return
    if (performance.now() < this.#dueMs - 1) {
      this.#arm()
      return
    }
    this.stop()
    this.#expired()
  }
}
