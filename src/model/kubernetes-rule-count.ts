/** How much of the kernel a Kubernetes NetworkPolicy asks for: each of a rule's peers is combined with all of its ports. */
import type { Problem } from './resource.ts'

type Port = { readonly protocol?: string; readonly port?: number | string; readonly endPort?: number }
type Rule = { readonly from?: readonly unknown[]; readonly to?: readonly unknown[]; readonly ports?: readonly Port[] }
type Directions = { readonly ingress?: readonly Rule[]; readonly egress?: readonly Rule[] }

/** In one direction. Ten times what other kinds take, whose rules are limited one by one. */
const maxRules = 10_000
/** One match of the kernel takes so many ports; a range counts as two. */
const portsOfMatch = 15

/** A small document must not ask for millions of rules: a thousand peers and a thousand ports in one rule are no thousand rules. */
export function ruleCountProblems(spec: Directions): readonly Problem[] {
  return (['ingress', 'egress'] as const).flatMap((path) => {
    const count = (spec[path] ?? []).reduce((sum, rule) => sum + kernelRules(rule), 0)
    if (count <= maxRules) return []
    const way = 'give ports that follow each other as one range (endPort), or write several policies'
    return [{ path, reason: `its peers and ports make ${count} rules together, at most ${maxRules} are allowed: ${way}` }]
  })
}

function kernelRules({ from = [], to = [], ports = [] }: Rule): number {
  const byProtocol = [...Map.groupBy(ports, ({ protocol = 'TCP' }) => protocol).values()]
  const lists = byProtocol.reduce((sum, own) => sum + portLists(own), 0)
  return Math.max(1, from.length, to.length) * Math.max(1, lists)
}

function portLists(ports: readonly Port[]): number {
  if (ports.some(({ port }) => port === undefined)) return 1
  const isNamed = ports.some(({ port }) => typeof port === 'string')
  const numbers = new Map(ports.filter(({ port }) => typeof port === 'number').map(({ port, endPort }) => [`${port} ${endPort}`, endPort]))
  const slots = [...numbers.values()].reduce((sum: number, endPort) => sum + (endPort === undefined ? 1 : 2), 0)
  return Math.ceil(slots / portsOfMatch) + (isNamed ? 1 : 0)
}
