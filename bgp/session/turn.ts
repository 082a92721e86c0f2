import type { RibFace } from '../rib/rib-face.ts'

/** How long the RIB may decide at a stretch, in milliseconds: timers and other sessions run between two stretches. */
const budgetMs = 2

/** The work of one turn of the event loop, after its input: decide on what changed, then write to each peer that has output. */
export class Turn {
  readonly #rib: Pick<RibFace, 'flush'>
  readonly #outputs = new Set<() => void>()
  #scheduled = false
  #stopped = false
  #waiting: readonly (() => void)[] = []

  constructor(rib: Pick<RibFace, 'flush'>) {
    this.#rib = rib
  }

  /** There is something to decide. */
  schedule(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    setImmediate(() => this.#run())
  }

  /** Resolves once everything there is to decide now was decided and handed over; never after `stop`. */
  settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting = [...this.#waiting, resolve]
    this.schedule()
    return promise
  }

  /** There is something to write. @param pump the same function object for the same peer */
  output(pump: () => void): void {
    this.#outputs.add(pump)
    this.schedule()
  }

  /** Nothing is decided or written from now on: what the end of the sessions does to the RIB must not reach the kernel. */
  stop(): void {
    this.#stopped = true
  }

  #run(): void {
    if (this.#stopped) return
    const more = this.#rib.flush(budgetMs) // outputs it announces are written in this very turn
    this.#scheduled = false
    const outputs = [...this.#outputs]
    this.#outputs.clear()
    for (const pump of outputs) pump()
    if (more) this.schedule()
    else this.#settle()
  }

  #settle(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
