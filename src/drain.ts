/** Leading traffic away from this node for maintenance (RFC 8326): announced, a while later withdrawn, undone when asked. In memory: a restart ends it. */
import type { Logger } from 'pino'
import type { DrainState } from '../bgp/peer.ts'
import type { DrainFace, DrainStatus } from './http/agent-face.ts'

export type Drainable = { drain(state: DrainState): void }

export class Drain implements DrainFace {
  readonly #speaker: Drainable
  readonly #log: Pick<Logger, 'info'>
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined
  #status: DrainStatus = { state: 'none' }

  constructor(speaker: Drainable, log: Pick<Logger, 'info'>) {
    this.#speaker = speaker
    this.#log = log
  }

  get status(): DrainStatus {
    return this.#status
  }

  /** Asked again while it waits, it waits anew; once withdrawn it stays so. */
  async start(waitSec: number, signal: AbortSignal): Promise<DrainStatus> {
    if (this.#status.state !== 'withdrawn') {
      clearTimeout(this.#timer)
      if (waitSec === 0) this.#enter('withdrawn')
      else {
        if (this.#status.state === 'none') this.#enter('announced')
        this.#timer = setTimeout(() => this.#enter('withdrawn'), waitSec * 1_000)
      }
    }
    await this.#settled(signal)
    return this.#status
  }

  undo(): DrainStatus {
    if (this.#status.state !== 'none') this.#enter('none')
    return this.#status
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #enter(state: DrainState): void {
    clearTimeout(this.#timer)
    this.#status = state === 'none' ? { state } : { state, since: new Date().toISOString() }
    this.#speaker.drain(state)
    this.#log.info({ state }, 'drain: the prefixes of this node are told anew')
    if (state === 'announced') return
    for (const wake of this.#waiting) wake()
  }

  async #settled(signal: AbortSignal): Promise<void> {
    if (this.#status.state !== 'announced' || signal.aborted) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}
