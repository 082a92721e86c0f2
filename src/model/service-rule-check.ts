/** Where a rule may name a service, and beside what (resource reference §6.1, rules 7, 9 and 10). Paths are relative to the rule. */

import type { Problem } from './resource.ts'
import type { EntityRule, PolicyRule } from './rule-shape.ts'

const sides = ['source', 'destination'] as const
const others = ['selector', 'notSelector', 'namespaceSelector', 'serviceAccounts', 'nets', 'notNets'] as const

/** A service says who is meant, and as a destination at which ports. */
export function besideServices(rule: PolicyRule): readonly Problem[] {
  return sides.flatMap((side) => {
    const entity = rule[side]
    if (entity?.services === undefined) return []
    const ports = side === 'destination' ? (['ports', 'notPorts'] as const) : []
    return [
      ...others.filter((field) => isGiven(entity, field)).map((field) => excluded(side, field, 'who is meant')),
      ...ports.filter((field) => isGiven(entity, field)).map((field) => excluded(side, field, 'the ports')),
    ]
  })
}

/** Nobody is let in by the service it asks for, nor out by the one it belongs to. */
export function misplacedServices(rule: PolicyRule, direction: 'ingress' | 'egress'): readonly Problem[] {
  const [here, there] = direction === 'ingress' ? (['source', 'destination'] as const) : (['destination', 'source'] as const)
  if (rule[there]?.services === undefined) return []
  const reason = `has no meaning in an ${direction} rule: the service of the other end is ${here}.services`
  return [{ path: `${there}.services`, reason }]
}

export function servicesWithoutNamespace(rule: PolicyRule): readonly Problem[] {
  return sides.flatMap((side) => {
    const services = rule[side]?.services
    if (services === undefined || services.namespace !== undefined) return []
    return [{ path: `${side}.services.namespace`, reason: 'is required in what is in no namespace itself' }]
  })
}

function excluded(side: string, field: string, what: string): Problem {
  return { path: `${side}.${field}`, reason: `cannot stand beside services, which says ${what}` }
}

/** Not so what is empty and demands nothing. */
function isGiven(entity: EntityRule, field: keyof EntityRule): boolean {
  const value = entity[field]
  return typeof value === 'string' ? value.trim() !== '' : Array.isArray(value) ? value.length > 0 : value !== undefined
}
