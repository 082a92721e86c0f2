import type { Match, PortRange, Rule } from '../kernel.ts'

type Ports = Extract<Match, { type: 'source-ports' | 'destination-ports' }>

/**
 * iptables takes 15 ports a match, so a longer list comes as rules that differ in nothing else, or as several matches of one rule that
 * excludes ports. nf_tables has sets for it: here they are one again.
 */
export function mergePortRules(rules: readonly Rule[]): readonly Rule[] {
  const merged: Rule[] = []
  for (const rule of rules.map(mergeExcluded)) {
    const last = merged.at(-1)
    const both = last === undefined ? undefined : oneRule(last, rule)
    if (both === undefined) merged.push(rule)
    else merged[merged.length - 1] = both
  }
  return merged
}

/** "None of these and none of those" is "none of all". */
function mergeExcluded(rule: Rule): Rule {
  if (rule.match.filter((match) => isPorts(match) && match.negated).length < 2) return rule
  const match: Match[] = []
  for (const one of rule.match) {
    const at =
      isPorts(one) && one.negated ? match.findIndex(({ type, ...other }) => type === one.type && 'negated' in other && other.negated) : -1
    const before = match[at]
    if (before !== undefined && isPorts(before) && isPorts(one)) match[at] = { ...before, ports: together(before.ports, one.ports) }
    else match.push(one)
  }
  return { ...rule, match }
}

/** Undefined unless they differ in one list of ports only. */
function oneRule(a: Rule, b: Rule): Rule | undefined {
  const at = a.match.findIndex((match, i) => !same(match, b.match[i]))
  const [first, second] = [a.match[at], b.match[at]]
  if (first === undefined || second === undefined || !isPorts(first) || !isPorts(second)) return undefined
  if (first.type !== second.type || first.negated || second.negated) return undefined
  const rest = { ...b, match: b.match.with(at, first) }
  return same(a, rest) ? { ...a, match: a.match.with(at, { ...first, ports: together(first.ports, second.ports) }) } : undefined
}

function isPorts(match: Match): match is Ports {
  return match.type === 'source-ports' || match.type === 'destination-ports'
}

/** Disjoint, ascending: a set refuses what overlaps. */
function together(a: readonly PortRange[], b: readonly PortRange[]): readonly PortRange[] {
  const ranges: PortRange[] = []
  for (const { from, to } of [...a, ...b].toSorted((x, y) => x.from - y.from)) {
    const last = ranges.at(-1)
    if (last === undefined || from > last.to + 1) ranges.push({ from, to })
    else ranges[ranges.length - 1] = { from: last.from, to: Math.max(last.to, to) }
  }
  return ranges
}

/** Rules are plain data in a fixed order of fields. */
function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}
