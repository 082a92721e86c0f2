/** What becomes of packets once policy has spoken, as far as FelixConfiguration lets one choose (resource reference §6.13). */
export type PolicyActions = {
  /** Where our jumps stand in the kernel's own chains. Appended ones are not asked about what a rule before them has accepted. */
  readonly jumpsAt: 'insert' | 'append'
  /** From a workload to its own host, when its egress policy allows it. */
  readonly toHost: 'drop' | 'return' | 'accept'
  /** Forwarded and allowed: accepted, or left to the rules of others. */
  readonly allowed: 'accept' | 'return'
  readonly denied: 'drop' | 'reject'
}

export const defaultActions: PolicyActions = { jumpsAt: 'insert', toHost: 'drop', allowed: 'accept', denied: 'drop' }
