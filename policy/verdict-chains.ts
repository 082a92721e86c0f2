/** Where policy's verdicts leave a copy for the flow log: one rule for what is allowed, one chain for each way to say no. */
import type { Action, Chain, Rule } from '../felix/kernel.ts'
import type { Family } from '../src/net/address.ts'
import type { Marks } from './marks.ts'
import type { PolicyActions } from './policy-actions.ts'
import { hasBits } from './rule-chains.ts'

/** @property group of nfnetlink_log, 0..65535  @property perSecond copies of each kind at most; packets beyond are judged all the same */
export type FlowLogRules = { readonly group: number; readonly perSecond: number }

/** What a copy says of its packet: the prefix of the rule that made it. */
export const flowPrefixes = {
  allowed: 'tortie allowed',
  allowedToHost: 'tortie allowed to host',
  denied: 'tortie denied',
  rejected: 'tortie rejected',
  spoofed: 'tortie spoofed source',
  invalid: 'tortie invalid',
  unknown: 'tortie unknown interface',
} as const

const deniedChain = 'tort-denied'
const rejectedChain = 'tort-rejected'
const spoofedChain = 'tort-spoofed'
const invalidChain = 'tort-invalid'

/** What a rule does that denies: silently, or with an answer. */
export type DenyActions = { readonly drop: Action; readonly reject: Action }

/** @param flowLog undefined: none is kept, and what is denied goes at once */
export function denyActions(flowLog: FlowLogRules | undefined): DenyActions {
  if (flowLog === undefined) return { drop: { type: 'drop' }, reject: { type: 'reject' } }
  return { drop: { type: 'goto', chain: deniedChain }, reject: { type: 'goto', chain: rejectedChain } }
}

/** What a rule does to a packet that no policy is asked about. @property invalid only in the filter table */
export type CheckDrops = { readonly spoofed: Action; readonly invalid: Action }

export function checkDrops(flowLog: FlowLogRules | undefined): CheckDrops {
  if (flowLog === undefined) return { spoofed: { type: 'drop' }, invalid: { type: 'drop' } }
  return { spoofed: { type: 'goto', chain: spoofedChain }, invalid: { type: 'goto', chain: invalidChain } }
}

/** The end of a dispatch by interface: nobody's policy was found. */
export function unknownRules(flowLog: FlowLogRules | undefined): readonly Rule[] {
  const copies = flowLog === undefined ? [] : [copy(flowLog, flowPrefixes.unknown)]
  return [...copies, { match: [], action: { type: 'drop' }, comment: 'Unknown interface' }]
}

export function verdictChains(families: readonly Family[], flowLog: FlowLogRules | undefined): readonly Chain[] {
  if (flowLog === undefined) return []
  const chain = (family: Family, name: string, prefix: string, action: Action, table: Chain['table'] = 'filter'): Chain => {
    return { family, table, name, rules: [copy(flowLog, prefix), { match: [], action }] }
  }
  return families.flatMap((family) => [
    chain(family, deniedChain, flowPrefixes.denied, { type: 'drop' }),
    chain(family, rejectedChain, flowPrefixes.rejected, { type: 'reject' }),
    chain(family, spoofedChain, flowPrefixes.spoofed, { type: 'drop' }),
    chain(family, spoofedChain, flowPrefixes.spoofed, { type: 'drop' }, 'raw'),
    chain(family, invalidChain, flowPrefixes.invalid, { type: 'drop' }),
  ])
}

/** Last among the rules for what is forwarded: both ends have allowed it. Packets of established connections never come so far. */
export function allowedRules(flowLog: FlowLogRules | undefined, { accept }: Marks): readonly Rule[] {
  if (flowLog === undefined) return []
  const { match, action } = copy(flowLog, flowPrefixes.allowed)
  return [{ match: [hasBits(accept), ...match], action }]
}

/** The end of what workloads send to their host. */
export function toHostRules(flowLog: FlowLogRules | undefined, toHost: PolicyActions['toHost']): readonly Rule[] {
  if (toHost === 'drop') return [{ match: [], action: denyActions(flowLog).drop, comment: 'Drop from workload to host' }]
  const copies = flowLog === undefined ? [] : [copy(flowLog, flowPrefixes.allowedToHost)]
  return [...copies, { match: [], action: { type: toHost } }]
}

function copy({ group, perSecond }: FlowLogRules, prefix: string): Rule {
  return { match: [{ type: 'limit', count: perSecond, per: 'second', burst: perSecond }], action: { type: 'nflog', group, prefix } }
}
