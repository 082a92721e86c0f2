/** From the selector fields of a policy to the one selector that says whom it means (resource reference §6.1.2). */
import type { PolicySpec } from '../src/model/policy-rule.ts'
import type { EntityRule } from '../src/model/rule-shape.ts'
import { canonical } from './selector/canonical.ts'
import { and, withLabelPrefix } from './selector/combine.ts'
import { matches } from './selector/evaluate.ts'
import { parseSelector } from './selector/parse.ts'
import { type Selector, sortedValues } from './selector/selector.ts'

/** A selector with its canonical text, which is its identity: equal texts share one IP set. */
export type SelectorTerm = { readonly text: string; readonly selector: Selector }

export const namespaceLabel = 'projectcalico.org/namespace'
export const serviceAccountLabel = 'projectcalico.org/serviceaccount'
export const orchestratorLabel = 'projectcalico.org/orchestrator'

/** A Node has this label, and its own ones behind it as a prefix: with a space, which no label of a resource has. */
export const nodeMark = 'node '

const unlabelled = new Map<string, string>()

export type EntitySelectors = { readonly positive?: SelectorTerm; readonly negative?: SelectorTerm }

/**
 * What an entity of a rule demands of the other end. Neither part: any address, also unknown ones.
 * @param namespace of the policy; '' for cluster-scoped policies and profiles
 * @throws Error on a selector that does not parse: resources were checked when they were stored
 */
export function entitySelectors(entity: EntityRule, namespace: string): EntitySelectors {
  const positive = positiveSelector(entity, namespace)
  return {
    ...(positive !== undefined && { positive: term(positive) }),
    ...(isSet(entity.notSelector) && { negative: term(parse(entity.notSelector)) }),
  }
}

type Subject = Pick<PolicySpec, 'selector' | 'serviceAccountSelector'> & { readonly namespaceSelector?: string }

/** Which workload endpoints a policy is about. @throws Error as `entitySelectors` */
export function subjectSelector(spec: Subject, namespace: string): SelectorTerm {
  const parts: Selector[] = []
  if (namespace !== '') parts.push({ type: 'equal', label: namespaceLabel, value: namespace })
  else if (isSet(spec.namespaceSelector)) parts.push(namespacePart(spec.namespaceSelector))
  if (isSet(spec.serviceAccountSelector)) parts.push(serviceAccountPart(spec.serviceAccountSelector))
  return term(and(...parts, parse(spec.selector ?? '')))
}

function positiveSelector(entity: EntityRule, namespace: string): Selector | undefined {
  const { selector, notSelector, namespaceSelector, serviceAccounts } = entity
  const names = serviceAccounts?.names ?? []
  const parts: Selector[] = []
  if (isSet(namespaceSelector)) parts.push(namespacePart(namespaceSelector))
  if (names.length > 0) parts.push({ type: 'in', label: serviceAccountLabel, values: sortedValues(names.filter(isOfAccount)) })
  if (isSet(serviceAccounts?.selector)) parts.push(serviceAccountPart(serviceAccounts.selector))
  if (isSet(selector)) parts.push(parse(selector))
  const restricted = parts.length > 0 || isSet(notSelector)
  if (namespace !== '' && restricted && !isSet(namespaceSelector)) parts.unshift({ type: 'equal', label: namespaceLabel, value: namespace })
  return parts.length === 0 ? undefined : and(...parts)
}

function namespacePart(text: string): Selector {
  const selector = parse(text)
  const namespaced: Selector = { type: 'has', label: namespaceLabel }
  if (selector.type === 'all') return namespaced
  if (selector.type === 'global') return { type: 'not', operand: namespaced }
  return withLabelPrefix(selector, 'pcns.')
}

function serviceAccountPart(text: string): Selector {
  return withLabelPrefix(parse(text), 'pcsa.')
}

/** The hosts whose Node resource carries these labels (§6.16). The text is that of no other selector. */
export function nodesTerm(selector: Selector): SelectorTerm {
  return { text: `nodes: ${canonical(selector)}`, selector: and({ type: 'has', label: nodeMark }, withLabelPrefix(selector, nodeMark)) }
}

/** Nodes stand among endpoints and network sets and are meant by `nodesTerm` only: what would mean them by lacking labels is told not to. */
function term(selector: Selector): SelectorTerm {
  const noNode: Selector = { type: 'not', operand: { type: 'has', label: nodeMark } }
  return { text: canonical(selector), selector: matches(selector, unlabelled) ? and(noNode, selector) : selector }
}

function parse(text: string): Selector {
  const selector = parseSelector(text)
  if (selector.type === 'error') throw new Error(`selector ${JSON.stringify(text)}: ${selector.message}`)
  return selector
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== ''
}

/** What the model takes is; a store may hold others from before it asked. Nobody has those, and no selector can say one with both quotes. */
function isOfAccount(name: string): boolean {
  return !/['"]/.test(name)
}
