/** What this node works by: the configuration file, the resources and the defaults, each field from the first that has it (INTERFACE §4); pure. */
import type { PeerConfig, PeerRange, SpeakerPolicy } from '../../bgp/peer.ts'
import { decisionPolicy, peerConfigs, peerRanges } from '../bgp-options.ts'
import type { Config } from '../config.ts'
import { applicableBgp, applicableFelix } from './applicable.ts'
import { type EffectiveBgp, effectiveBgp } from './effective-bgp.ts'
import { type EffectiveFelix, effectiveFelix } from './effective-felix.ts'
import { effectivePeers } from './effective-peers.ts'
import type { NodeAddresses } from './node-addresses.ts'
import { type Originated, servicePrefixes } from './originated-prefixes.ts'
import { ownNode } from './own-node.ts'
import { missingFilters } from './peer-routes.ts'
import type { SettingsResources } from './resources.ts'
import type { SettingsProblem } from './settings-problem.ts'
import { speakerPolicy } from './speaker-policy.ts'

/**
 * The configuration file as read. @property passwords what was read from `passwordFile`, by the name of the peer or range
 * @property secrets what is below `bgp.secretsPath`, by "SECRET/KEY"
 */
export type Settings = {
  readonly config: Config
  readonly passwords: ReadonlyMap<string, string>
  readonly secrets?: ReadonlyMap<string, string>
}

export type EffectiveSettings = {
  readonly felix: EffectiveFelix
  readonly bgp: EffectiveBgp
  readonly peers: readonly PeerConfig[]
  readonly ranges: readonly PeerRange[]
  readonly policy: SpeakerPolicy
  readonly originated: Originated
  readonly problems: readonly SettingsProblem[]
}

export function effectiveSettings(
  { config, passwords, secrets = new Map() }: Settings,
  { name, addresses }: { readonly name: string; readonly addresses: NodeAddresses },
  resources: SettingsResources,
): EffectiveSettings {
  const { nodes, bgpConfigurations, felixConfigurations } = resources
  const node = ownNode(nodes, name)
  const felix = applicableFelix(felixConfigurations, name, node)
  const specs = applicableBgp(bgpConfigurations, name)
  const bgp = effectiveBgp(config, node, specs, addresses)
  const configured = peerConfigs(config, addresses, passwords, bgp.asNumber)
  const context = { bgp: config.bgp, bgpConfigurations, nodeName: name, own: bgp, addresses, resources, secrets }
  const { peers, problems } = effectivePeers(configured, context)
  return {
    felix: effectiveFelix(config, felix.specs),
    bgp,
    peers,
    ranges: peerRanges(config, addresses, passwords, bgp.asNumber),
    originated: { aggregates: config.bgp.aggregates, services: servicePrefixes(specs) },
    policy: { ...speakerPolicy(resources, specs), ...decisionPolicy(config) },
    problems: [...felix.problems, ...problems, ...missingFilters(peers, resources)],
  }
}
