import { writeHeader } from './header.ts'
import { headerLength, messageType } from './message.ts'

/** KEEPALIVE is a header alone (RFC 4271 §4.4); a fresh copy each time. */
export function encodeKeepAlive(): Uint8Array {
  const message = new Uint8Array(headerLength)
  writeHeader(message, 0, messageType.keepalive, headerLength)
  return message
}
