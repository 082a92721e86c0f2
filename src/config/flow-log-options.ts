/** Options of the flow log: verdicts of new connections, from copies of their first packets. */
import Type from 'typebox'
import { section, withDefault } from './option.ts'

export const flowLogOptions = section({
  enabled: withDefault(Type.Boolean(), true, { meaning: 'keep the verdicts of new connections for `tortie flows`' }),
  group: withDefault(Type.Integer({ minimum: 0, maximum: 65_535 }), 116, {
    meaning: 'nfnetlink_log group of the copies that the kernel makes: one that no other program listens to',
  }),
  perSecond: withDefault(Type.Integer({ minimum: 1, maximum: 10_000 }), 100, {
    meaning: 'so many packets at most are copied, of those that are allowed and of those that are denied; all are judged',
    unit: 'packets/s',
  }),
  flows: withDefault(Type.Integer({ minimum: 1, maximum: 1_000_000 }), 4_096, {
    meaning: 'so many different flows are kept, those seen last',
  }),
})
