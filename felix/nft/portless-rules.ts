import type { Match, Rule } from '../kernel.ts'

/** Those whose ports stand in sets of addresses and ports. */
const withPorts = ['tcp', 'udp', 'sctp'] as const

/**
 * "Not in this set of addresses and ports" holds for every packet without ports. ipset says so; nf_tables, which finds no octets to load
 * where the ports would stand, ends the rule instead, and what it was to deny would pass. So the set is asked of protocols with ports
 * only, and all others match without it.
 */
export function splitPortless(rule: Rule): readonly Rule[] {
  if (!rule.match.some(excludesPorts) || rule.match.some(isOneProtocol)) return [rule]
  const others = withPorts.map((protocol): Match => ({ type: 'protocol', protocol, negated: true }))
  return [
    { ...rule, match: [...others, ...rule.match.filter((match) => !excludesPorts(match))] },
    ...withPorts.map((protocol): Rule => ({ ...rule, match: [{ type: 'protocol', protocol }, ...rule.match] })),
  ]
}

function excludesPorts(match: Match): boolean {
  return (match.type === 'source-set' || match.type === 'destination-set') && match.withPort === true && match.negated === true
}

function isOneProtocol(match: Match): boolean {
  return match.type === 'protocol' && match.negated !== true
}
