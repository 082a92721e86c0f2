/** TCP as BGP needs it: the one door of bgp/session to what node:net alone cannot do. */
import type { ListenOptions, Socket } from 'node:net'
import type { IpAddress } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import type { SocketTerms } from './socket-terms.ts'

/** One end of a connection. @property interface the link of a link-local address */
export type Endpoint = { readonly address: IpAddress; readonly interface?: string }

/** What `Server.listen` takes: an address, or a descriptor that is bound to one. */
export type ListenTarget = ListenOptions & { readonly fd?: number }

export interface Sockets {
  /** Why a peer with these terms is not even tried; undefined: it can be. */
  refusal(terms: SocketTerms): string | undefined
  /** Begins a connection. Never blocks and never throws: what the kernel refuses is the socket's 'error'. @param from undefined: the system chooses */
  dial(to: Endpoint & { readonly port: number }, from: IpAddress | undefined, terms: SocketTerms): Socket
  /** Makes a connection that the peer has begun conform, and looks at what it did before. @throws SystemCallError, Error: it must not be used */
  admit(socket: Socket, remote: IpAddress, terms: SocketTerms): void
  /** Makes a connection in use conform. @throws SystemCallError: it must not be used */
  apply(socket: Socket, remote: IpAddress, terms: SocketTerms): void
  /** @throws SystemCallError */
  bind(at: Endpoint, port: number): ListenTarget
  /** The key that connections from these addresses must have on a listening socket. @throws SystemCallError */
  setListenKey(fd: number, peers: Cidr, key: string | undefined): void
}
