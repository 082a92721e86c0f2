import type { Logger } from 'pino'
import type { Backend } from './iptables-tool.ts'
import { LegacyGeneration } from './legacy-generation.ts'
import { NftGeneration } from './nft-generation.ts'

export type RulesWatchDependencies = {
  /** The one in use; undefined: not chosen yet. */
  readonly backend: () => Backend | undefined
  /** The rules are not as they were a moment ago, whoever changed them. */
  readonly onChange: () => void
  readonly log: Pick<Logger, 'warn'>
}

type Generation = { read(): string | undefined; close(): void }

/** How long a change by others may stay unseen. */
const LOOK_MS = 1_000

/**
 * Asks the kernel each second whether iptables is what it was: a few system calls, no process. So a flush or a rule before ours is seen
 * at once, not at the next reading of the tables, which on a quiet node is 90 s away. Where the kernel cannot be asked, that reading remains.
 */
export class RulesWatch {
  readonly #dependencies: RulesWatchDependencies
  readonly #timer: NodeJS.Timeout
  #watched: { readonly backend: Backend; readonly generation: Generation; last: string | undefined } | undefined
  #looking = false
  #closed = false

  constructor(dependencies: RulesWatchDependencies) {
    this.#dependencies = dependencies
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#watched?.generation.close()
    this.#watched = undefined
  }

  async #look(): Promise<void> {
    const { backend: chosen, onChange, log } = this.#dependencies
    const backend = chosen()
    if (backend === undefined || this.#looking) return
    this.#looking = true
    try {
      if (this.#watched?.backend !== backend) await this.#watch(backend)
      const watched = this.#watched
      const now = watched?.generation.read()
      if (watched === undefined || now === watched.last) return
      watched.last = now
      onChange()
    } catch (error) {
      log.warn({ err: error, backend }, 'changes of iptables by others cannot be watched; they are found by reading, every 90 s')
      this.close()
    } finally {
      this.#looking = false
    }
  }

  /** The first look has nothing to compare with and counts as a change. */
  async #watch(backend: Backend): Promise<void> {
    this.#watched?.generation.close()
    this.#watched = undefined
    const generation = await (backend === 'nft' ? NftGeneration.open() : LegacyGeneration.open())
    if (this.#closed) generation.close()
    else this.#watched = { backend, generation, last: undefined }
  }
}
