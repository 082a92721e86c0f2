/** `bgp.bfd` and `bgp.peers[].bfd` of the option table. */
import Type from 'typebox'
import { closedObject } from '../model/schema-check.ts'
import { optional, withDefault } from './option.ts'

/** Below 10 ms the jitter of timers, above a minute the patience of people. */
const intervalMs = Type.Integer({ minimum: 10, maximum: 60_000 })

export const bfdOptions = closedObject({
  enabled: withDefault(Type.Boolean(), true, { meaning: 'false: no BFD here' }),
  minTxMs: withDefault(intervalMs, 300, { meaning: 'how often to send, unless the peer asks for less; 10 to 60000', unit: 'ms' }),
  minRxMs: withDefault(intervalMs, 300, { meaning: 'how often the peer may send; 10 to 60000', unit: 'ms' }),
  multiplier: withDefault(Type.Integer({ minimum: 1, maximum: 255 }), 3, {
    meaning: 'so many of our packets missing in a row, and the peer takes the path for broken; 1 to 255',
  }),
  multihop: optional(Type.Boolean(), {
    meaning: 'over several hops (RFC 5883, UDP port 4784) instead of one (RFC 5881, UDP port 3784); both ends must agree',
    otherwise: 'what BGP does: `multihop` or `ttlSecurity` of more than one hop, or an iBGP peer outside the subnets of the node',
  }),
})
