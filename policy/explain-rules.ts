/** A list of rules against one flow: the first rule that decides, and each that was passed. */
import { addressMismatch, ruleMismatch, type SeenFlow } from './explain-rule.ts'
import type { Step } from './explanation.ts'
import type { Direction } from './names.ts'
import type { Rule } from './policy.ts'

/** @property isKubernetes its rules are told by the fields of Kubernetes: "from", "to", "ports" */
export type RuleList = {
  readonly direction: Direction
  readonly subject: string
  readonly tier?: string
  readonly isKubernetes: boolean
  readonly rules: readonly Rule[]
}

/** @param steps what was passed is added  @returns undefined when no rule decided */
export function rulesDecide(list: RuleList, seen: SeenFlow, steps: Step[]): Exclude<Step['outcome'], 'Log' | 'no match'> | undefined {
  const { direction, subject, tier, rules } = list
  const about = { direction, subject, ...(tier !== undefined && { tier }) }
  for (let next = 0; next < rules.length; ) {
    const [index, written] = oneRule(rules, next)
    next += written.length
    const matched = written.find((rule) => ruleMismatch(rule, seen) === undefined)
    if (matched === undefined) steps.push({ ...about, rule: index, outcome: 'no match', mismatch: mismatchOf(list, written, seen) })
    else steps.push({ ...about, rule: index, outcome: matched.action })
    if (matched !== undefined && matched.action !== 'Log') return matched.action
  }
  steps.push({ ...about, outcome: 'no match' })
  return undefined
}

/** What the user wrote as one rule may be several here, one after the other. */
function oneRule(rules: readonly Rule[], at: number): readonly [index: number, written: readonly Rule[]] {
  const index = rules[at]?.index ?? -1
  let end = at + 1
  while (rules[end]?.index === index) end++
  return [index, rules.slice(at, end)]
}

function mismatchOf({ direction, isKubernetes }: RuleList, written: readonly Rule[], seen: SeenFlow): string {
  const [first] = written
  if (!isKubernetes) return first === undefined ? '' : (ruleMismatch(first, seen) ?? '')
  const side = direction === 'ingress' ? 'source' : 'destination'
  const isPeer = written.some((rule) => addressMismatch(rule[side], seen[side], seen) === undefined)
  return isPeer ? 'ports' : side === 'source' ? 'from' : 'to'
}
