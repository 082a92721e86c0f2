/** A list of rules against one flow: the first rule that decides, and each that was passed. */

import type { TableName } from '../../felix/kernel.ts'
import type { Direction } from '../names.ts'
import type { Rule } from '../policy.ts'
import { actionIn } from '../table-actions.ts'
import { addressMismatch, ruleMismatch, type SeenFlow } from './explain-rule.ts'
import type { Step } from './explanation.ts'

/** @property table where they are asked @property isKubernetes its rules are told by the fields of Kubernetes: "from", "to", "ports" */
export type RuleList = {
  readonly direction: Direction
  readonly subject: string
  readonly tier?: string
  readonly table: TableName
  readonly isKubernetes: boolean
  readonly rules: readonly Rule[]
}

/** @param steps what was passed is added  @returns undefined when no rule decided */
export function rulesDecide(list: RuleList, seen: SeenFlow, steps: Step[]): Exclude<Step['outcome'], 'Log' | 'no match'> | undefined {
  const { direction, subject, tier, table, rules } = list
  const about = { direction, subject, ...(tier !== undefined && { tier }) }
  for (let at = 0; at < rules.length; ) {
    const { index, end } = oneRule(rules, at)
    const { matched, mismatch } = judged(list, at, end, seen)
    at = end
    if (matched === undefined) {
      steps.push({ ...about, rule: index, outcome: 'no match', mismatch })
      continue
    }
    const outcome = actionIn(table, matched.action)
    steps.push({ ...about, rule: index, outcome })
    if (outcome !== 'Log') return outcome
  }
  steps.push({ ...about, outcome: 'no match' })
  return undefined
}

/** What the user wrote as one rule may be several here, one after the other. */
function oneRule(rules: readonly Rule[], at: number): { readonly index: number; readonly end: number } {
  const index = rules[at]?.index ?? -1
  let end = at + 1
  while (rules[end]?.index === index) end++
  return { index, end }
}

/** @property mismatch of the first of them, or in the words of Kubernetes */
function judged(list: RuleList, at: number, end: number, seen: SeenFlow): { readonly matched?: Rule; readonly mismatch: string } {
  let first: string | undefined
  for (let i = at; i < end; i++) {
    const rule = list.rules[i]
    const mismatch = rule && ruleMismatch(rule, seen)
    if (rule !== undefined && mismatch === undefined) return { matched: rule, mismatch: '' }
    first ??= mismatch
  }
  return { mismatch: list.isKubernetes ? kubernetesMismatch(list, list.rules.slice(at, end), seen) : (first ?? '') }
}

function kubernetesMismatch({ direction }: RuleList, written: readonly Rule[], seen: SeenFlow): string {
  const side = direction === 'ingress' ? 'source' : 'destination'
  const isPeer = written.some((rule) => addressMismatch(rule[side], seen[side], seen) === undefined)
  return isPeer ? 'ports' : side === 'source' ? 'from' : 'to'
}
