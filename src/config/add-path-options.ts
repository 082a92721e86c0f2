/** `bgp.peers[].addPath` of the option table (RFC 7911). */
import Type from 'typebox'
import { closedObject } from '../model/schema-check.ts'
import { withDefault } from './option.ts'

/** Of a peer about which nothing is said. To take several paths costs nothing until the peer sends them; Calico's BIRD does it too. */
export const defaultAddPath = { receive: true, send: 0 } as const

export const addPathOptions = closedObject({
  receive: withDefault(Type.Boolean(), defaultAddPath.receive, {
    meaning: 'take several paths of a prefix, if the peer sends them (RFC 7911)',
  }),
  send: withDefault(Type.Integer({ minimum: 0, maximum: 64 }), defaultAddPath.send, {
    meaning: 'how many paths of a prefix to send, the best first, if the peer takes them; 0: the best alone, without path identifiers',
  }),
})
