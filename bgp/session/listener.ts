import { createServer, type Server, type Socket } from 'node:net'
import { familyOf } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import { zoned } from '../../src/net/zone.ts'
import type { Endpoint, ListenTarget, Sockets } from './sockets.ts'

export type ListenerOptions = Endpoint & {
  readonly port: number
  /** Default 3000. */
  readonly retryMs?: number
}

export type ListenerDependencies = {
  readonly sockets: Sockets
  readonly onConnection: (socket: Socket) => void
  /** It listens now, or it does not and why: the kernel's refusal is retried for ever. */
  readonly onChange: (problem: string | undefined) => void
}

/** A mesh of a thousand nodes may call at once when this node comes back. */
const backlog = 4096

/** TCP MD5 keys by the addresses they are for. */
export type ListenKeys = ReadonlyMap<Cidr, string>

/** One address the speaker accepts connections on. A refused one (port taken, address not there yet) is tried again until `stop`. */
export class Listener {
  readonly #options: ListenerOptions
  readonly #dependencies: ListenerDependencies
  #server: Server | undefined
  #retry: NodeJS.Timeout | undefined
  /** What was reported last; null before the first report. */
  #problem: string | undefined | null = null
  #stopped = false
  /** The descriptor, while it listens. */
  #fd: number | undefined
  #keys: ListenKeys = new Map()
  readonly #refusedKeys = new Map<Cidr, string>()

  constructor(options: ListenerOptions, dependencies: ListenerDependencies) {
    this.#options = options
    this.#dependencies = dependencies
  }

  get listening(): boolean {
    return this.#server?.listening ?? false
  }

  get problem(): string | undefined {
    return this.#problem ?? undefined
  }

  /** Keys the kernel did not take: who should have one is refused later, when it connects. */
  get keyProblems(): readonly string[] {
    return [...this.#refusedKeys.values()]
  }

  /** The whole set of keys: whom connections are taken from only if they are signed. Those of another family are left out. */
  setKeys(keys: ListenKeys): void {
    const before = this.#keys
    this.#keys = keys
    if (this.#fd === undefined) return
    for (const peers of before.keys()) if (!keys.has(peers)) this.#setKey(this.#fd, peers, undefined)
    for (const [peers, key] of keys) if (before.get(peers) !== key) this.#setKey(this.#fd, peers, key)
  }

  /** Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    const { port, retryMs = 3000 } = this.#options
    const address = zoned(this.#options)
    const server = createServer({ noDelay: true }, (socket) => {
      this.#report(undefined)
      this.#dependencies.onConnection(socket)
    })
    this.#server = server
    const error = await this.#listen(server)
    if (this.#stopped) {
      server.close()
      return
    }
    if (error === undefined) server.on('error', (error) => this.#report(`cannot accept on ${address} port ${port}: ${error.message}`))
    else this.#retry = setTimeout(() => void this.start(), retryMs)
    this.#report(error === undefined ? undefined : sentence(error, address, port))
  }

  /** No new connections; those accepted live on. */
  stop(): void {
    this.#stopped = true
    this.#fd = undefined
    clearTimeout(this.#retry)
    if (this.listening) this.#server?.close()
  }

  async #listen(server: Server): Promise<NodeJS.ErrnoException | undefined> {
    const { sockets } = this.#dependencies
    try {
      const bound = sockets.bind(this.#options, this.#options.port)
      const { fd } = bound
      if (fd !== undefined) for (const [peers, key] of this.#keys) this.#setKey(fd, peers, key)
      const error = await listening(server, bound)
      if (error === undefined) this.#fd = fd
      return error
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  #setKey(fd: number, peers: Cidr, key: string | undefined): void {
    this.#refusedKeys.delete(peers)
    if (familyOf(peers) !== familyOf(this.#options.address)) return
    try {
      this.#dependencies.sockets.setListenKey(fd, peers, key)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#refusedKeys.set(peers, `the TCP MD5 key of ${peers} cannot be set on ${this.#options.address}: ${reason}`)
    }
  }

  #report(problem: string | undefined): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#dependencies.onChange(problem)
  }
}

/** The descriptor, if that is what it listens on, is the server's from here on. The backlog is an argument: of options with a descriptor Node.js ignores it. */
function listening(server: Server, target: ListenTarget): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve)
    server.listen(target, backlog, () => {
      server.off('error', resolve) // from now on errors are those of accept: out of file descriptors
      resolve(undefined)
    })
  })
}

function sentence(error: NodeJS.ErrnoException, address: string, port: number): string {
  const where = `${address} port ${port}`
  if (error.code === 'EADDRINUSE') return `cannot listen on ${where}: another process has the port; stop it or change bgp.listenPort`
  if (error.code === 'EACCES') return `cannot listen on ${where}: a port below 1024 needs root or CAP_NET_BIND_SERVICE`
  if (error.code === 'EADDRNOTAVAIL') return `cannot listen on ${where}: no interface has this address; check bgp.listenAddresses`
  return `cannot listen on ${where}: ${error.message}`
}
