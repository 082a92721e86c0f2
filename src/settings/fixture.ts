/** Configuration and resources for tests: valid, whatever the test says of them. */
import { type Config, loadConfig } from '../config.ts'
import type { BgpConfigurationSpec } from '../model/bgp-configuration.ts'
import type { BgpFilterSpec } from '../model/bgp-filter.ts'
import type { BgpPeerSpec } from '../model/bgp-peer.ts'
import type { FelixConfigurationSpec } from '../model/felix-configuration.ts'
import type { IpPoolSpec } from '../model/ip-pool.ts'
import type { NodeSpec } from '../model/node.ts'
import type { Resource } from '../model/resource.ts'
import { calico, stored } from '../model/sample-resources.ts'
import { type InterfaceAddress, parseInterfaceAddress } from '../net/prefix.ts'
import type { SettingsResources } from './resources.ts'

export function config(text = ''): Config {
  const { config, problems } = loadConfig(text, 'tortie.yaml', {})
  if (config === undefined) throw new Error(JSON.stringify(problems))
  return config
}

export function interfaceAddress(text: string): InterfaceAddress {
  const address = parseInterfaceAddress(text)
  if (address === undefined) throw new Error(text)
  return address
}

/** This node in all tests. */
export const here = { name: 'node-a', addresses: { ipv4: interfaceAddress('10.99.0.1/24') } }

type Written = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Resources by name as they are written; each is checked as one that is posted. */
export function resources(written: {
  nodes?: Written
  bgp?: Written
  peers?: Written
  filters?: Written
  pools?: Written
  felix?: Written
}): SettingsResources {
  return {
    nodes: list<NodeSpec, 'Node'>('Node', written.nodes),
    bgpConfigurations: list<BgpConfigurationSpec, 'BGPConfiguration'>('BGPConfiguration', written.bgp),
    bgpPeers: list<BgpPeerSpec, 'BGPPeer'>('BGPPeer', written.peers),
    bgpFilters: list<BgpFilterSpec, 'BGPFilter'>('BGPFilter', written.filters),
    ipPools: list<IpPoolSpec, 'IPPool'>('IPPool', written.pools),
    felixConfigurations: list<FelixConfigurationSpec, 'FelixConfiguration'>('FelixConfiguration', written.felix),
  }
}

/** @param spec with `labels` and `creationTimestamp` beside its own fields, for the metadata */
function list<Spec, Kind extends string>(kind: Kind, written: Written = {}): readonly Resource<Kind, Spec>[] {
  return Object.entries(written).map(([name, { labels, creationTimestamp, ...spec }]) => {
    const resource = stored(calico(kind, spec, { name, ...(labels !== undefined && { labels }) })) as Resource<Kind, Spec>
    if (typeof creationTimestamp !== 'string') return resource
    return { ...resource, metadata: { ...resource.metadata, creationTimestamp } }
  })
}

/** A Node with an address in 10.99.0.0/24. */
export function nodeAt(host: number, more: object = {}) {
  return { bgp: { ipv4Address: `10.99.0.${host}/24`, ...more } }
}
