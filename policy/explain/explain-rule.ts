/** Whether one rule of the graph matches one flow: condition by condition what `ruleMatches` renders, and where it fails. */

import type { EndpointPort } from '../../src/model/workload-endpoint.ts'
import { addressBytes, type Family, familyOf, type IpAddress } from '../../src/net/address.ts'
import type { Peer, Rule } from '../policy.ts'
import type { PortList } from '../port-list.ts'
import { icmpProtocol, protocolNumber, protocolsWithPorts } from '../protocol.ts'
import { serves } from '../sets/service-slices.ts'
import type { Holder, PolicyView } from './explain-ends.ts'
import type { Flow } from './flow.ts'
import { conditionsOf, inNet, inRanges } from './rule-conditions.ts'

type SeenEnd = {
  readonly address: IpAddress
  readonly bytes: Uint8Array
  readonly port: number | undefined
  readonly holders: readonly Holder[]
}

/** A flow with all that rules ask about it looked up once. */
export type SeenFlow = {
  readonly flow: Flow
  readonly family: Family
  readonly source: SeenEnd
  readonly destination: SeenEnd
  readonly selects: PolicyView['selects']
  readonly slicesOf: PolicyView['slicesOf']
}

/** @throws Error on an address that is none */
export function seenFlow(view: PolicyView, flow: Flow): SeenFlow {
  const end = (address: IpAddress, port: number | undefined): SeenEnd => {
    const bytes = addressBytes(address)
    if (bytes === undefined) throw new Error(`${address} is no address`)
    return { address, bytes, port, holders: view.holdersOf(address) }
  }
  return {
    flow,
    family: familyOf(flow.source),
    source: end(flow.source, flow.sourcePort),
    destination: end(flow.destination, flow.destinationPort),
    selects: (term, holder) => view.selects(term, holder),
    slicesOf: (service) => view.slicesOf(service),
  }
}

/** The first condition of the rule that the flow does not meet, as its path: "protocol", "source.nets"; undefined if the rule matches. */
export function ruleMismatch(rule: Rule, seen: SeenFlow): string | undefined {
  return packetMismatch(rule, seen) ?? endMismatch(rule, 'source', seen) ?? endMismatch(rule, 'destination', seen)
}

function endMismatch(rule: Rule, side: 'source' | 'destination', seen: SeenFlow): string | undefined {
  const condition =
    addressMismatch(rule[side], seen[side], seen) ??
    serviceMismatch(side, rule[side], seen) ??
    portMismatch(rule, rule[side], seen[side], seen.flow.protocol)
  return condition === undefined ? undefined : `${side}.${condition}`
}

/** As `protocolMatches` and `icmpMatches` do: an ICMP condition without a protocol means ICMP, and none can hold in the other family. */
function packetMismatch(rule: Rule, { flow, family }: SeenFlow): string | undefined {
  const { icmp, notICMP } = rule
  if (rule.ipVersion !== undefined && rule.ipVersion !== family) return 'ipVersion'
  const ownIcmp = icmpProtocol(family)
  const hasIcmp = icmp?.type !== undefined || notICMP?.type !== undefined
  const named = protocolNumber(rule.protocol)
  const wanted = named ?? (hasIcmp ? ownIcmp : undefined)
  if (wanted === icmpProtocol(family === 4 ? 6 : 4)) return 'protocol'
  if (named !== undefined && named !== flow.protocol) return 'protocol'
  if (rule.notProtocol !== undefined && protocolNumber(rule.notProtocol) === flow.protocol) return 'notProtocol'
  const isIcmp = flow.protocol === ownIcmp
  const is = ({ type, code }: NonNullable<Rule['icmp']>) => flow.icmpType === type && (code === undefined || flow.icmpCode === code)
  if (icmp?.type !== undefined && !(isIcmp && is(icmp))) return 'icmp'
  if (notICMP?.type !== undefined && (isIcmp ? is(notICMP) : named === undefined)) return 'notICMP'
  return undefined
}

/** Which of the conditions on who is at an end does not hold. */
export function addressMismatch(peer: Peer, { bytes, holders }: SeenEnd, { selects }: SeenFlow): string | undefined {
  const { nets, notNets } = conditionsOf(peer)
  const { selector, notSelector } = peer
  if (nets !== undefined && !nets.some((net) => inNet(net, bytes))) return 'nets'
  if (notNets?.some((net) => inNet(net, bytes))) return 'notNets'
  if (selector !== undefined && !holders.some((holder) => selects(selector, holder))) return 'selector'
  return notSelector !== undefined && holders.some((holder) => selects(notSelector, holder)) ? 'notSelector' : undefined
}

/** A destination is one of the service's ports as well. */
function serviceMismatch(side: 'source' | 'destination', { service }: Peer, seen: SeenFlow): 'services' | undefined {
  if (service === undefined) return undefined
  const { address, port } = seen[side]
  const at = side === 'destination' ? ([seen.flow.protocol, port] as const) : []
  return seen.slicesOf(service).some((slice) => serves(slice, address, ...at)) ? undefined : 'services'
}

/** Numbers count only in rules for a protocol that has ports; names are endpoints' own and stand for address, protocol and port together. */
function portMismatch(rule: Rule, peer: Peer, end: SeenEnd, protocol: number): 'ports' | 'notPorts' | undefined {
  const { ports, notPorts } = conditionsOf(peer)
  const { port } = end
  const hasPorts = protocolsWithPorts.has(protocolNumber(rule.protocol) ?? -1)
  const isOne = ({ ranges, names }: PortList) =>
    port !== undefined && ((hasPorts && inRanges(ranges, port)) || (names.length > 0 && hasNamedPort(end.holders, names, protocol, port)))
  if (ports !== undefined && !isOne(ports)) return 'ports'
  return notPorts !== undefined && isOne(notPorts) ? 'notPorts' : undefined
}

function hasNamedPort(holders: readonly Holder[], names: readonly string[], protocol: number, port: number): boolean {
  return holders.some(({ resource }) => {
    const { ports = [] } = resource.spec as { readonly ports?: readonly EndpointPort[] }
    return ports.some((named) => named.port === port && names.includes(named.name) && protocolNumber(named.protocol) === protocol)
  })
}
