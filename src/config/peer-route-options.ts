/** Options of a BGP peer that say what becomes of routes. */
import Type from 'typebox'
import { isDnsSubdomain, readAsNumber } from '../model/scalars.ts'
import { text, textOrInteger } from '../model/schema-check.ts'
import { type Asn, asn } from '../net/asn.ts'
import { optional, withDefault } from './option.ts'

export const asNumber = textOrInteger(readAsn, 'an AS number 1 to 4294967295, or "high.low" with both at most 65535')

export const peerRouteOptions = {
  import: optional(filterOr('all', 'none'), {
    meaning: 'what to take: all, none or a BGPFilter by name; what no rule of it decides is taken',
    otherwise: '`all`; `none` from an eBGP peer with requireEbgpPolicy',
  }),
  export: optional(filterOr('local', 'all', 'none'), {
    meaning:
      'what to send: local (what this node originates), all (also what it learned), none or a BGPFilter by name; what no rule of it decides is sent as with local',
    otherwise: '`local`; `none` to an eBGP peer with requireEbgpPolicy',
  }),
  localAs: optional(asNumber, {
    meaning: 'the AS this node is towards the peer, put in front of its own in the path (RFC 7705)',
    otherwise: "the node's",
  }),
  replaceAs: withDefault(Type.Boolean(), false, { meaning: "with localAs: the node's own AS stays out of the path" }),
  allowLocalAs: withDefault(Type.Integer({ minimum: 0, maximum: 255 }), 0, {
    meaning: 'how many times our AS may be in a path from the peer; more is a loop',
  }),
  removePrivateAs: withDefault(Type.Boolean(), false, {
    meaning: "private AS numbers leave the path to an eBGP peer, but for the peer's own and ours (RFC 6996)",
  }),
  enforceFirstAs: withDefault(Type.Boolean(), true, {
    meaning: "paths of an eBGP peer begin with its AS, or are treated as withdrawn; false: for a route server's client",
  }),
  allowAsSet: withDefault(Type.Boolean(), false, {
    meaning: 'take paths with an AS_SET, which are treated as withdrawn otherwise (RFC 9774)',
  }),
  nextHop: withDefault(Type.Enum(['auto', 'self', 'keep']), 'auto', {
    meaning: 'auto (to eBGP peers this node, to iBGP peers as received), self (always this node) or keep (always as received)',
  }),
  role: optional(Type.Enum(['provider', 'customer', 'peer', 'rs-server', 'rs-client']), {
    meaning: 'what this node is to the eBGP peer: a peer of another role is refused, leaks are not used (RFC 9234)',
  }),
  requireRole: withDefault(Type.Boolean(), false, { meaning: 'with role: refuse a peer that does not tell its own' }),
  acceptBlackhole: withDefault(Type.Boolean(), false, {
    meaning: 'discard packets to prefixes which the peer sends with the community BLACKHOLE (RFC 7999)',
  }),
}

function readAsn(value: string | number): Asn | undefined {
  const number = readAsNumber(value)
  return number === undefined ? undefined : asn(number)
}

/** Words of the other direction are no names: they were meant otherwise. */
function filterOr(...words: readonly string[]) {
  return text(
    (value) => (words.includes(value) || (value !== 'local' && isDnsSubdomain(value)) ? value : undefined),
    `${words.join(', ')} or the name of a BGPFilter`,
  )
}
