import type { Socket } from 'node:net'
import type { IpAddress } from '../../src/net/address.ts'
import { Listener, type ListenKeys } from './listener.ts'
import type { Log } from './log.ts'
import type { Sockets } from './sockets.ts'

export type ListenersDependencies = {
  readonly log: Log
  readonly onConnection: (socket: Socket) => void
  /** `listening` or `problems` changed. */
  readonly onChange: () => void
}

/** All addresses the speaker accepts connections on. */
export class Listeners {
  readonly #addresses: readonly IpAddress[]
  readonly #port: number
  readonly #deps: ListenersDependencies
  #listeners: readonly Listener[] = []
  #keys: ListenKeys = new Map()
  #stopped = false

  constructor(addresses: readonly IpAddress[], port: number, dependencies: ListenersDependencies) {
    this.#addresses = addresses
    this.#port = port
    this.#deps = dependencies
  }

  /** Every one of them accepts connections. */
  get listening(): boolean {
    return this.#listeners.length === this.#addresses.length && this.#listeners.every((listener) => listener.listening)
  }

  get problems(): readonly string[] {
    return this.#listeners.flatMap(({ problem, keyProblems }) => [...(problem === undefined ? [] : [problem]), ...keyProblems])
  }

  /** Resolves when each address was tried once; what was refused is retried. */
  async start(sockets: Sockets): Promise<void> {
    if (this.#stopped) return
    this.#listeners = this.#addresses.map((address) => this.#listener(address, sockets))
    await Promise.all(this.#listeners.map((listener) => listener.start()))
  }

  /** The whole set: whom connections are taken from only with this key. */
  setKeys(keys: ListenKeys): void {
    this.#keys = keys
    for (const listener of this.#listeners) listener.setKeys(keys)
  }

  stop(): void {
    this.#stopped = true
    for (const listener of this.#listeners) listener.stop()
  }

  #listener(address: IpAddress, sockets: Sockets): Listener {
    const { log, onConnection, onChange } = this.#deps
    const port = this.#port
    const changed = (problem: string | undefined) => {
      if (problem === undefined) log.info({ address, port }, 'listening for BGP')
      else log.warn({ address, port, problem }, 'not listening for BGP, trying again')
      onChange()
    }
    const listener = new Listener({ address, port }, { sockets, onConnection, onChange: changed })
    listener.setKeys(this.#keys)
    return listener
  }
}
