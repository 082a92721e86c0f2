import type { Socket } from 'node:net'
import type { IpAddress } from '../../src/net/address.ts'
import { isLinkLocal } from '../../src/net/zone.ts'
import type { PeerConfig } from '../peer.ts'
import { type SocketTerms, socketTerms } from './socket-terms.ts'
import type { Sockets } from './sockets.ts'

export type PeerTransportOptions = {
  readonly localAs: number
  /** The node's address of the peer's family: what we dial from unless the peer's settings say otherwise. */
  readonly localAddress: IpAddress | undefined
  /** undefined: not open yet. */
  readonly sockets: () => Sockets | undefined
}

/** TCP with one peer: connections that are dialled as its settings want them, and others that are made to conform. */
export class PeerTransport {
  readonly #options: PeerTransportOptions
  #config: PeerConfig

  constructor(config: PeerConfig, options: PeerTransportOptions) {
    this.#config = config
    this.#options = options
  }

  configure(config: PeerConfig): void {
    this.#config = config
  }

  /** Why there is to be no connection at all; undefined: there may be. */
  get refusal(): string | undefined {
    return this.#options.sockets()?.refusal(this.#terms)
  }

  /** Never blocks and never throws for what the kernel refuses: that is the socket's 'error'. */
  dial(): Socket {
    return this.#sockets.dial(this.#config, this.#source, this.#terms)
  }

  /** Of a connection that the peer has begun. @throws what the kernel refuses: it must not be used */
  admit(socket: Socket): void {
    this.#sockets.admit(socket, this.#config.address, this.#terms)
  }

  /** Of a connection in use. @throws what the kernel refuses: it must not be used any more */
  conform(socket: Socket): void {
    this.#sockets.apply(socket, this.#config.address, this.#terms)
  }

  get #sockets(): Sockets {
    const sockets = this.#options.sockets()
    if (sockets === undefined) throw new Error('a session was started before there are sockets')
    return sockets
  }

  get #terms(): SocketTerms {
    return socketTerms(this.#config, this.#config.asNumber === this.#options.localAs)
  }

  /** undefined: the system chooses, as it must for a link-local peer, which the node's own address does not reach. */
  get #source(): IpAddress | undefined {
    const { address, sourceAddress } = this.#config
    if (sourceAddress === 'any' || (sourceAddress === undefined && isLinkLocal(address))) return undefined
    return sourceAddress ?? this.#options.localAddress
  }
}
