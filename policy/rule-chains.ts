/** Policies and profiles as chains: pure, one chain per direction and family, shared by all endpoints. */
import type { Action, Chain, Rule as KernelRule, Match, TableName } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'
import { type LogSubject, logPrefix } from './log-prefix.ts'
import type { Marks } from './marks.ts'
import { type Direction, policyChainName, profileChainName } from './names.ts'
import type { Policy, Rule } from './policy.ts'
import type { LogStyle } from './policy-actions.ts'
import { ruleMatches } from './rule-matches.ts'
import type { SetNames } from './sets/set-source.ts'
import { deniedIn } from './table-actions.ts'

export type Profile = { readonly name: string; readonly ingress: readonly Rule[]; readonly egress: readonly Rule[] }

export type RuleContext = {
  readonly families: readonly Family[]
  readonly marks: Marks
  /** What a rule does that denies. */
  readonly denied: Action
  /** The same for one that says how: Reject. */
  readonly rejected: Action
  readonly log: LogStyle
  readonly sets: SetNames
}

/** Where chains are needed. */
export type ChainPlace = { readonly table: TableName; readonly directions: ReadonlySet<Direction> }

export const inFilter: ChainPlace = { table: 'filter', directions: new Set(['ingress', 'egress']) }

export function policyChains(policy: Policy, context: RuleContext, place = inFilter): readonly Chain[] {
  return chains((direction) => policyChainName(direction, policy.id), policy, policy, context, place)
}

export function profileChains(profile: Profile, context: RuleContext, place = inFilter): readonly Chain[] {
  const subject = { tier: '', kind: 'Profile', namespace: '', name: profile.name }
  return chains((direction) => profileChainName(direction, profile.name), subject, profile, context, place)
}

type Rules = { readonly ingress?: readonly Rule[]; readonly egress?: readonly Rule[] }

function chains(
  nameOf: (direction: Direction) => string,
  subject: LogSubject,
  rules: Rules,
  context: RuleContext,
  { table, directions }: ChainPlace,
): readonly Chain[] {
  const owner = [subject.kind.toLowerCase(), ...(subject.namespace === '' ? [] : [subject.namespace]), subject.name].join('/')
  const here = { ...context, denied: deniedIn(table, context.denied), rejected: deniedIn(table, context.rejected) }
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const list = directions.has(direction) ? rules[direction] : undefined
    if (list === undefined) return []
    return context.families.map((family): Chain => {
      const rendered = list.flatMap((rule) =>
        kernelRules(rule, family, here, (index) => logPrefix(context.log.prefix, subject, direction, index)),
      )
      return { family, table, name: nameOf(direction), rules: withoutLastReturn(rendered), owner }
    })
  })
}

/** A chain returns at its end by itself. Behind alternatives the RETURN stays: it counts a packet once that several of them match. */
function withoutLastReturn(rules: readonly KernelRule[]): readonly KernelRule[] {
  const isBehindSeveral = rules.at(-3)?.comment === rules.at(-2)?.comment
  return rules.at(-1)?.action.type === 'return' && !isBehindSeveral ? rules.slice(0, -1) : rules
}

/** Allow and Pass mark and return, so that they are never terminal: the other end's policies are still to come. */
function kernelRules(rule: Rule, family: Family, context: RuleContext, prefixOf: (index: number) => string): readonly KernelRule[] {
  const { marks, denied, rejected, log, sets } = context
  const alternatives = ruleMatches(rule, family, sets)
  if (alternatives.length === 0) return []
  const comment = rule.comment === undefined ? `rule ${rule.index}` : `rule ${rule.index} ${rule.comment}`
  const each = (action: Action, ...last: readonly Match[]) =>
    alternatives.map((match): KernelRule => ({ match: [...match, ...last], action, comment }))
  switch (rule.action) {
    case 'Allow':
      return [...each(setBits(marks.accept)), { match: [hasBits(marks.accept)], action: { type: 'return' } }]
    case 'Pass':
      return [...each(setBits(marks.pass)), { match: [hasBits(marks.pass)], action: { type: 'return' } }]
    case 'Deny':
      return each(denied)
    case 'Reject':
      return each(rejected)
    case 'Log':
      return each({ type: 'log', prefix: prefixOf(rule.index) }, { type: 'limit', ...log.limit })
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
