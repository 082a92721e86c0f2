/** The mistakes of resource reference §6.17.3 and others, as users make them: in YAML, answered with document, line, path and reason. */
import { checkPuts } from './cross-check.ts'
import { checkDocuments, readDocuments } from './documents.ts'
import type { Problem, Resource, ResourceRef } from './resource.ts'
import { refOf } from './resource.ts'
import { context } from './sample-resources.ts'
import type { StoredResources } from './stored-resources.ts'

/** @param spec YAML whose lines become the lines from 5 on */
export function yaml(kind: string, spec: string, apiVersion = 'projectcalico.org/v3', metadata = '{ name: a }'): string {
  const indented = spec
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\nspec:\n${indented}\n`
}

/** A GlobalNetworkPolicy with one ingress rule, whose fields stand on the lines from 6 on. */
export function rule(fields: string): string {
  const [first, ...rest] = fields.trim().split('\n')
  return yaml('GlobalNetworkPolicy', `ingress:\n- ${first}\n${rest.map((line) => `  ${line}`).join('\n')}`)
}

export function kubernetes(spec: string): string {
  return yaml('NetworkPolicy', spec, 'networking.k8s.io/v1')
}

/** "document:line path: reason" of each problem; [] when all of it is taken. @param before YAML of what is stored already */
export function refusals(text: string, before = ''): readonly string[] {
  const stored = before === '' ? [] : checked(before)
  const read = readDocuments(text, 'yaml')
  if (read.problems !== undefined) return read.problems.map(line)
  const result = checkDocuments(read.items, context)
  return (result.problems ?? checkPuts(result.items, storeOf(stored))).map(line)
}

/** @throws Error when it is refused */
function checked(text: string): readonly Resource[] {
  const { items } = readDocuments(text, 'yaml')
  const result = checkDocuments(items ?? [], context)
  if (result.problems !== undefined) throw new Error(result.problems.map(line).join('\n'))
  return result.items.map(({ resource }) => resource)
}

function storeOf(resources: readonly Resource[]): StoredResources {
  const key = (ref: ResourceRef) => JSON.stringify(Object.values(ref))
  return {
    get: (ref) => resources.map((resource) => ({ resource })).find(({ resource }) => key(refOf(resource)) === key(ref)),
    list: (group, kind) => resources.filter((one) => refOf(one).group === group && one.kind === kind).map((resource) => ({ resource })),
  }
}

function line({ document = 0, line = 0, path, reason }: Problem): string {
  return `${document}:${line} ${path}: ${reason}`
}
