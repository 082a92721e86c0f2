import type { Resource } from '../../src/model/resource.ts'
import type { FailsafePorts } from '../host/failsafe.ts'
import type { AppliedHost } from '../host/host-places.ts'
import type { Policy } from '../policy.ts'
import { resourceKey } from '../resource-key.ts'
import type { FoundHost } from './explain-ends.ts'

export type HostLookup = {
  readonly failsafe: FailsafePorts
  /** By key. */
  readonly resource: (key: string) => Resource | undefined
  /** By the id that tiers have. */
  readonly policyOfId: (id: string) => Policy | undefined
}

/** What explaining needs of a host endpoint that applies; undefined: none does. */
export function foundHost(applied: AppliedHost | undefined, { failsafe, resource: find, policyOfId }: HostLookup): FoundHost | undefined {
  const resource = applied && find(resourceKey({ group: 'projectcalico.org', kind: 'HostEndpoint', namespace: '', name: applied.name }))
  if (applied === undefined || resource === undefined) return undefined
  const tiersAt: FoundHost['tiersAt'] = (stage, direction) =>
    applied.tiers[stage][direction].map(({ name, defaultAction, policies }) => ({
      tier: { name, defaultAction, order: 0 },
      policies: policies.flatMap((id) => policyOfId(id) ?? []),
    }))
  return { resource, applied, failsafe, tiersAt }
}
