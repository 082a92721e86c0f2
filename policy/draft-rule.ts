/** Rules as users of Calico write them, and what all other kinds are made into before their selectors are made whole. */
import type { GlobalPolicySpec } from '../src/model/policy-rule.ts'
import type { EntityRule, PolicyRule } from '../src/model/rule-shape.ts'
import { entitySelectors, nodesTerm } from './effective-selector.ts'
import type { Peer, Policy, Rule } from './policy.ts'
import { compareText } from './resource-key.ts'
import type { Selector } from './selector/selector.ts'

/** nft takes comments of 127 characters, and the rule's number stands before this one. */
const maxComment = 110

/**
 * @property index of the rule in the user's list that this one is a part of; absent where they are the same list
 * @property toNodes the destination is a host whose Node resource this selects
 */
export type DraftRule = PolicyRule & { readonly index?: number; readonly toNodes?: Selector }

/** What the kinds have in common once each is in Calico's terms. */
export type PolicyDraft = Pick<GlobalPolicySpec, 'tier' | 'order' | 'selector' | 'namespaceSelector' | 'serviceAccountSelector' | 'types'> &
  Pick<Policy, 'stage' | 'applyOnForward'> & {
    readonly ingress?: readonly DraftRule[]
    readonly egress?: readonly DraftRule[]
  }

/**
 * Rules of a policy or profile, each with its place in the user's list.
 * @param namespace '' for cluster-scoped ones
 * @throws Error on a selector that does not parse: resources were checked when they were stored
 */
export function resolveRules(rules: readonly DraftRule[] | undefined, namespace: string): readonly Rule[] {
  return (rules ?? []).map((rule, i) => {
    const { metadata, source, destination, toNodes, index = i, ...rest } = rule
    const comment = annotationComment(metadata?.annotations ?? {})
    return {
      index,
      ...rest,
      source: resolvePeer(source ?? {}, namespace),
      destination: { ...resolvePeer(destination ?? {}, namespace), ...(toNodes !== undefined && { selector: nodesTerm(toNodes) }) },
      ...(comment !== '' && { comment }),
    }
  })
}

function resolvePeer(entity: EntityRule, namespace: string): Peer {
  const { nets, notNets, ports, notPorts, services } = entity
  const { positive, negative } = entitySelectors(entity, namespace)
  return {
    ...(hasSome(nets) && { nets }),
    ...(hasSome(notNets) && { notNets }),
    ...(positive !== undefined && { selector: positive }),
    ...(negative !== undefined && { notSelector: negative }),
    ...(services !== undefined && { service: `${services.namespace ?? namespace}/${services.name}` as const }),
    ...(hasSome(ports) && { ports }),
    ...(hasSome(notPorts) && { notPorts }),
  }
}

/** ASCII without quotes, backslashes and control characters: nothing here can end a quoted word of iptables-restore or nft. */
function annotationComment(annotations: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(annotations).toSorted(([a], [b]) => compareText(a, b))
  const text = pairs.map(([key, value]) => `${key}=${value}`).join(' ')
  return text.replaceAll(/[^A-Za-z0-9 _.,:/=@+-]/g, '_').slice(0, maxComment)
}

function hasSome<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0
}
