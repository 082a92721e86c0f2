import type { Socket } from 'node:net'
import { type IpAddress, parseAddress } from '../../src/net/address.ts'

const mapped = '::ffff:'

/** The peer's address as it is configured: an IPv4 peer on an IPv6 socket is an IPv4 peer. undefined: already gone, or link-local. */
export function remoteAddress(socket: Socket): IpAddress | undefined {
  return plain(socket.remoteAddress)
}

/** Our end of the connection. */
export function localAddress(socket: Socket): IpAddress | undefined {
  return plain(socket.localAddress)
}

function plain(text: string | undefined): IpAddress | undefined {
  if (text === undefined) return undefined
  return parseAddress(text.startsWith(mapped) && text.includes('.') ? text.slice(mapped.length) : text)
}
