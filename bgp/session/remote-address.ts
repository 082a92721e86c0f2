import type { Socket } from 'node:net'
import { type IpAddress, parseAddress } from '../../src/net/address.ts'

/** The peer's address as it is configured (listeners are of one family each, so never IPv4-mapped). undefined: already gone, or link-local. */
export function remoteAddress(socket: Socket): IpAddress | undefined {
  return parseAddress(socket.remoteAddress ?? '')
}

/** Our end of the connection; undefined as above. */
export function localAddress(socket: Socket): IpAddress | undefined {
  return parseAddress(socket.localAddress ?? '')
}
