/** What monitors are told of a session as it comes up and as it ends (RFC 7854 §4.9, §4.10). */
import type { IpAddress } from '../../src/net/address.ts'
import type { Terms } from '../fsm/terms.ts'
import type { PeerConfig } from '../peer.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { Connection } from './connection.ts'
import { localAddress } from './remote-address.ts'

/** An Established session. */
export type SessionFacts = {
  /** The peer's number in the RIB. */
  readonly peer: number
  readonly name: string
  readonly address: IpAddress
  readonly asNumber: number
  readonly routerId: number
  readonly families: readonly AddressFamily[]
  /** RFC 6793 */
  readonly fourOctetAs: boolean
  /** Milliseconds since 1970. */
  readonly sinceMs: number
  /** Our end; absent: TCP is gone already. */
  readonly localAddress?: IpAddress
  readonly localPort: number
  readonly remotePort: number
  /** The OPENs, whole. */
  readonly sent: Uint8Array
  readonly received: Uint8Array
}

/** Why it ended. @property message the NOTIFICATION, whole  @property fsmEvent by its number in RFC 4271 §8.1 */
export type SessionEnd =
  | { readonly reason: 'local-notification'; readonly message: Uint8Array }
  | { readonly reason: 'local'; readonly fsmEvent: number }
  | { readonly reason: 'remote-notification'; readonly message: Uint8Array }
  | { readonly reason: 'remote' }

const noOctets = new Uint8Array(0)
const manualStop = 2

export function sessionFacts(peer: number, config: PeerConfig, connection: Connection, terms: Terms, sinceMs: number): SessionFacts {
  const { socket, trace } = connection
  const ours = socket && localAddress(socket)
  return {
    peer,
    name: config.name,
    address: config.address,
    asNumber: config.asNumber,
    routerId: terms.remoteRouterId,
    families: terms.families,
    fourOctetAs: terms.fourOctetAs,
    sinceMs,
    ...(ours !== undefined && { localAddress: ours }),
    localPort: socket?.localPort ?? 0,
    remotePort: socket?.remotePort ?? 0,
    sent: trace.opens.sent ?? noOctets,
    received: trace.opens.received ?? noOctets,
  }
}

export function sessionEnd({ trace, failure }: Connection): SessionEnd {
  const said = trace.notification
  if (said !== undefined) return { reason: said.direction === 'sent' ? 'local-notification' : 'remote-notification', message: said.message }
  return failure === undefined ? { reason: 'local', fsmEvent: manualStop } : { reason: 'remote' }
}
