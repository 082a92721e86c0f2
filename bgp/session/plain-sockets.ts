import { connect, type Socket } from 'node:net'
import { familyOf, type IpAddress } from '../../src/net/address.ts'
import { zoned } from '../../src/net/zone.ts'
import type { SocketTerms } from './socket-terms.ts'
import type { Endpoint, ListenTarget, Sockets } from './sockets.ts'

/** What node:net can do: peers that need more stay down. */
export class PlainSockets implements Sockets {
  readonly #reason: string

  /** @param reason why there is nothing better */
  constructor(reason: string) {
    this.#reason = reason
  }

  refusal({ key, minTtl }: SocketTerms): string | undefined {
    if (key !== undefined) return `stays down: TCP MD5 cannot be had on this machine: ${this.#reason}`
    if (minTtl !== undefined) return `stays down: ttlSecurity (RFC 5082) cannot be had on this machine: ${this.#reason}`
    return undefined
  }

  dial(to: Endpoint & { readonly port: number }, from: IpAddress | undefined, _terms: SocketTerms): Socket {
    return connect({ host: zoned(to), port: to.port, noDelay: true, ...(from === undefined ? {} : { localAddress: from }) })
  }

  admit(socket: Socket, remote: IpAddress, terms: SocketTerms): void {
    this.apply(socket, remote, terms)
  }

  /** The TTL stays the system's: nobody is kept out by it. */
  apply(_socket: Socket, _remote: IpAddress, terms: SocketTerms): void {
    const refusal = this.refusal(terms)
    if (refusal !== undefined) throw new Error(refusal)
  }

  bind(at: Endpoint, port: number): ListenTarget {
    return { host: zoned(at), port, ipv6Only: familyOf(at.address) === 6, exclusive: true }
  }

  /** Who needs one is refused by `apply`. */
  setListenKey(): void {}
}
