import { parsePrefix } from '../net/prefix.ts'
import { formatPath } from './path.ts'
import type { Problem } from './resource.ts'
import type { EntityRule, PolicyRule, PortSpec } from './rule-shape.ts'
import { besideServices } from './service-rule-check.ts'

type Protocol = string | number | undefined

/** What the fields of one rule must not be to each other (resource reference §6.1, rules 1 to 7). Paths are relative to the rule. */
export function ruleProblems(rule: PolicyRule): readonly Problem[] {
  return [...icmpProblems(rule), ...familyOfProtocolProblems(rule), ...portProblems(rule), ...netProblems(rule), ...besideServices(rule)]
}

function icmpProblems(rule: PolicyRule): readonly Problem[] {
  const problems: Problem[] = []
  for (const field of ['icmp', 'notICMP'] as const) {
    const match = rule[field]
    if (match === undefined) continue
    if (icmpFamily(rule.protocol) === undefined) problems.push({ path: field, reason: 'needs protocol ICMP or ICMPv6' })
    if (match.code !== undefined && match.type === undefined)
      problems.push({ path: `${field}.code`, reason: 'needs a type', value: match.code })
  }
  return problems
}

function familyOfProtocolProblems(rule: PolicyRule): readonly Problem[] {
  if (rule.ipVersion === undefined) return []
  return (['protocol', 'notProtocol'] as const).flatMap((field) => {
    const family = icmpFamily(rule[field])
    if (family === undefined || family === rule.ipVersion) return []
    return [{ path: field, reason: `${rule[field]} needs ipVersion ${family}`, value: rule[field] }]
  })
}

function portProblems(rule: PolicyRule): readonly Problem[] {
  return portLists(rule).flatMap(({ side, field, ports }): readonly Problem[] => {
    if (rule.protocol !== undefined && !hasPorts(rule.protocol))
      return ports.length === 0
        ? []
        : [{ path: `${side}.${field}`, reason: `protocol ${rule.protocol} has no ports here: only TCP, UDP and SCTP` }]
    if (rule.protocol !== undefined) return []
    return ports.flatMap((port, i) => (isNumeric(port) ? [portWithoutProtocol([side, field, i], port)] : []))
  })
}

function portWithoutProtocol(path: readonly (string | number)[], port: PortSpec): Problem {
  return { path: formatPath(path), reason: 'a port number needs a protocol: TCP, UDP or SCTP', value: port }
}

/** All nets of one family, that of `ipVersion`; nothing matches outside 0.0.0.0/0 or ::/0. */
function netProblems(rule: PolicyRule): readonly Problem[] {
  const nets = netLists(rule)
  const family = rule.ipVersion ?? nets[0]?.prefix.family
  return nets.flatMap(({ path, value, prefix, negated }): readonly Problem[] => [
    ...(prefix.family === family ? [] : [{ path, value, reason: familyReason(rule, family) }]),
    ...(negated && prefix.length === 0 ? [{ path, value, reason: 'excludes every address: the rule would match nothing' }] : []),
  ])
}

function familyReason(rule: PolicyRule, family: number | undefined): string {
  return rule.ipVersion === undefined ? `a rule has nets of one family only: the first is IPv${family}` : `is not of ipVersion ${family}`
}

function netLists(rule: PolicyRule) {
  return sides(rule).flatMap(({ side, entity }) =>
    (['nets', 'notNets'] as const).flatMap((field) =>
      (entity[field] ?? []).flatMap((value, i) => {
        const prefix = parsePrefix(value)
        return prefix === undefined ? [] : [{ path: formatPath([side, field, i]), value, prefix, negated: field === 'notNets' }]
      }),
    ),
  )
}

function portLists(rule: PolicyRule) {
  return sides(rule).flatMap(({ side, entity }) =>
    (['ports', 'notPorts'] as const).map((field) => ({ side, field, ports: entity[field] ?? [] })),
  )
}

function sides(rule: PolicyRule): readonly { readonly side: 'source' | 'destination'; readonly entity: EntityRule }[] {
  return [
    { side: 'source', entity: rule.source ?? {} },
    { side: 'destination', entity: rule.destination ?? {} },
  ]
}

function icmpFamily(protocol: Protocol): 4 | 6 | undefined {
  if (protocol === 'ICMP' || protocol === 1) return 4
  return protocol === 'ICMPv6' || protocol === 58 ? 6 : undefined
}

function hasPorts(protocol: Protocol): boolean {
  return ['TCP', 'UDP', 'SCTP', 6, 17, 132].some((known) => known === protocol)
}

/** A name is text that is no range: `80` and `"80:90"` are numeric. */
function isNumeric(port: PortSpec): boolean {
  return typeof port === 'number' || /^\d+:\d+$/.test(port)
}
