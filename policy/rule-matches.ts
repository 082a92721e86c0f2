/** One policy rule as kernel matches (resource reference §6.1). Pure: sets are only named here. */
import type { Match } from '../felix/kernel.ts'
import { type Family, familyOf } from '../src/net/address.ts'
import { type Cidr, parseCidr } from '../src/net/prefix.ts'
import type { Peer, Rule } from './policy.ts'
import { multiportChunks, readPorts } from './port-list.ts'
import { icmpProtocol, kernelProtocol, protocolNumber, protocolsWithPorts } from './protocol.ts'
import { compareText } from './resource-key.ts'
import type { SetNames } from './sets/set-source.ts'

type Side = 'source' | 'destination'
type Conjunction = readonly Match[]

/**
 * The rule in one family as alternatives: it matches where all matches of any one of them do. A packet is in at most a few, and
 * never needs a scratch mark. [] when it cannot match in this family: such a rule is left out, never rendered as "any".
 */
export function ruleMatches(rule: Rule, family: Family, sets: SetNames): readonly Conjunction[] {
  if (rule.ipVersion !== undefined && rule.ipVersion !== family) return []
  const protocol = protocolMatches(rule, family)
  const source = addressMatches('source', rule.source, family, sets)
  const destination = addressMatches('destination', rule.destination, family, sets)
  if (protocol === undefined || source === undefined || destination === undefined) return []
  const hasPorts = protocolsWithPorts.has(protocolNumber(rule.protocol) ?? -1)
  const always = [
    ...protocol,
    ...source,
    ...destination,
    ...icmpMatches(rule),
    ...excludedPorts('source', rule.source, hasPorts, family, sets),
    ...excludedPorts('destination', rule.destination, hasPorts, family, sets),
  ]
  const sourcePorts = portAlternatives('source', rule.source, hasPorts, family, sets)
  const destinationPorts = portAlternatives('destination', rule.destination, hasPorts, family, sets)
  return sourcePorts.flatMap((from) => destinationPorts.map((to) => [...always, ...from, ...to]))
}

/** undefined: no packet of the family can match. The kernel takes one protocol match a rule, so two are resolved here. */
function protocolMatches(rule: Rule, family: Family): Conjunction | undefined {
  const hasIcmp = rule.icmp?.type !== undefined || rule.notICMP?.type !== undefined
  const wanted = protocolNumber(rule.protocol) ?? (hasIcmp ? icmpProtocol(family) : undefined)
  const excluded = protocolNumber(rule.notProtocol)
  if (wanted === undefined) return excluded === undefined ? [] : [{ type: 'protocol', protocol: kernelProtocol(excluded), negated: true }]
  if (wanted === excluded || wanted === icmpProtocol(family === 4 ? 6 : 4)) return undefined
  if (rule.icmp?.type !== undefined && wanted !== icmpProtocol(family)) return undefined
  return [{ type: 'protocol', protocol: kernelProtocol(wanted) }]
}

function icmpMatches({ protocol, icmp, notICMP }: Rule): Conjunction {
  const mayBeIcmp = protocol === undefined || protocolNumber(protocol) === icmpProtocol(4) || protocolNumber(protocol) === icmpProtocol(6)
  if (!mayBeIcmp) return []
  return [...icmpMatch(icmp ?? {}, false), ...icmpMatch(notICMP ?? {}, true)]
}

function icmpMatch({ type, code }: { readonly type?: number; readonly code?: number }, negated: boolean): Conjunction {
  if (type === undefined) return []
  return [{ type: 'icmp', icmpType: type, ...(code !== undefined && { code }), ...(negated && { negated }) }]
}

/** undefined: the positive nets are all of the other family. Negated nets of the other family demand nothing. */
function addressMatches(side: Side, peer: Peer, family: Family, sets: SetNames): Conjunction | undefined {
  const nets = ofFamily(peer.nets, family)
  const notNets = ofFamily(peer.notNets, family)
  if (peer.nets !== undefined && nets.length === 0) return undefined
  const positive = netMatch(side, nets, false, nets.length > 1, family, sets)
  // iptables takes -s and -d once a rule: beside a positive net even a single negated one is a set.
  const negative = netMatch(side, notNets, true, notNets.length > 1 || nets.length === 1, family, sets)
  return [
    ...positive,
    ...(peer.selector === undefined ? [] : [setMatch(side, sets({ type: 'selector', term: peer.selector }, family), false)]),
    ...negative,
    ...(peer.notSelector === undefined ? [] : [setMatch(side, sets({ type: 'selector', term: peer.notSelector }, family), true)]),
    ...serviceMatch(side, peer, family, sets),
  ]
}

function serviceMatch(side: Side, { service }: Peer, family: Family, sets: SetNames): Conjunction {
  if (service === undefined) return []
  const withPorts = side === 'destination'
  return [setMatch(side, sets({ type: 'service', service, withPorts }, family), false, withPorts)]
}

function netMatch(side: Side, nets: readonly Cidr[], negated: boolean, asSet: boolean, family: Family, sets: SetNames): Conjunction {
  const [net] = nets
  if (net === undefined) return []
  if (asSet) return [setMatch(side, sets({ type: 'nets', nets }, family), negated)]
  return [{ type: `${side}-net`, net, ...(negated && { negated }) }]
}

function setMatch(side: Side, set: string, negated: boolean, withPort = false): Match {
  return { type: `${side}-set`, set, ...(withPort && { withPort }), ...(negated && { negated }) }
}

/** [[]] when any port will do; [] when none can: numbers need a protocol with ports (§6.1 rule 3). */
function portAlternatives(side: Side, peer: Peer, hasPorts: boolean, family: Family, sets: SetNames): readonly Conjunction[] {
  if (peer.ports === undefined) return [[]]
  const { ranges, names } = readPorts(peer.ports)
  const numeric = hasPorts ? multiportChunks(ranges).map((ports): Conjunction => [{ type: `${side}-ports`, ports }]) : []
  const named = names.length === 0 ? [] : [[setMatch(side, sets({ type: 'named-ports', names }, family), false, true)]]
  return [...numeric, ...named]
}

function excludedPorts(side: Side, peer: Peer, hasPorts: boolean, family: Family, sets: SetNames): Conjunction {
  if (peer.notPorts === undefined) return []
  const { ranges, names } = readPorts(peer.notPorts)
  const numeric = hasPorts ? multiportChunks(ranges).map((ports): Match => ({ type: `${side}-ports`, ports, negated: true })) : []
  const named = names.length === 0 ? [] : [setMatch(side, sets({ type: 'named-ports', names }, family), true, true)]
  return [...numeric, ...named]
}

/** Sorted, each once, so that equal lists are one set. */
function ofFamily(nets: readonly string[] | undefined, family: Family): readonly Cidr[] {
  if (nets === undefined) return []
  const known = nets.flatMap((net) => parseCidr(net) ?? []).filter((net) => familyOf(net) === family)
  return [...new Set(known)].toSorted(compareText)
}
