/** What the node itself says: to its workloads, beside their policies, and by its host endpoints. */

import type { FailsafePort, FailsafePorts } from '../host/failsafe.ts'
import type { HostStage } from '../host/host-places.ts'
import type { Direction } from '../names.ts'
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
    if (stage === 'doNotTrack' && answersFailsafe(walk, failsafe)) continue
    const decided = tiersDecide(walk, tiersAt(stage, direction), stage === 'normal')
    if (decided !== undefined) return decided === 'Allow'
  }
  const profiles = applied.profiles.map(({ name }) => name)
  return profilesAllow(walk, profiles, `HostEndpoint ${applied.name}`)
}

/** What is forwarded meets these where it comes in; the last of them also where it leaves. */
const forwardStages: Readonly<Record<Direction, readonly HostStage[]>> = {
  ingress: ['doNotTrack', 'preDNAT', 'forward'],
  egress: ['forward'],
}

/** @property isForwarded otherwise for the host itself, which a workload sends it to */
export type HostTransit = { readonly found: FoundHost; readonly isForwarded: boolean }

/** The stages at which the host endpoint has something to say to what another one sends through its interface. */
export function transitStages(direction: Direction, { found: { applied, tiersAt }, isForwarded }: HostTransit): readonly HostStage[] {
  return forwardStages[direction].filter(
    (stage) => applied.stages.includes(stage) && (isForwarded || stage !== 'forward') && tiersAt(stage, direction).length > 0,
  )
}

/**
 * What it says to that, stage by stage. What an earlier one allows the later are not asked about, and what none decides is left alone;
 * failsafe ports are open only before it is known that a packet is forwarded.
 */
export function transitAllowed(walk: Walk, transit: HostTransit): boolean {
  const { direction, steps } = walk
  const { failsafe, tiersAt } = transit.found
  const open = alwaysOpen(walk, failsafe[direction])
  let isTold = false
  for (const stage of transitStages(direction, transit)) {
    if (stage !== 'forward' && open !== undefined) {
      if (!isTold) steps.push({ direction, subject: open, outcome: 'Pass' })
      isTold = true
      continue
    }
    if (stage === 'doNotTrack' && answersFailsafe(walk, failsafe)) continue
    const decided = tiersDecide(walk, tiersAt(stage, direction), stage === 'forward')
    if (decided !== undefined) return decided === 'Allow'
  }
  steps.push({ direction, subject: `HostEndpoint ${transit.found.applied.name}`, outcome: 'Allow' })
  return true
}

/** Router and neighbour discovery, multicast listener messages. */
const neighbourTypes: ReadonlySet<number> = new Set([130, 131, 132, 133, 134, 135, 136, 143])

function alwaysOpen(walk: Walk, ports: readonly FailsafePort[]): string | undefined {
  const { direction, seen } = walk
  const { flow, family } = seen
  if (family === 6 && flow.protocol === 58 && neighbourTypes.has(flow.icmpType ?? -1)) return 'Neighbour discovery'
  if (!isOneOf(walk, ports, flow.destinationPort)) return undefined
  return `FelixConfiguration ${direction === 'ingress' ? 'failsafeInboundHostPorts' : 'failsafeOutboundHostPorts'}`
}

/** Whether it may be the answer to what failsafe ports of the other direction let through: before conntrack that cannot be told apart. */
function answersFailsafe(walk: Walk, failsafe: FailsafePorts): boolean {
  return isOneOf(walk, failsafe[walk.direction === 'ingress' ? 'egress' : 'ingress'], walk.seen.flow.sourcePort)
}

function isOneOf({ direction, seen }: Walk, ports: readonly FailsafePort[], asked: number | undefined): boolean {
  const away = direction === 'ingress' ? seen.source : seen.destination
  return ports.some(({ protocol, port, net }) => {
    if (protocolNumber(protocol) !== seen.flow.protocol || port !== asked) return false
    const { nets } = conditionsOf(net === undefined ? {} : { nets: [net] })
    return nets?.some((one) => inNet(one, away.bytes)) ?? true
  })
}
