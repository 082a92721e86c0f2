/** Options of a BGP peer that say what becomes of routes while one side is away. */
import Type from 'typebox'
import { optional, withDefault } from './option.ts'

export const restartOptions = {
  restartTimeSec: optional(Type.Integer({ minimum: 0, maximum: 4095 }), {
    meaning: 'how long the peer keeps our routes while this node restarts (RFC 4724); 0: not at all',
    unit: 'seconds',
    otherwise: '`120`',
  }),
  longLivedStaleSec: withDefault(Type.Integer({ minimum: 0, maximum: 0xff_ffff }), 0, {
    meaning:
      'how long routes stay after that as a last resort, the least preferred of all, on both sides if both offer it (RFC 9494); 0: not at all',
    unit: 'seconds',
  }),
}
