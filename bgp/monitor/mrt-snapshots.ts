import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Log } from '../session/log.ts'

/** @property intervalSec between two files, at least 1  @property keep so many files at least 1, the newest */
export type MrtSnapshotsConfig = { readonly directory: string; readonly intervalSec: number; readonly keep: number }

export type MrtSnapshotsDependencies = {
  readonly dump: () => Iterable<Buffer>
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** `rib.20260102.120000.mrt`: when it was begun, UTC. */
const name = /^rib\.\d{8}\.\d{6}\.mrt$/

/** Writes the table into a new file from time to time. A file that has its name is whole. */
export class MrtSnapshots {
  readonly #config: MrtSnapshotsConfig
  readonly #deps: MrtSnapshotsDependencies
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #isBusy = false
  #files = 0
  #failures = 0
  #isStopped = false

  constructor(config: MrtSnapshotsConfig, dependencies: MrtSnapshotsDependencies) {
    this.#config = config
    this.#deps = dependencies
  }

  /** Both only grow. */
  get counts(): { readonly files: number; readonly failures: number } {
    return { files: this.#files, failures: this.#failures }
  }

  start(): void {
    this.#timer = setInterval(() => this.#begin(), this.#config.intervalSec * 1000)
  }

  /** What is being written is given up. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    await this.#writing
  }

  /** A file that takes longer than the interval is let finish. */
  #begin(): void {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#writing = this.#write().finally(() => (this.#isBusy = false))
  }

  async #write(): Promise<void> {
    const { directory } = this.#config
    const path = join(directory, `rib.${timeText(this.#deps.now())}.mrt`)
    try {
      await makeDirectory(directory)
      await this.#fill(`${path}.part`)
      if (this.#isStopped) return
      await rename(`${path}.part`, path)
      this.#files++
      await this.#removeOld()
    } catch (error) {
      this.#failures++
      this.#deps.log.warn({ path, err: error }, 'the table could not be written into an MRT file')
    } finally {
      await rm(`${path}.part`, { force: true }).catch(() => undefined) // where the directory itself is the problem, that was said
    }
  }

  async #fill(path: string): Promise<void> {
    const file = await open(path, 'w', 0o640)
    try {
      for (const piece of this.#deps.dump()) {
        if (this.#isStopped) return
        await file.writeFile(piece)
        await turn()
      }
    } finally {
      await file.close()
    }
  }

  async #removeOld(): Promise<void> {
    const { directory, keep } = this.#config
    const files = (await readdir(directory)).filter((file) => name.test(file)).sort()
    for (const file of files.slice(0, Math.max(0, files.length - keep))) await rm(join(directory, file), { force: true })
  }
}

/** Its parent has to be there: recursive, Node.js tries for ever where a file system has no room for directories. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o750 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

function timeText(ms: number): string {
  const [date = '', time = ''] = new Date(ms)
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .split('T')
  return `${date}.${time}`
}
