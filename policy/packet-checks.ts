/** What is asked of packets whatever policies say, as far as FelixConfiguration lets one choose (resource reference §6.13). */
import type { Cidr } from '../src/net/prefix.ts'

export type PacketChecks = {
  /** Whether packets are dropped that conntrack cannot make sense of (`disableConntrackInvalidCheck` is false). */
  readonly dropInvalid: boolean
  /** Whether workloads may send from the `allowSpoofedSourcePrefixes` of their endpoints (`workloadSourceSpoofing` is Any). */
  readonly allowSpoofing: boolean
  readonly serviceLoops: ServiceLoops
}

/**
 * Packets to addresses of services that nobody has sent on to a pod: they would go round between the node and its router.
 * @property services blocks of service addresses  @property action undefined: they go on
 */
export type ServiceLoops = { readonly action: 'drop' | 'reject' | undefined; readonly services: readonly Cidr[] }

export const defaultChecks: PacketChecks = { dropInvalid: true, allowSpoofing: false, serviceLoops: { action: 'drop', services: [] } }
