/** From a chain in the kernel back to the policy or profile that it is made of. */
import type { RuleAction } from '../src/model/rule-shape.ts'
import { type Direction, policyChainName, profileChainName } from './names.ts'
import type { Policy } from './policy.ts'
import type { Profile } from './rule-chains.ts'

/**
 * @property kind "NetworkPolicy"; of Kubernetes' own "Kubernetes NetworkPolicy"
 * @property namespace '' where it has none
 * @property actions of the user's rules, by index
 */
export type RuleOrigin = {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly direction: Direction
  readonly actions: ReadonlyMap<number, RuleAction>
}

/** @returns undefined when no rules of theirs are rendered as this chain */
export function originOf(chainName: string, rules: Policy | Profile): RuleOrigin | undefined {
  const direction = (['ingress', 'egress'] as const).find((one) => chainNameOf(rules, one) === chainName)
  if (direction === undefined) return undefined
  const actions = new Map((rules[direction] ?? []).map(({ index, action }) => [index, action]))
  if (!('id' in rules)) return { kind: 'Profile', namespace: '', name: rules.name, direction, actions }
  const { key, namespace, name } = rules
  const kind = key.startsWith('networking.k8s.io ') ? `Kubernetes ${rules.kind}` : rules.kind
  return { kind, namespace, name, direction, actions }
}

function chainNameOf(rules: Policy | Profile, direction: Direction): string {
  return 'id' in rules ? policyChainName(direction, rules.id) : profileChainName(direction, rules.name)
}
