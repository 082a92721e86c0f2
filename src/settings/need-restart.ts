import type { EffectiveSettings } from './effective-settings.ts'
import type { NodeAddresses } from './node-addresses.ts'
import type { StatedAddresses } from './own-node.ts'
import type { SettingsProblem } from './settings-problem.ts'

/**
 * What changed and is not taken while running.
 * @param addresses those the node runs with
 * @param stated those that are said now
 */
export function needRestart(
  before: Pick<EffectiveSettings, 'felix'>,
  now: Pick<EffectiveSettings, 'felix'>,
  addresses: NodeAddresses,
  stated: StatedAddresses,
): readonly SettingsProblem[] {
  const felix = (['interfacePrefix', 'iptablesBackend', 'nftablesMode'] as const)
    .filter((field) => before.felix[field] !== now.felix[field])
    .map((field) => needs(`felix/${field}`, before.felix[field], now.felix[field]))
  const node = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const [used, said] = [addresses[family], stated[family]]
    const same = said === undefined || (used?.address === said.address && used.length === said.length)
    return same ? [] : [needs(`node/${family}`, used && `${used.address}/${used.length}`, `${said.address}/${said.length}`)]
  })
  return [...felix, ...node]
}

function needs(subject: string, used: string | undefined, wanted: string): SettingsProblem {
  return { severity: 'warning', subject, message: `${wanted} needs a restart of the agent: until then ${used ?? 'none'} is used` }
}
