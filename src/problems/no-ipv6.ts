/** What is asked for in IPv6 of a node whose kernel has none. There is nothing to police there, so its chains are left out; pure. */
import type { StatusProblem } from '../http/agent-face.ts'
import type { WorkloadEndpoint } from '../model/workload-endpoint.ts'

export function isIpv6(prefix: string): boolean {
  return prefix.includes(':')
}

/** One warning for all of it; none where nobody asked for IPv6. @param endpoints of this node */
export function leftOutIpv6(podCidrs: readonly string[], endpoints: Iterable<WorkloadEndpoint>): readonly StatusProblem[] {
  const workloads = [...endpoints].filter(({ spec }) => spec.ipNetworks?.some(isIpv6))
  const names = workloads.map(({ metadata }) => `workload ${metadata.namespace ?? ''}/${metadata.name}`).toSorted()
  const asked = [...podCidrs.filter(isIpv6).map((cidr) => `pod CIDR ${cidr}`), ...names]
  const [first, ...others] = asked
  if (first === undefined) return []
  const what = others.length === 0 ? first : `${first} and ${others.length} more`
  return [{ severity: 'warning', subject: 'node/ipv6', message: `the kernel has no IPv6 (ipv6.disable=1?): it is left out of ${what}` }]
}
