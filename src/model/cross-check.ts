import { hint } from './did-you-mean.ts'
import type { CheckedItem, NamedItem } from './documents.ts'
import { located } from './documents.ts'
import { valueAt } from './path.ts'
import { poolProblems } from './pool-check.ts'
import { type Problem, type Resource, type ResourceRef, refOf } from './resource.ts'
import type { StoredResources } from './stored-resources.ts'
import { builtInTiers } from './tier.ts'

const group = 'projectcalico.org'
const tieredKinds: readonly string[] = ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy']

/** What is wrong with putting these, all at once, given what is stored. */
export function checkPuts(items: readonly CheckedItem[], stored: StoredResources): readonly Problem[] {
  return [...tierProblems(items, stored), ...poolProblems(items, stored)]
}

/** A policy whose tier neither exists nor comes with it. */
function tierProblems(items: readonly CheckedItem[], stored: StoredResources): readonly Problem[] {
  const coming = new Set(items.filter(({ resource }) => isTier(refOf(resource))).map(({ resource }) => resource.metadata.name))
  return items.flatMap((item) => {
    const tier = tierOf(item.resource)
    if (tier === undefined || coming.has(tier) || tierExists(tier, stored)) return []
    const known = [...builtInTiers.keys(), ...coming, ...stored.list(group, 'Tier').map(({ resource }) => resource.metadata.name)]
    return [located({ path: 'spec.tier', reason: `there is no tier of this name${hint(tier, known)}`, value: tier }, item)]
  })
}

/** What is protected (HTTP 423) from deleting these, all at once: what is built in, and tiers in which policies would be left. */
export function checkDeletes(items: readonly NamedItem[], stored: StoredResources): readonly Problem[] {
  const going = new Set(items.map(({ ref }) => keyOf(ref)))
  return items.flatMap((item) => {
    const { kind, name } = item.ref
    const reason = protection(item.ref, going, stored)
    return reason === undefined ? [] : [located({ path: 'metadata.name', reason: `${kind} ${name} ${reason}`, value: name }, item)]
  })
}

function protection(ref: ResourceRef, going: ReadonlySet<string>, stored: StoredResources): string | undefined {
  if (isTier(ref)) return builtInTiers.has(ref.name) ? 'is built in and cannot be deleted' : policiesReason(ref.name, going, stored)
  if (ref.group !== group || ref.kind !== 'Profile') return undefined
  if (ref.name === 'projectcalico-default-allow') return 'is built in and cannot be deleted'
  return /^(kns|ksa)\./.test(ref.name) ? 'follows its namespace or service account and cannot be deleted' : undefined
}

function policiesReason(tier: string, going: ReadonlySet<string>, stored: StoredResources): string | undefined {
  const left = tieredKinds
    .flatMap((kind) => stored.list(group, kind))
    .filter(({ resource }) => tierOf(resource) === tier && !going.has(keyOf(refOf(resource))))
  const [first] = left
  if (first === undefined) return undefined
  const { kind, metadata } = first.resource
  const more = left.length > 1 ? ` and ${left.length - 1} more` : ''
  return `has policies: ${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}${more}`
}

function tierExists(name: string, stored: StoredResources): boolean {
  return builtInTiers.has(name) || stored.get({ group, kind: 'Tier', namespace: '', name }) !== undefined
}

function tierOf(resource: Resource): string | undefined {
  const { group: ofResource, kind } = refOf(resource)
  const tier = ofResource === group && tieredKinds.includes(kind) ? valueAt(resource.spec, ['tier']) : undefined
  return typeof tier === 'string' ? tier : undefined
}

function isTier(ref: ResourceRef): boolean {
  return ref.group === group && ref.kind === 'Tier'
}

function keyOf(ref: ResourceRef): string {
  return JSON.stringify([ref.group, ref.kind, ref.namespace, ref.name])
}
