/** Whether one rule of ours matches one flow, read straight from resource reference §6.1 and §6.1.2. */
import type { EntityRule, PolicyRule, PortSpec } from '../src/model/policy-rule.ts'
import { familyOf, type IpAddress } from '../src/net/address.ts'
import { type Bearer, bearersOf, covers, type World } from './explain-world.ts'
import { protocolNumber } from './protocol.ts'
import { matches } from './selector/evaluate.ts'
import { parseSelector } from './selector/parse.ts'

/** The first packet of a connection. @property protocol IANA number; ports only with TCP, UDP, SCTP; ICMP numbers only with ICMP */
export type Flow = {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly protocol: number
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly icmpType?: number
  readonly icmpCode?: number
}

/** @param namespace of the policy; '' for cluster-scoped ones */
export function ruleMatchesFlow(world: World, rule: PolicyRule, namespace: string, flow: Flow): boolean {
  const family = familyOf(flow.source)
  if (rule.ipVersion !== undefined && rule.ipVersion !== family) return false
  if (rule.protocol !== undefined && protocolNumber(rule.protocol) !== flow.protocol) return false
  if (rule.notProtocol !== undefined && protocolNumber(rule.notProtocol) === flow.protocol) return false
  if (!icmpMatches(rule, flow, family === 4 ? 1 : 58)) return false
  return (
    entityMatches(world, rule.source ?? {}, namespace, flow, { address: flow.source, port: flow.sourcePort }) &&
    entityMatches(world, rule.destination ?? {}, namespace, flow, { address: flow.destination, port: flow.destinationPort })
  )
}

/** An ICMP condition in a rule for another protocol: `icmp` never holds, `notICMP` always. Without `protocol` both mean ICMP. */
function icmpMatches({ protocol, icmp, notICMP }: PolicyRule, flow: Flow, icmpProtocol: number): boolean {
  const is = ({ type, code }: { readonly type?: number; readonly code?: number }) =>
    flow.icmpType === type && (code === undefined || flow.icmpCode === code)
  if (icmp?.type !== undefined && !(flow.protocol === icmpProtocol && is(icmp))) return false
  if (notICMP?.type === undefined) return true
  return flow.protocol === icmpProtocol ? !is(notICMP) : protocol !== undefined
}

type End = { readonly address: IpAddress; readonly port: number | undefined }

function entityMatches(world: World, entity: EntityRule, namespace: string, { protocol }: Flow, { address, port }: End): boolean {
  const { nets = [], notNets = [], ports = [], notPorts = [], notSelector } = entity
  if (nets.length > 0 && !nets.some((net) => covers(net, address))) return false
  if (notNets.some((net) => covers(net, address))) return false
  const bearers = bearersOf(world, address)
  if (isSelecting(entity, namespace) && !bearers.some((bearer) => bearerMatches(bearer, entity, namespace))) return false
  if (isSet(notSelector) && bearers.some(({ labels }) => selects(notSelector, labels))) return false
  const isPort = (spec: PortSpec) => portMatches(spec, protocol, port, bearers)
  return (ports.length === 0 || ports.some(isPort)) && !notPorts.some(isPort)
}

/** Whether the other end must be somebody known; `notSelector` alone asks for that only in a namespaced policy. */
function isSelecting({ selector, notSelector, namespaceSelector, serviceAccounts }: EntityRule, namespace: string): boolean {
  const hasAccounts = (serviceAccounts?.names ?? []).length > 0 || isSet(serviceAccounts?.selector)
  return isSet(selector) || isSet(namespaceSelector) || hasAccounts || (namespace !== '' && isSet(notSelector))
}

function bearerMatches(bearer: Bearer, entity: EntityRule, namespace: string): boolean {
  const { selector, namespaceSelector, serviceAccounts } = entity
  const names = serviceAccounts?.names ?? []
  const account = bearer.labels['projectcalico.org/serviceaccount']
  if (names.length > 0 && (account === undefined || !names.includes(account))) return false
  if (isSet(serviceAccounts?.selector) && !selects(serviceAccounts.selector, unprefixed('pcsa.', bearer))) return false
  if (isSet(namespaceSelector) ? !inNamespaces(bearer, namespaceSelector) : namespace !== '' && bearer.namespace !== namespace) return false
  return !isSet(selector) || selects(selector, bearer.labels)
}

function inNamespaces(bearer: Bearer, namespaceSelector: string): boolean {
  const text = namespaceSelector.trim()
  if (text === 'all()') return bearer.namespace !== ''
  if (text === 'global()') return bearer.namespace === ''
  return selects(text, unprefixed('pcns.', bearer))
}

function portMatches(spec: PortSpec, protocol: number, port: number | undefined, bearers: readonly Bearer[]): boolean {
  if (port === undefined) return false
  const [from = Number.NaN, to = from] = String(spec).split(':').map(Number)
  if (!Number.isNaN(from)) return from <= port && port <= to
  return bearers.some(({ ports }) =>
    ports.some((named) => named.name === spec && named.port === port && protocolNumber(named.protocol) === protocol),
  )
}

export function selects(text: string | undefined, labels: Bearer['labels']): boolean {
  const selector = parseSelector(text ?? '')
  if (selector.type === 'error') throw new Error(`selector ${JSON.stringify(text)}: ${selector.message}`)
  return matches(selector, labels)
}

export function unprefixed(prefix: string, { labels }: Bearer): Bearer['labels'] {
  const own = Object.entries(labels).filter(([label]) => label.startsWith(prefix))
  return Object.fromEntries(own.map(([label, value]) => [label.slice(prefix.length), value]))
}

export function isSet(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== ''
}
