/** Policies and profiles as chains: pure, one chain per direction and family, shared by all endpoints. */
import type { Action, Chain, Rule as KernelRule, Match } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'
import type { Marks } from './marks.ts'
import { type Direction, policyChainName, profileChainName } from './names.ts'
import type { Policy, Rule } from './policy.ts'
import { ruleMatches } from './rule-matches.ts'
import { type SetNames, type SetSource, setKey } from './set-source.ts'

export type Profile = { readonly name: string; readonly ingress: readonly Rule[]; readonly egress: readonly Rule[] }

export type RuleContext = {
  readonly families: readonly Family[]
  readonly marks: Marks
  /** What a rule does that denies. */
  readonly denied: Action
  readonly sets: SetNames
}

export function policyChains(policy: Policy, context: RuleContext): readonly Chain[] {
  return chains((direction) => policyChainName(direction, policy.id), policy, context)
}

export function profileChains(profile: Profile, context: RuleContext): readonly Chain[] {
  return chains((direction) => profileChainName(direction, profile.name), profile, context)
}

type Rules = { readonly ingress?: readonly Rule[]; readonly egress?: readonly Rule[] }

/** The sets that the rules name, each once. */
export function setsOf(rules: Rules, families: readonly Family[]): readonly SetSource[] {
  const sources = new Map<string, SetSource>()
  const note: SetNames = (source) => {
    const key = setKey(source)
    sources.set(key, source)
    return key
  }
  for (const rule of [...(rules.ingress ?? []), ...(rules.egress ?? [])]) for (const family of families) ruleMatches(rule, family, note)
  return [...sources.values()]
}

function chains(nameOf: (direction: Direction) => string, rules: Rules, context: RuleContext): readonly Chain[] {
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const list = rules[direction]
    if (list === undefined) return []
    return context.families.map((family): Chain => {
      const rendered = list.flatMap((rule) => kernelRules(rule, family, context))
      return { family, table: 'filter', name: nameOf(direction), rules: rendered }
    })
  })
}

/** Allow and Pass mark and return, so that they are never terminal: the other end's policies are still to come. */
function kernelRules(rule: Rule, family: Family, { marks, denied, sets }: RuleContext): readonly KernelRule[] {
  const alternatives = ruleMatches(rule, family, sets)
  if (alternatives.length === 0) return []
  const comment = rule.comment === undefined ? {} : { comment: rule.comment }
  const each = (action: Action) => alternatives.map((match): KernelRule => ({ match, action, ...comment }))
  switch (rule.action) {
    case 'Allow':
      return [...each(setBits(marks.accept)), { match: [hasBits(marks.accept)], action: { type: 'return' } }]
    case 'Pass':
      return [...each(setBits(marks.pass)), { match: [hasBits(marks.pass)], action: { type: 'return' } }]
    case 'Deny':
      return each(denied)
    case 'Log':
      return each({ type: 'log', prefix: 'tortie-packet: ' })
  }
}

export function setBits(bits: number): Action {
  return { type: 'set-mark', value: bits, mask: bits }
}

export function clearBits(bits: number): Action {
  return { type: 'set-mark', value: 0, mask: bits }
}

export function hasBits(bits: number): Match {
  return { type: 'mark', value: bits, mask: bits }
}

export function lacksBits(bits: number): Match {
  return { type: 'mark', value: 0, mask: bits }
}
