import { type Family, familyOf } from '../../src/net/address.ts'
import type { SessionPlace } from './message.ts'
import { MULTIHOP_PORT, SINGLE_HOP_PORT } from './session-runner.ts'
import { multihopFilter, singleHopFilter, type TtlRule } from './ttl-filter.ts'
import type { OpenUdpSocket, UdpSocket } from './udp-socket.ts'

const RETRY_MS = 1000

export type ReceiverDependencies = {
  readonly openSocket: OpenUdpSocket
  /** @param source with the interface, where it is link-local @param multihop by which port it came */
  readonly onPacket: (bytes: Uint8Array, source: string, multihop: boolean) => void
  /** The socket cannot be had, or can at last (undefined). */
  readonly onProblem: (problem: string | undefined) => void
}

/** Where the packets for a place arrive: sessions with the same text share a socket. */
export function receiverKey({ remote, local, interface: device, multihop }: SessionPlace): string {
  return [multihop ? 'multihop' : 'single-hop', familyOf(remote), local ?? 'any', device ?? 'any'].join(' ')
}

/** The socket that one of our addresses is sent BFD to, by all peers that use it. What has come too far is dropped by the kernel. */
export class Receiver {
  readonly #deps: ReceiverDependencies
  readonly #place: SessionPlace
  readonly #family: Family
  readonly #rules = new Map<number, TtlRule>()
  readonly #members = new Set<number>()
  #socket: UdpSocket | undefined
  #retry: NodeJS.Timeout | undefined
  #problem: string | undefined

  /** @param place of any of the sessions that share it */
  constructor(place: SessionPlace, dependencies: ReceiverDependencies) {
    this.#place = place
    this.#family = familyOf(place.remote)
    this.#deps = dependencies
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get isUnused(): boolean {
    return this.#members.size === 0
  }

  add(id: number, { remote, minTtl }: SessionPlace): void {
    this.#members.add(id)
    if (minTtl !== undefined) this.#rules.set(id, { source: remote, minTtl })
    this.#open()
  }

  delete(id: number): void {
    this.#members.delete(id)
    if (this.#rules.delete(id) && !this.isUnused) this.#open()
  }

  close(): void {
    clearTimeout(this.#retry)
    this.#socket?.socket.close()
    this.#socket = undefined
  }

  /** Opens the socket, or gives the one that is open the rules of now. */
  #open(): void {
    clearTimeout(this.#retry)
    try {
      const filter = this.#place.multihop ? multihopFilter(this.#family, [...this.#rules.values()]) : singleHopFilter(this.#family)
      if (this.#socket === undefined) this.#socket = this.#listen(filter)
      else if (this.#place.multihop) this.#socket.setFilter(filter)
      this.#tell(undefined)
    } catch (error) {
      this.close() // never with rules that are not those wanted
      this.#tell(`cannot receive on port ${this.#port}: ${error instanceof Error ? error.message : String(error)}`)
      this.#retry = setTimeout(() => this.#open(), RETRY_MS)
    }
  }

  #listen(filter: Uint8Array): UdpSocket {
    const { local, interface: device, multihop } = this.#place
    const options = { family: this.#family, port: this.#port, filter }
    const opened = this.#deps.openSocket({ ...options, ...(local && { local }), ...(device !== undefined && { interface: device }) })
    opened.socket.on('message', (bytes, { address }) => this.#deps.onPacket(bytes, address, multihop))
    opened.socket.on('error', (error) => {
      this.close()
      this.#tell(`receiving ended: ${error.message}`)
      this.#retry = setTimeout(() => this.#open(), RETRY_MS)
    })
    return opened
  }

  get #port(): number {
    return this.#place.multihop ? MULTIHOP_PORT : SINGLE_HOP_PORT
  }

  #tell(problem: string | undefined): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#deps.onProblem(problem)
  }
}
