/**
 * What bounds the keeping of policy in the kernel.
 *
 * @property ipSetMembers how many members an IP set may have, from 1
 * @property ipSetsCheckMs how often all members are read, whatever their number says
 * @property rulesCheckMs the same for rules
 */
export type PolicyLimits = { readonly ipSetMembers: number; readonly ipSetsCheckMs: number; readonly rulesCheckMs: number }

/** The kernel's own default of 65,536 members is less than a big cluster has pods. */
export const defaultLimits: PolicyLimits = { ipSetMembers: 1_048_576, ipSetsCheckMs: 90_000, rulesCheckMs: 90_000 }
