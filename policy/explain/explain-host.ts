/** What the node itself says: to its workloads, beside their policies, and by its host endpoints. */

import type { FailsafePort } from '../host/failsafe.ts'
import type { HostStage } from '../host/host-places.ts'
import type { PolicyActions } from '../policy-actions.ts'
import { protocolNumber } from '../protocol.ts'
import type { AllowedTunnels } from '../workload-tunnels.ts'
import type { FoundHost } from './explain-ends.ts'
import { profilesAllow, tiersDecide, type Walk } from './explain-tiers.ts'
import type { Step } from './explanation.ts'
import type { Flow } from './flow.ts'
import { conditionsOf, inNet } from './rule-conditions.ts'

/** What a workload meets that sends to its node, once its egress has allowed it. undefined: the rules of others decide. */
export function hostStep(toHost: PolicyActions['toHost']): Step | undefined {
  if (toHost === 'return') return undefined
  const subject = 'FelixConfiguration defaultEndpointToHostAction'
  return { direction: 'egress', subject, outcome: toHost === 'accept' ? 'Allow' : 'Deny' }
}

/** Why a packet of a local workload is dropped before any policy: it is a tunnel of its own. */
export function tunnelStep(allowed: AllowedTunnels, { protocol, destinationPort }: Flow): Step | undefined {
  const isIpip = protocol === 4 && !allowed.ipip
  const isVxlan = protocol === 17 && destinationPort === allowed.vxlanPort && !allowed.vxlan
  if (!isIpip && !isVxlan) return undefined
  const field = isIpip ? 'allowIPIPPacketsFromWorkloads' : 'allowVXLANPacketsFromWorkloads'
  return { direction: 'egress', subject: `FelixConfiguration ${field}`, outcome: 'Deny' }
}

/** The host's own traffic meets these, in order; what an earlier one allows the later are not asked about. */
const ownStages: readonly HostStage[] = ['doNotTrack', 'preDNAT', 'normal']

/** What a host endpoint says to what the host sends or is sent. Untracked policies are asked about the first packet, not about its answer. */
export function hostAllows(walk: Walk, { applied, failsafe, tiersAt }: FoundHost): boolean {
  const { direction, steps } = walk
  const open = alwaysOpen(walk, failsafe[direction])
  if (open !== undefined) {
    steps.push({ direction, subject: open, outcome: 'Allow' })
    return true
  }
  for (const stage of ownStages) {
    if (!applied.stages.includes(stage)) return true
    const decided = tiersDecide(walk, tiersAt(stage, direction), stage === 'normal')
    if (decided !== undefined) return decided === 'Allow'
  }
  const profiles = applied.profiles.map(({ name }) => name)
  return profilesAllow(walk, profiles, `HostEndpoint ${applied.name}`)
}

/** Router and neighbour discovery, multicast listener messages. */
const neighbourTypes: ReadonlySet<number> = new Set([130, 131, 132, 133, 134, 135, 136, 143])

function alwaysOpen({ direction, seen }: Walk, ports: readonly FailsafePort[]): string | undefined {
  const { flow, family } = seen
  if (family === 6 && flow.protocol === 58 && neighbourTypes.has(flow.icmpType ?? -1)) return 'Neighbour discovery'
  const away = direction === 'ingress' ? seen.source : seen.destination
  const isOpen = ports.some(({ protocol, port, net }) => {
    if (protocolNumber(protocol) !== flow.protocol || port !== flow.destinationPort) return false
    const { nets } = conditionsOf(net === undefined ? {} : { nets: [net] })
    return nets?.some((one) => inNet(one, away.bytes)) ?? true
  })
  if (!isOpen) return undefined
  return `FelixConfiguration ${direction === 'ingress' ? 'failsafeInboundHostPorts' : 'failsafeOutboundHostPorts'}`
}
