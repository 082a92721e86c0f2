import type { BgpError } from './bgp-error.ts'
import { type ControlMessage, messageType } from './message.ts'
import { decodeNotification } from './notification.ts'
import { decodeOpen } from './open.ts'
import { decodeRouteRefresh } from './route-refresh.ts'

/**
 * One message but UPDATE, from its body `bytes[start, end)`. Nothing of it refers to `bytes`.
 * @returns a BgpError for what the peer got wrong
 * @throws RangeError for a type that is no control message: the framer lets no unknown one through
 */
export function decodeControl(type: number, bytes: Uint8Array, start: number, end: number): ControlMessage | BgpError {
  switch (type) {
    case messageType.open:
      return decodeOpen(bytes, start, end)
    case messageType.notification:
      return decodeNotification(bytes, start, end)
    case messageType.keepalive:
      return { type: 'keepalive' }
    case messageType.routeRefresh:
      return decodeRouteRefresh(bytes, start, end)
    default:
      throw new RangeError(`message type ${type} is no control message`)
  }
}
