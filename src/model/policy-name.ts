import type { NameRule } from './metadata.ts'
import { isDnsLabel, isDnsSubdomain } from './scalars.ts'

/** Names of policies (resource reference §6.0.2): a label, or two joined by a dot. */
export const globalPolicyName: NameRule = { matches: isOneOrTwoLabels, expected: 'a DNS-1123 label, or two joined by a dot' }

/** As for global policies; converted policies keep the prefixes their converters gave them. */
export const policyName: NameRule = {
  matches: (name) => isOneOrTwoLabels(name) || isConverted(name),
  expected: `${globalPolicyName.expected}, or "knp.default." or "ossg.default." and a DNS-1123 subdomain`,
}

function isOneOrTwoLabels(name: string): boolean {
  const labels = name.split('.')
  return labels.length <= 2 && labels.every(isDnsLabel)
}

function isConverted(name: string): boolean {
  const rest = /^(?:knp|ossg)\.default\.(.+)$/.exec(name)?.[1]
  return rest !== undefined && isDnsSubdomain(name)
}
