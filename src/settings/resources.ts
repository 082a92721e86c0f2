/** The stored resources that say how this node works, beside the policy; pure. */
import type { BgpConfiguration } from '../model/bgp-configuration.ts'
import type { BgpFilter } from '../model/bgp-filter.ts'
import type { BgpPeer } from '../model/bgp-peer.ts'
import type { FelixConfiguration } from '../model/felix-configuration.ts'
import type { IpPool } from '../model/ip-pool.ts'
import type { NodeSpec } from '../model/node.ts'
import { groupOf, type Resource } from '../model/resource.ts'
import type { StoredResources } from '../model/stored-resources.ts'

export type NodeResource = Resource<'Node', NodeSpec>

/** Each list in the order of names. */
export type SettingsResources = {
  readonly nodes: readonly NodeResource[]
  readonly bgpConfigurations: readonly BgpConfiguration[]
  readonly bgpPeers: readonly BgpPeer[]
  readonly bgpFilters: readonly BgpFilter[]
  readonly ipPools: readonly IpPool[]
  readonly felixConfigurations: readonly FelixConfiguration[]
}

const group = 'projectcalico.org'
const kinds: ReadonlySet<string> = new Set(['Node', 'BGPConfiguration', 'BGPPeer', 'BGPFilter', 'IPPool', 'FelixConfiguration'])

/** Whether a change of this resource can change the settings. */
export function concernsSettings({ apiVersion, kind }: Resource): boolean {
  return kinds.has(kind) && groupOf(apiVersion) === group
}

export function settingsResources(stored: Pick<StoredResources, 'list'>): SettingsResources {
  // What is stored has passed the checks of its kind.
  const list = <R extends Resource>(kind: R['kind']) => stored.list(group, kind).map(({ resource }) => resource as R)
  return {
    nodes: list<NodeResource>('Node'),
    bgpConfigurations: list<BgpConfiguration>('BGPConfiguration'),
    bgpPeers: list<BgpPeer>('BGPPeer'),
    bgpFilters: list<BgpFilter>('BGPFilter'),
    ipPools: list<IpPool>('IPPool'),
    felixConfigurations: list<FelixConfiguration>('FelixConfiguration'),
  }
}
