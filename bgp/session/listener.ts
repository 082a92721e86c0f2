import { createServer, type Server, type Socket } from 'node:net'
import { familyOf, type IpAddress } from '../../src/net/address.ts'

export type ListenerOptions = {
  readonly address: IpAddress
  readonly port: number
  /** Default 3000. */
  readonly retryMs?: number
}

export type ListenerDependencies = {
  readonly onConnection: (socket: Socket) => void
  /** It listens now, or it does not and why: the kernel's refusal is retried for ever. */
  readonly onChange: (problem: string | undefined) => void
}

/** A mesh of a thousand nodes may call at once when this node comes back. */
const backlog = 4096

/** One address the speaker accepts connections on. A refused one (port taken, address not there yet) is tried again until `stop`. */
export class Listener {
  readonly #options: ListenerOptions
  readonly #dependencies: ListenerDependencies
  #server: Server | undefined
  #retry: NodeJS.Timeout | undefined
  /** What was reported last; null before the first report. */
  #problem: string | undefined | null = null
  #stopped = false

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

  /** Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    const { address, port, retryMs = 3000 } = this.#options
    const server = createServer({ noDelay: true }, (socket) => {
      this.#report(undefined)
      this.#dependencies.onConnection(socket)
    })
    this.#server = server
    const error = await listen(server, { host: address, port, backlog, ipv6Only: familyOf(address) === 6, exclusive: true })
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
    clearTimeout(this.#retry)
    if (this.listening) this.#server?.close()
  }

  #report(problem: string | undefined): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#dependencies.onChange(problem)
  }
}

type ListenOptions = { host: string; port: number; backlog: number; ipv6Only: boolean; exclusive: boolean }

function listen(server: Server, options: ListenOptions): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    server.once('error', resolve)
    server.listen(options, () => {
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
