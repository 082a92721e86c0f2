import type { Family } from '../../src/net/address.ts'
import type { ProcessResult, Run } from '../../src/os/process.ts'
import { type Backend, toolName } from './iptables-tool.ts'
import { isXtablesLockTaken } from './xtables-lock.ts'

/**
 * What writing to iptables has cost since the start. Times in seconds.
 *
 * @property refused writes that the kernel or the tool did not take, be it for the lock
 * @property lockWaits writes that found the xtables lock taken by another program, and `lockWaitSeconds` how long they took with the
 *   waiting. Only legacy has such a lock; nft begins anew by itself when another was faster
 */
export type RestoreCounters = {
  readonly restores: number
  readonly restoreSeconds: number
  readonly refused: number
  readonly lockWaits: number
  readonly lockWaitSeconds: number
}

const TIMEOUT_MS = 60_000
/** How long the tool itself queues for the lock that all programs share. Beyond, the refusal is a status and the next try is due later. */
const LOCK_WAIT_SEC = 5

/** The one door to `iptables-restore`, counted. */
export class Restore {
  readonly #run: Run
  readonly #nowMs: () => number
  readonly #lockFile: string | undefined
  #counters: RestoreCounters = { restores: 0, restoreSeconds: 0, refused: 0, lockWaits: 0, lockWaitSeconds: 0 }

  /** @param lockFile for tests: that of the programs */
  constructor({ run, nowMs }: { readonly run: Run; readonly nowMs: () => number }, lockFile?: string) {
    this.#run = run
    this.#lockFile = lockFile
    this.#nowMs = nowMs
  }

  get counters(): RestoreCounters {
    return this.#counters
  }

  /** Writes one table in one transaction, leaving what `input` does not name. */
  async write(family: Family, backend: Backend, input: string): Promise<ProcessResult> {
    const isTaken = backend === 'legacy' && (await isXtablesLockTaken(this.#lockFile))
    if (isTaken) this.#count({ lockWaits: 1 })
    const startMs = this.#nowMs()
    const args = ['--noflush', `--wait=${LOCK_WAIT_SEC}`]
    const result = await this.#run(toolName(family, backend, 'restore'), args, { input, timeoutMs: TIMEOUT_MS })
    const tookSec = (this.#nowMs() - startMs) / 1000
    this.#count({
      restores: 1,
      restoreSeconds: tookSec,
      refused: result.exitCode === 0 ? 0 : 1,
      ...(isTaken && { lockWaitSeconds: tookSec }),
    })
    return result
  }

  #count(more: Partial<RestoreCounters>): void {
    const { restores = 0, restoreSeconds = 0, refused = 0, lockWaits = 0, lockWaitSeconds = 0 } = more
    const before = this.#counters
    this.#counters = {
      restores: before.restores + restores,
      restoreSeconds: before.restoreSeconds + restoreSeconds,
      refused: before.refused + refused,
      lockWaits: before.lockWaits + lockWaits,
      lockWaitSeconds: before.lockWaitSeconds + lockWaitSeconds,
    }
  }
}
