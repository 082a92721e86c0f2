/** Whether one rule of ours matches one flow, read straight from resource reference §6.1 and §6.1.2. */
import { isEndpointSlice } from '../../src/model/endpoint-slice.ts'
import type { EntityRule, PolicyRule, PortSpec } from '../../src/model/rule-shape.ts'
import { familyOf, type IpAddress } from '../../src/net/address.ts'
import { protocolNumber } from '../protocol.ts'
import { matches } from '../selector/evaluate.ts'
import { parseSelector } from '../selector/parse.ts'
import type { Flow } from './flow.ts'
import { type Bearer, bearersOf, covers, type World } from './reference-world.fixture.ts'

/**
 * The first condition of the rule that the flow does not meet, as its path: "protocol", "source.nets"; undefined if the rule matches.
 * @param namespace of the policy; '' for cluster-scoped ones
 */
export function ruleMismatch(world: World, rule: PolicyRule, namespace: string, flow: Flow): string | undefined {
  const family = familyOf(flow.source)
  const ends: [name: string, entity: EntityRule | undefined, end: End][] = [
    ['source', rule.source, { address: flow.source, port: flow.sourcePort }],
    ['destination', rule.destination, { address: flow.destination, port: flow.destinationPort }],
  ]
  if (rule.ipVersion !== undefined && rule.ipVersion !== family) return 'ipVersion'
  if (rule.protocol !== undefined && protocolNumber(rule.protocol) !== flow.protocol) return 'protocol'
  if (rule.notProtocol !== undefined && protocolNumber(rule.notProtocol) === flow.protocol) return 'notProtocol'
  const icmp = icmpMismatch(rule, flow, family === 4 ? 1 : 58)
  if (icmp !== undefined) return icmp
  for (const [name, entity = {}, end] of ends) {
    const condition = entityMismatch(world, entity, namespace, flow, end)
    if (condition !== undefined) return `${name}.${condition}`
    if (entity.services !== undefined && !isServed(world, entity.services, namespace, end, name === 'destination' ? flow : undefined))
      return `${name}.services`
  }
  return undefined
}

/** An ICMP condition in a rule for another protocol: `icmp` never holds, `notICMP` always. Without `protocol` both mean ICMP. */
function icmpMismatch({ protocol, icmp, notICMP }: PolicyRule, flow: Flow, icmpProtocol: number): 'icmp' | 'notICMP' | undefined {
  const is = ({ type, code }: { readonly type?: number; readonly code?: number }) =>
    flow.icmpType === type && (code === undefined || flow.icmpCode === code)
  if (icmp?.type !== undefined && !(flow.protocol === icmpProtocol && is(icmp))) return 'icmp'
  if (notICMP?.type === undefined) return undefined
  const holds = flow.protocol === icmpProtocol ? !is(notICMP) : protocol !== undefined
  return holds ? undefined : 'notICMP'
}

type End = { readonly address: IpAddress; readonly port: number | undefined }

function entityMismatch(world: World, entity: EntityRule, namespace: string, { protocol }: Flow, { address, port }: End) {
  const { nets = [], notNets = [], ports = [], notPorts = [], notSelector } = entity
  if (nets.length > 0 && !nets.some((net) => covers(net, address))) return 'nets'
  if (notNets.some((net) => covers(net, address))) return 'notNets'
  const bearers = bearersOf(world, address)
  if (isSelecting(entity, namespace) && !bearers.some((bearer) => bearerMatches(bearer, entity, namespace))) return selecting(entity)
  if (isSet(notSelector) && bearers.some(({ labels }) => selects(notSelector, labels))) return 'notSelector'
  const isPort = (spec: PortSpec) => portMatches(spec, protocol, port, bearers)
  if (ports.length > 0 && !ports.some(isPort)) return 'ports'
  return notPorts.some(isPort) ? 'notPorts' : undefined
}

/** @param flow asks for one of the service's ports; undefined: its addresses will do */
function isServed({ resources }: World, service: NonNullable<EntityRule['services']>, own: string, end: End, flow?: Flow): boolean {
  return resources.filter(isEndpointSlice).some(({ metadata, endpoints = [], ports = [] }) => {
    if (metadata.namespace !== (service.namespace ?? own)) return false
    if (metadata.labels?.['kubernetes.io/service-name'] !== service.name) return false
    if (!endpoints.some(({ addresses }) => addresses.includes(end.address))) return false
    return flow === undefined || ports.some(({ protocol = 'TCP', port }) => protocolNumber(protocol) === flow.protocol && port === end.port)
  })
}

/** The fields by which the entity asks who is there; together they name one set of endpoints. */
function selecting(entity: EntityRule): string {
  const fields = ['selector', 'namespaceSelector', 'serviceAccounts', 'notSelector'] as const
  return fields.find((field) => entity[field] !== undefined && entity[field] !== '') ?? 'selector'
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
