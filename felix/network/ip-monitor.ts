import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { childEnvironment } from '../../src/os/process.ts'
import type { Monitor, MonitorDependencies } from './monitor.ts'

/**
 * Kernel events through `ip monitor`: the plain fallback. Its text says that something has changed; what it is, is read then. Our own
 * changes are heard too and cost one more read, which changes nothing.
 */
export class IpMonitor implements Monitor {
  readonly #child: ChildProcessByStdio<null, Readable, null>
  readonly #ended: Promise<void>

  /** @param command for tests: how `ip` is started elsewhere */
  constructor({ onEvents, onError }: MonitorDependencies, command: readonly [string, ...string[]] = ['ip']) {
    const [program, ...args] = command
    this.#child = spawn(program, [...args, 'monitor', 'link', 'address', 'route'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: childEnvironment,
    })
    this.#child.stdout.on('data', () => onEvents([{ type: 'lost' }]))
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        onError(new Error('ip monitor cannot be started', { cause: error }))
        resolve()
      })
      this.#child.on('close', (code, signal) => {
        if (!this.#child.killed) onError(new Error(`ip monitor ended (${signal ?? `exit code ${code}`})`))
        resolve()
      })
    })
  }

  async close(): Promise<void> {
    this.#child.kill()
    await this.#ended
  }
}
