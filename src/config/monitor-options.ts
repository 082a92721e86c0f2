/** Options of whoever watches BGP from outside: BMP collectors and MRT files. */
import Type from 'typebox'
import { name, portNumber } from '../model/scalars.ts'
import { closedObject, text } from '../model/schema-check.ts'
import { parseAddress } from '../net/address.ts'
import { required, withDefault } from './option.ts'

const address = text(parseAddress, 'an IPv4 or IPv6 address')
const directory = text((value) => (/^\/[^\0]*$/.test(value) ? value : undefined), 'an absolute path')
const seconds = (minimum: number) => Type.Integer({ minimum, maximum: 86_400 })

/** One BMP collector (RFC 7854). */
export const monitor = closedObject({
  name: required(name, { meaning: 'unique; a DNS-1123 subdomain' }),
  address: required(address, { meaning: 'BMP collector (RFC 7854) to connect to' }),
  port: withDefault(portNumber, 11_019, { meaning: 'its TCP port' }),
  routes: withDefault(
    Type.Array(Type.Enum(['received', 'accepted', 'best', 'advertised']), { minItems: 1, uniqueItems: true }),
    ['received', 'accepted'],
    {
      meaning: 'tables it is told: received and accepted (Adj-RIB-In before and after policy), best (Loc-RIB), advertised (Adj-RIB-Out)',
    },
  ),
  statisticsIntervalSec: withDefault(seconds(0), 60, { meaning: 'between two statistics reports; 0: none', unit: 'seconds' }),
})

/** Files with the table (RFC 6396). */
export const mrt = closedObject({
  directory: required(directory, {
    meaning: 'where MRT files with the routing table (RFC 6396) are written to; it is made if its parent is there',
  }),
  intervalSec: withDefault(seconds(1), 3_600, { meaning: 'between two files', unit: 'seconds' }),
  keep: withDefault(Type.Integer({ minimum: 1, maximum: 10_000 }), 24, { meaning: 'so many files stay, the newest' }),
})
