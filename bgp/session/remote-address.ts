import type { Socket } from 'node:net'
import type { IpAddress } from '../../src/net/address.ts'
import { parseZoned } from '../../src/net/zone.ts'
import type { Endpoint } from './sockets.ts'

/** The peer's end as it is configured (listeners are of one family each, so never IPv4-mapped). undefined: already gone. */
export function remoteEndpoint(socket: Socket): Endpoint | undefined {
  return parseZoned(socket.remoteAddress ?? '')
}

/** Our end of the connection; undefined as above. */
export function localAddress(socket: Socket): IpAddress | undefined {
  return parseZoned(socket.localAddress ?? '')?.address
}
