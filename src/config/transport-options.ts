/** What `bgp.peers[]` and `bgp.listenRanges[]` of the option table say of connections and of who may be at their other end. */
import Type from 'typebox'
import { name, readAsNumber } from '../model/scalars.ts'
import { text, textOrInteger } from '../model/schema-check.ts'
import { parseAddress } from '../net/address.ts'
import { type Asn, asn } from '../net/asn.ts'
import { type Cidr, parseCidr } from '../net/prefix.ts'
import { optional, required, withDefault } from './option.ts'

const ttlSecurity = Type.Integer({ minimum: 1, maximum: 254 })
const source = text((value) => (value === 'any' ? value : parseAddress(value)), 'an IPv4 or IPv6 address, or any')
const farewell = text((value) => (Buffer.byteLength(value) <= 255 ? value : undefined), 'at most 255 bytes')

/** Of every session, whoever begins it. */
export const sessionTransport = {
  ttlSecurity: optional(ttlSecurity, {
    meaning: 'GTSM (RFC 5082): packets from farther than so many hops are dropped by the kernel; both ends must agree; excludes multihop',
    unit: 'hops',
  }),
  maxPrefixesWarnPercent: optional(Type.Integer({ minimum: 1, maximum: 100 }), {
    meaning: 'at this part of maxPrefixes a warning is logged',
    unit: 'percent',
    otherwise: '`75`',
  }),
  maxPrefixesRestartSec: optional(Type.Integer({ minimum: 1, maximum: 0x1_fffff }), {
    meaning: 'when a peer that went over maxPrefixes is tried again',
    unit: 'seconds',
    otherwise: 'never by itself',
  }),
  extendedNextHop: optional(Type.Boolean(), {
    meaning: 'IPv4 routes with IPv6 next hops (RFC 8950)',
    otherwise: 'offered on IPv6 sessions that exchange ipv4-unicast',
  }),
}

/** Of a peer that is written down. */
export const peerTransport = {
  sourceAddress: optional(source, {
    meaning: 'our end of the session; any: the system chooses',
    otherwise: "the node's address; for link-local peers the system's choice",
  }),
  shutdown: optional(farewell, { meaning: 'administratively down: no session, and these words, perhaps none, for the peer (RFC 9003)' }),
}

const asNumbers = textOrInteger(
  (value): 'internal' | 'external' | Asn | undefined => (value === 'internal' || value === 'external' ? value : readAsn(value)),
  'internal, external, or an AS number 1 to 4294967295, or "high.low" with both at most 65535',
)

/** Who may come from a range. */
export const rangeOptions = {
  name: required(name, { meaning: 'unique among ranges and peers; a peer from it is called NAME-ADDRESS' }),
  prefix: required(
    text((value): Cidr | undefined => parseCidr(value, { strict: true }), 'a CIDR whose host bits are zero'),
    { meaning: 'where connections are taken from; the longest prefix wins, and a peer of its own wins over any range' },
  ),
  asNumbers: required(Type.Array(asNumbers, { minItems: 1, uniqueItems: true }), {
    meaning: "which AS they may be of: numbers, internal (this node's) or external (any other)",
  }),
  limit: withDefault(Type.Integer({ minimum: 1, maximum: 10_000 }), 100, {
    meaning: 'more peers at once are refused (Cease/5); 1 to 10000',
  }),
}

function readAsn(value: string | number): Asn | undefined {
  const number = readAsNumber(value)
  return number === undefined ? undefined : asn(number)
}
