import type { Family } from '../../src/net/address.ts'
import type { Match, Rule } from '../kernel.ts'

/** A chain named after what comes back from it. */
export const READABLE = 'tort-readable'

const drops: Rule = { match: [], action: { type: 'drop' }, comment: 'Its transport header cannot be read' }
const withPorts = ['tcp', 'udp', 'udplite', 'sctp'] as const
const ofTransport: ReadonlySet<Match['type']> = new Set(['protocol', 'source-ports', 'destination-ports', 'icmp'])
const any = [{ from: 0, to: 0xffff }] as const

/**
 * "Not this port" ends the rule of nf_tables where there are no octets to load a port from, or a protocol, because the packet is cut off or
 * an extension header of IPv6 leads nowhere: what the rule was to deny would pass. iptables drops such a packet where it is asked, and so
 * does the chain that comes before the first such rule here. (With conntrack's check for INVALID, which is a choice, few come so far.)
 */
export function guardExclusions(rules: readonly Rule[]): readonly Rule[] {
  const at = rules.findIndex(({ match }) => match.some(excludesByTransport))
  return at === -1 ? rules : rules.toSpliced(at, 0, { match: [], action: { type: 'jump', chain: READABLE } })
}

export function isGuarded(rules: readonly Rule[]): boolean {
  return rules.some(({ action }) => action.type === 'jump' && action.chain === READABLE)
}

/** Of that chain: they return with a packet whose protocol is known and whose ports, or type and code of ICMP, can be loaded, and drop others. */
export function readableRules(family: Family): readonly Rule[] {
  const icmp = family === 4 ? 'icmp' : 'icmpv6'
  const returns = (...match: readonly Match[]): Rule => ({ match, action: { type: 'return' } })
  const ported = withPorts.map((protocol) => returns({ type: 'protocol', protocol }, { type: 'destination-ports', ports: any }))
  const others = [...withPorts, icmp].map((protocol): Match => ({ type: 'protocol', protocol, negated: true }))
  // type and code stand where others have the source port
  return [...ported, returns({ type: 'protocol', protocol: icmp }, { type: 'source-ports', ports: any }), returns(...others), drops]
}

function excludesByTransport(match: Match): boolean {
  if (!('negated' in match) || match.negated !== true) return false
  return ofTransport.has(match.type) || ('withPort' in match && match.withPort === true)
}
