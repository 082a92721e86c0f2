import type { KubernetesNetworkPolicySpec } from '../src/model/kubernetes-network-policy.ts'
import type { EntityRule, GlobalPolicySpec, PolicyRule, PolicySpec, PortSpec, RuleAction } from '../src/model/policy-rule.ts'
import { groupOf, type Resource, refOf } from '../src/model/resource.ts'
import type { Family } from '../src/net/address.ts'
import { entitySelectors, type SelectorTerm, subjectSelector } from './effective-selector.ts'
import { policyFromK8s } from './k8s-network-policy.ts'
import { compareText, resourceKey } from './resource-key.ts'

/** One end of a rule with its selectors made whole (§6.1.2). Absent fields demand nothing. */
export type Peer = {
  readonly nets?: readonly string[]
  readonly notNets?: readonly string[]
  readonly selector?: SelectorTerm
  readonly notSelector?: SelectorTerm
  readonly ports?: readonly PortSpec[]
  readonly notPorts?: readonly PortSpec[]
}

type Icmp = { readonly type?: number; readonly code?: number }

export type Rule = {
  readonly action: RuleAction
  readonly ipVersion?: Family
  readonly protocol?: string | number
  readonly notProtocol?: string | number
  readonly icmp?: Icmp
  readonly notICMP?: Icmp
  readonly source: Peer
  readonly destination: Peer
  /** Made of the rule's annotations. */
  readonly comment?: string
}

/**
 * A policy of any kind in the one form that is rendered.
 * @property id names it in chain names: kinds never clash ("gnp/web", "np/shop/web", "knp/shop/web")
 * @property order Infinity when the user gave none: last
 * @property ingress undefined when the policy does not apply in that direction; [] when it applies and nothing matches
 */
export type Policy = {
  readonly key: string
  readonly id: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly tier: string
  readonly order: number
  readonly subject: SelectorTerm
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

/**
 * The policy a resource stands for. undefined: no policy, or one that only concerns host endpoints (doNotTrack, preDNAT).
 * @throws Error on a selector that does not parse: resources were checked when they were stored
 */
export function policyOf(resource: Resource): Policy | undefined {
  const group = groupOf(resource.apiVersion)
  const { kind, metadata } = resource
  if (group === 'networking.k8s.io' && kind === 'NetworkPolicy')
    return build(resource, 'knp', policyFromK8s(resource.spec as KubernetesNetworkPolicySpec))
  if (group !== 'projectcalico.org') return undefined
  if (kind === 'NetworkPolicy') return build(resource, 'np', resource.spec as PolicySpec)
  if (kind !== 'GlobalNetworkPolicy') return undefined
  const spec = resource.spec as GlobalPolicySpec
  if (spec.doNotTrack === true || spec.preDNAT === true) return undefined
  return build({ ...resource, metadata: { ...metadata, namespace: '' } }, 'gnp', spec)
}

/** Rules of a policy or profile. @param namespace '' for cluster-scoped ones. @throws Error as `policyOf` */
export function resolveRules(rules: readonly PolicyRule[] | undefined, namespace: string): readonly Rule[] {
  return (rules ?? []).map((rule) => {
    const { metadata, source, destination, ...rest } = rule
    const comment = annotationComment(metadata?.annotations ?? {})
    return {
      ...rest,
      source: resolvePeer(source ?? {}, namespace),
      destination: resolvePeer(destination ?? {}, namespace),
      ...(comment !== '' && { comment }),
    }
  })
}

/** Order of policies in a tier (§6.2.1): order, name, then namespace and kind. */
export function comparePolicies(a: Policy, b: Policy): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1
  return compareText(a.name, b.name) || compareText(a.namespace, b.namespace) || compareText(a.id, b.id)
}

function build(resource: Resource, prefix: string, spec: PolicySpec): Policy {
  const { name, namespace = '' } = resource.metadata
  const ref = refOf(resource)
  try {
    return {
      key: resourceKey({ ...ref, namespace }),
      id: [prefix, ...(namespace === '' ? [] : [namespace]), name].join('/'),
      kind: resource.kind,
      namespace,
      name,
      tier: spec.tier,
      order: spec.order ?? Number.POSITIVE_INFINITY,
      subject: subjectSelector(spec, namespace),
      ...(spec.types.includes('Ingress') && { ingress: resolveRules(spec.ingress, namespace) }),
      ...(spec.types.includes('Egress') && { egress: resolveRules(spec.egress, namespace) }),
    }
  } catch (cause) {
    throw new Error(`${resource.kind} ${namespace}/${name} cannot be compiled`, { cause })
  }
}

function resolvePeer(entity: EntityRule, namespace: string): Peer {
  const { nets, notNets, ports, notPorts } = entity
  const { positive, negative } = entitySelectors(entity, namespace)
  return {
    ...(hasSome(nets) && { nets }),
    ...(hasSome(notNets) && { notNets }),
    ...(positive !== undefined && { selector: positive }),
    ...(negative !== undefined && { notSelector: negative }),
    ...(hasSome(ports) && { ports }),
    ...(hasSome(notPorts) && { notPorts }),
  }
}

function annotationComment(annotations: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(annotations).toSorted(([a], [b]) => compareText(a, b))
  const text = pairs.map(([key, value]) => `${key}=${value}`).join(' ')
  return text.replaceAll(/[^A-Za-z0-9 _.,:/=@+-]/g, '_').slice(0, 180)
}

function hasSome<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0
}
