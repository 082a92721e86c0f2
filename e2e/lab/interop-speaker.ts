import type { ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { end, type Namespace } from './namespace.ts'

/** What is said of the session, which is the same for every foreign speaker: it is 10.99.0.2, fd99::2, we are 10.99.0.1, AS 65001. */
export type InteropSession = {
  /** Its own AS: 65001 makes it an internal peer. */
  readonly asNumber: number
  readonly password: string
}

/** What it announces. */
export const foreignPrefixes = ['10.2.0.0/24', 'fd00:2::/64'] as const

/** Somebody else's BGP speaker at the far end of the link. */
export abstract class InteropSpeaker {
  readonly namespace: Namespace
  readonly directory: string
  log = ''
  readonly #daemons: ChildProcess[] = []

  constructor(namespace: Namespace, directory: string) {
    this.namespace = namespace
    this.directory = directory
  }

  /** @param again it comes back after `kill`, and shall say so (RFC 4724) */
  abstract start(session: InteropSession, again: boolean): Promise<void>
  /** What it knows of a prefix, in its own words; '' for nothing. */
  abstract about(prefix: string): Promise<string>
  /** Asks us for our routes again (RFC 2918). */
  abstract refresh(): Promise<unknown>

  /** As a crash does. */
  async kill(): Promise<void> {
    await Promise.all(this.#daemons.splice(0).map((daemon) => end(daemon, 'SIGKILL')))
  }

  protected file(name: string): string {
    return path.join(this.directory, name)
  }

  protected async write(name: string, text: string): Promise<string> {
    await writeFile(this.file(name), text, { mode: 0o600 })
    return this.file(name)
  }

  protected launch(command: string, ...args: readonly string[]): void {
    const onOutput = (text: string) => {
      this.log = (this.log + text).slice(-20_000)
    }
    this.#daemons.push(this.namespace.start(command, args, { onOutput }))
  }
}
