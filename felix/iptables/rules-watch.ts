import type { Logger } from 'pino'
import type { Backend } from './iptables-tool.ts'
import { LegacyChanges } from './legacy-changes.ts'
import { NftChanges, type RulesPlace, type RulesSource } from './nft-changes.ts'

export type RulesWatchDependencies = {
  /** The one in use; undefined: not chosen yet. */
  readonly backend: () => Backend | undefined
  /** Whether we started the program with this process id: what it changes is no news. */
  readonly isOwn: (pid: number) => boolean
  /** Somebody else may have changed these tables; undefined: any of them. */
  readonly onChange: (places: readonly RulesPlace[] | undefined) => void
  /** Whether changes are heard from now on. */
  readonly onWatched: (isWatched: boolean) => void
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'warn'>
}

/** How long a change by others may stay unseen: on nft; on legacy see legacy-changes.ts. */
const LOOK_MS = 500

/**
 * Sees what others do to iptables within a second or two, and to legacy tables within 10 s: a few system calls a look, no program. So a
 * flush or a rule before ours is not left to the next reading of the tables. Where the kernel cannot be asked, that reading remains.
 */
export class RulesWatch {
  readonly #dependencies: RulesWatchDependencies
  readonly #timer: NodeJS.Timeout
  #watched: { readonly backend: Backend; readonly source: RulesSource } | undefined
  #opening = false
  #closed = false

  constructor(dependencies: RulesWatchDependencies) {
    this.#dependencies = dependencies
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref()
  }

  /**
   * Listens to nftables before anything is read, so that nothing falls between and no first write needs a check behind it. Which backend
   * will be used is not known yet: with the first look at another, all of it may have changed.
   */
  async start(): Promise<void> {
    await this.#open('nft').catch(() => undefined) // where nft is used, the first look says why it cannot be
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#watched?.source.close()
    this.#watched = undefined
  }

  async #look(): Promise<void> {
    const { backend: chosen, onChange, onWatched, log } = this.#dependencies
    const backend = chosen()
    if (backend === undefined || this.#opening) return
    try {
      if (this.#watched?.backend !== backend) {
        await this.#open(backend)
        onChange(undefined) // what others did before is not heard of
      }
      const changed = this.#watched === undefined ? [] : this.#watched.source.look()
      if (changed === undefined || changed.length > 0) onChange(changed)
    } catch (error) {
      log.warn({ err: error, backend }, 'changes of iptables by others cannot be watched; they are found by reading, every 90 s')
      this.close()
      onWatched(false)
    }
  }

  async #open(backend: Backend): Promise<void> {
    const { isOwn, onWatched, nowMs } = this.#dependencies
    this.#watched?.source.close()
    this.#watched = undefined
    this.#opening = true
    try {
      const source = await (backend === 'nft' ? NftChanges.open(isOwn) : LegacyChanges.open(nowMs))
      if (this.#closed) return source.close()
      this.#watched = { backend, source }
      onWatched(true)
    } finally {
      this.#opening = false
    }
  }
}
