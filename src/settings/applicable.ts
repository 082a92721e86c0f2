/** Which configurations apply to a node, and how much each weighs (resource reference §6.0.2, §6.13); pure. */
import type { BgpConfiguration, BgpConfigurationSpec } from '../model/bgp-configuration.ts'
import type { FelixConfiguration, FelixConfigurationSpec } from '../model/felix-configuration.ts'
import type { NodeResource } from './resources.ts'
import { selectedBy } from './selected-by.ts'
import type { SettingsProblem } from './settings-problem.ts'

/** `node.NAME`, then `default`. */
export function applicableBgp(configurations: readonly BgpConfiguration[], nodeName: string): readonly BgpConfigurationSpec[] {
  return [`node.${nodeName}`, 'default'].flatMap((wanted) =>
    configurations.filter(({ metadata }) => metadata.name === wanted).map(({ spec }) => spec),
  )
}

export type ApplicableFelix = { readonly specs: readonly FelixConfigurationSpec[]; readonly problems: readonly SettingsProblem[] }

/** `node.NAME`, then the oldest whose `nodeSelector` selects the node, then `default`. @param node undefined: it has no labels */
export function applicableFelix(
  configurations: readonly FelixConfiguration[],
  nodeName: string,
  node: NodeResource | undefined,
): ApplicableFelix {
  const named = (wanted: string) => configurations.filter(({ metadata }) => metadata.name === wanted)
  const selecting = node === undefined ? [] : configurations.filter(({ spec }) => spec.nodeSelector && selectedBy(spec.nodeSelector)(node))
  const [oldest, ...younger] = selecting.toSorted(byAge)
  return {
    specs: [...named(`node.${nodeName}`), ...(oldest === undefined ? [] : [oldest]), ...named('default')].map(({ spec }) => spec),
    problems: younger.map(({ metadata }) => ({
      severity: 'warning',
      subject: `felixconfiguration/${metadata.name}`,
      message: `is not used: ${oldest?.metadata.name} is older and selects this node too`,
    })),
  }
}

function byAge(a: FelixConfiguration, b: FelixConfiguration): number {
  const age = ({ metadata }: FelixConfiguration) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`
  return age(a) < age(b) ? -1 : 1
}
