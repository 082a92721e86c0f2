/** Where host endpoints are policed (resource reference §6.3): each place is a chain for each of them that something applies to. */
import type { TableName } from '../../felix/kernel.ts'
import type { AppliedTier, LocalEndpoint } from '../endpoint-chains.ts'
import type { Direction } from '../names.ts'
import type { Policy } from '../policy.ts'

/**
 * When a host endpoint is asked, in the order in which a packet that comes in meets them; then it is either forwarded or the host's own.
 * `normal` and `forward` are open where no policy says otherwise in forwarding, closed in the host's own traffic.
 */
export type HostStage = 'doNotTrack' | 'preDNAT' | 'forward' | 'normal'

export const hostStages: readonly HostStage[] = ['doNotTrack', 'preDNAT', 'forward', 'normal']

/** Those at which the wildcard is asked about the interface of a workload. */
export const wildcardStagesOfWorkloads: readonly HostStage[] = ['preDNAT', 'forward']

export type TiersByDirection = Readonly<Record<Direction, readonly AppliedTier[]>>

/**
 * What applies to traffic through the interfaces of one HostEndpoint, stage by stage: all that rendering and explaining need.
 * @property name of the HostEndpoint
 * @property interfaceName the one it governs here, or `*`: all that no other one governs
 * @property stages those at which it is asked there: the wildcard is not asked about what workloads and their host say to each other
 * @property tiers as of a workload endpoint; those of `normal` are followed by the profiles and then deny, those of `forward` deny only
 * where a tier does, those of `preDNAT` and `doNotTrack` only where a rule does
 */
export type AppliedHost = {
  readonly name: string
  readonly interfaceName: string
  readonly stages: readonly HostStage[]
  readonly tiers: Readonly<Record<HostStage, TiersByDirection>>
  readonly profiles: LocalEndpoint['profiles']
}

/** @property afterDnat of what the host itself sends and a DNAT has changed: only then is the interface known that it leaves by */
export type HostPlace = {
  readonly stage: HostStage
  readonly direction: Direction
  readonly table: TableName
  readonly afterDnat?: true
}

export const hostPlaces: readonly HostPlace[] = [
  { stage: 'doNotTrack', direction: 'ingress', table: 'raw' },
  { stage: 'doNotTrack', direction: 'egress', table: 'raw' },
  { stage: 'preDNAT', direction: 'ingress', table: 'mangle' },
  { stage: 'forward', direction: 'ingress', table: 'filter' },
  { stage: 'forward', direction: 'egress', table: 'filter' },
  { stage: 'normal', direction: 'ingress', table: 'filter' },
  { stage: 'normal', direction: 'egress', table: 'filter' },
  { stage: 'normal', direction: 'egress', table: 'mangle', afterDnat: true },
]

/** Whether the endpoint has anything to say in a place; the host's own traffic it always closes. */
export function isPoliced({ stage, direction }: HostPlace, { tiers }: AppliedHost): boolean {
  return stage === 'normal' || tiers[stage][direction].length > 0
}

/** When a policy is asked of host endpoints. */
export function stagesOf({ stage, applyOnForward }: Policy): readonly HostStage[] {
  if (stage !== undefined) return [stage]
  return applyOnForward === true ? ['forward', 'normal'] : ['normal']
}

/** Where a policy is asked about packets that no DNAT of the host changes. */
export function tableOf({ stage }: Policy): TableName {
  return hostPlaces.find((place) => place.stage === stage)?.table ?? 'filter'
}

/** The tables that need the chains of a policy which selects a host endpoint here, each with the directions. */
export function tablesOf(policy: Policy): ReadonlyMap<TableName, ReadonlySet<Direction>> {
  const stages = stagesOf(policy)
  const places = hostPlaces.filter(({ stage, direction }) => stages.includes(stage) && policy[direction] !== undefined)
  return byTable(places)
}

/** The tables that need the chains of a host endpoint's profile. */
export const profileTables: ReadonlyMap<TableName, ReadonlySet<Direction>> = byTable(hostPlaces.filter(({ stage }) => stage === 'normal'))

function byTable(places: readonly HostPlace[]): ReadonlyMap<TableName, ReadonlySet<Direction>> {
  const tables = [...Map.groupBy(places, ({ table }) => table)]
  return new Map(tables.map(([table, list]) => [table, new Set(list.map(({ direction }) => direction))]))
}
