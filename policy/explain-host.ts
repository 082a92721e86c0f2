/** What the node itself says to its workloads, beside their policies. */
import type { Step } from './explanation.ts'
import type { PolicyActions } from './policy-actions.ts'

/** What a workload meets that sends to its node, once its egress has allowed it. undefined: the rules of others decide. */
export function hostStep(toHost: PolicyActions['toHost']): Step | undefined {
  if (toHost === 'return') return undefined
  const subject = 'FelixConfiguration defaultEndpointToHostAction'
  return { direction: 'egress', subject, outcome: toHost === 'accept' ? 'Allow' : 'Deny' }
}
