/** What the speaker does with routes, whoever its peers are: the stored BGPFilters as it takes them (resource reference §6.11.3); pure. */
import type {
  AddressFamily,
  Community,
  FilterOperation,
  FilterRule,
  PrefixAdvertisement,
  PrefixMatch,
  RouteFilter,
  SpeakerPolicy,
} from '../../bgp/peer.ts'
import type { BgpConfigurationSpec } from '../model/bgp-configuration.ts'
import type { BgpFilter, BgpFilterSpec } from '../model/bgp-filter.ts'
import type { Cidr } from '../net/prefix.ts'
import type { SettingsResources } from './resources.ts'

/** @param specs the BGPConfigurations that apply to this node, the one with the most weight first */
export function speakerPolicy({ bgpFilters, ipPools }: SettingsResources, specs: readonly BgpConfigurationSpec[]): SpeakerPolicy {
  const notExported = ipPools.filter(({ spec }) => spec.disableBGPExport).map(({ spec }) => spec.cidr as Cidr)
  const advertisements = specs.find((spec) => spec.prefixAdvertisements !== undefined)
  return {
    filters: bgpFilters.map(routeFilter),
    ...(notExported.length > 0 && { notExported }),
    ...(advertisements !== undefined && { advertisements: prefixAdvertisements(advertisements) }),
  }
}

/** Communities are written as values, or by names that are defined beside them. */
function prefixAdvertisements({ communities = [], prefixAdvertisements = [] }: BgpConfigurationSpec): readonly PrefixAdvertisement[] {
  const named = new Map(communities.map(({ name, value }) => [name, value]))
  return prefixAdvertisements.map(({ cidr, communities: used = [] }) => ({
    cidr: cidr as Cidr,
    communities: used.map((word) => communityValue(named.get(word) ?? word)),
  }))
}

/** The same resource gives the same object, so that what was compiled of it is kept. */
const known = new WeakMap<BgpFilter, RouteFilter>()

function routeFilter(resource: BgpFilter): RouteFilter {
  const filter = known.get(resource) ?? made(resource)
  known.set(resource, filter)
  return filter
}

function made({ metadata, spec }: BgpFilter): RouteFilter {
  const { exportV4 = [], importV4 = [], exportV6 = [], importV6 = [] } = spec
  return { name: metadata.name, import: byFamily(importV4, importV6), export: byFamily(exportV4, exportV6) }
}

type WrittenRule = NonNullable<BgpFilterSpec['importV4']>[number]
type WrittenOperation = NonNullable<WrittenRule['operations']>[number]

function byFamily(v4: readonly WrittenRule[], v6: readonly WrittenRule[]): Readonly<Record<AddressFamily, readonly FilterRule[]>> {
  return { 'ipv4-unicast': v4.map((rule) => filterRule(rule, 32)), 'ipv6-unicast': v6.map((rule) => filterRule(rule, 128)) }
}

function filterRule(rule: WrittenRule, longest: 32 | 128): FilterRule {
  const { communities, asPathPrefix, peerType, source, priority, action, operations } = rule
  const prefix = prefixMatch(rule, longest)
  const community = communities?.values[0]
  return {
    ...(prefix !== undefined && { prefix }),
    ...(community !== undefined && { community: communityValue(community) }),
    ...(asPathPrefix !== undefined && { asPathPrefix }),
    ...(peerType !== undefined && { peerType }),
    ...(rule.interface !== undefined && { interface: rule.interface }),
    ...(source !== undefined && { learned: true }),
    ...(priority !== undefined && { priority }),
    action: action === 'Accept' ? 'accept' : 'reject',
    ...(operations !== undefined && { operations: operations.map(filterOperation) }),
  }
}

const operators = { Equal: 'equal', NotEqual: 'not-equal', In: 'in', NotIn: 'not-in' } as const

function prefixMatch({ cidr, matchOperator, prefixLength = {} }: WrittenRule, longest: 32 | 128): PrefixMatch | undefined {
  if (cidr === undefined || matchOperator === undefined) return undefined
  const length = Number(cidr.slice(cidr.indexOf('/') + 1))
  const { min = length, max = longest } = prefixLength
  return { cidr: cidr as Cidr, operator: operators[matchOperator], minLength: min, maxLength: max }
}

function filterOperation({ addCommunity, prependASPath, setPriority }: WrittenOperation): FilterOperation {
  if (addCommunity !== undefined) return { type: 'add-community', community: communityValue(addCommunity.value) }
  if (prependASPath !== undefined) return { type: 'prepend-as-path', asNumbers: prependASPath.prefix }
  if (setPriority !== undefined) return { type: 'set-priority', priority: setPriority.value }
  throw new Error('an operation that does nothing was taken for a checked one')
}

/** "aa:nn" as one number (RFC 1997), "aa:nn:mm" as three (RFC 8092). */
export function communityValue(text: string): Community {
  const [first = 0, second = 0, third] = text.split(':').map(Number)
  return third === undefined ? first * 65_536 + second : [first, second, third]
}
