import type { Match } from '../felix/kernel.ts'

/** What becomes of packets once policy has spoken, as far as FelixConfiguration lets one choose (resource reference §6.13). */
export type PolicyActions = {
  /** Where our jumps stand in the kernel's own chains. Appended ones are not asked about what a rule before them has accepted. */
  readonly jumpsAt: 'insert' | 'append'
  /** From a workload to its own host, when its egress policy allows it. */
  readonly toHost: 'drop' | 'return' | 'accept'
  /** Forwarded and allowed: accepted, or left to the rules of others. */
  readonly allowed: 'accept' | 'return'
  readonly denied: 'drop' | 'reject'
  readonly log: LogStyle
}

/**
 * What rules of action Log write.
 * @property prefix before each line; %t stands for the tier, %k the kind, %n the name, %p namespace/name, %r direction and index of the rule
 * @property limit of each rule for itself
 */
export type LogStyle = { readonly prefix: string; readonly limit: Limit }

export type Limit = Omit<Extract<Match, { type: 'limit' }>, 'type'>

export const defaultLog: LogStyle = { prefix: 'tortie %p %r', limit: { count: 10, per: 'second', burst: 5 } }

export const defaultActions: PolicyActions = { jumpsAt: 'insert', toHost: 'drop', allowed: 'accept', denied: 'drop', log: defaultLog }
