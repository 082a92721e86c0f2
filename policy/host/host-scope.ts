/** What applies to the interfaces of a node, from what somebody knows of its host endpoints: as they are, or as they would be. */
import { appliedTiers } from '../applied-tiers.ts'
import { anyInterface, type Direction, loopback } from '../names.ts'
import type { Policy } from '../policy.ts'
import type { Tier } from '../tiers.ts'
import type { HostAssignment, HostCandidate, InterfaceAddresses } from './host-interfaces.ts'
import { type AppliedHost, type HostStage, hostStages, stagesOf, type TiersByDirection, wildcardStagesOfWorkloads } from './host-places.ts'

/** A HostEndpoint of this node. */
export type Host = HostCandidate & { readonly profiles: readonly string[] }

/** @property interfacePrefix what the names of workload interfaces begin with */
export type HostScope = {
  readonly interfacePrefix: string
  readonly addresses: InterfaceAddresses
  readonly governs: HostAssignment['governs']
  /** By resource key. */
  host(key: string): Host | undefined
  /** Those that select the host endpoint, in order. */
  policiesOf(key: string): readonly Policy[]
  tier(name: string): Tier
  hasProfile(name: string): boolean
}

/** What applies, by the interfaces that are governed; empty: no host endpoint is in force here. */
export function appliedHosts(scope: HostScope): readonly AppliedHost[] {
  return [...scope.governs].map(([interfaceName, key]) => appliedTo(scope, interfaceName, key, hostStages))
}

/** What applies to traffic through an interface; undefined: nothing does. */
export function appliedOn(scope: HostScope, interfaceName: string): AppliedHost | undefined {
  const own = scope.governs.get(interfaceName)
  if (own !== undefined) return appliedTo(scope, interfaceName, own, hostStages)
  const wildcard = scope.governs.get(anyInterface)
  if (wildcard === undefined || interfaceName === loopback) return undefined
  const isWorkload = interfaceName.startsWith(scope.interfacePrefix)
  return appliedTo(scope, interfaceName, wildcard, isWorkload ? wildcardStagesOfWorkloads : hostStages)
}

/** What applies to the interface that has an address of this node; undefined: nothing does. */
export function appliedAt(scope: HostScope, address: string): AppliedHost | undefined {
  const [interfaceName] = [...scope.addresses].find(([, own]) => own.has(address)) ?? []
  return interfaceName === undefined ? undefined : appliedOn(scope, interfaceName)
}

function appliedTo(scope: HostScope, interfaceName: string, key: string, stages: readonly HostStage[]): AppliedHost {
  const { name = '', profiles = [] } = scope.host(key) ?? {}
  const policies = scope.policiesOf(key)
  const tiers = (stage: HostStage) =>
    tiersOf(
      scope,
      policies.filter((policy) => stagesOf(policy).includes(stage)),
    )
  return {
    name,
    interfaceName,
    stages,
    tiers: { doNotTrack: tiers('doNotTrack'), preDNAT: tiers('preDNAT'), forward: tiers('forward'), normal: tiers('normal') },
    profiles: profiles.map((one) => ({ name: one, known: scope.hasProfile(one) })),
  }
}

function tiersOf(scope: HostScope, policies: readonly Policy[]): TiersByDirection {
  const ofDirection = (direction: Direction) => appliedTiers(policies, direction, (name) => scope.tier(name))
  return { ingress: ofDirection('ingress'), egress: ofDirection('egress') }
}
