/** What a URL of Kubernetes' shape names: one resource, or all of a kind (in one namespace, if given). Pure. */
import type { Kind } from '../model/kind.ts'
import { kindOfPlural } from '../model/kinds.ts'
import type { ResourceRef } from '../model/resource.ts'
import { parseResourcePath } from './resource-path.ts'

export type OneTarget = { readonly type: 'one'; readonly kind: Kind; readonly ref: ResourceRef }
export type ListTarget = { readonly type: 'list'; readonly kind: Kind; readonly namespace: string | undefined }
export type Target = OneTarget | ListTarget

/** @param path without the query, still percent-encoded */
export function findTarget(path: string): Target | undefined {
  const parsed = parseResourcePath(path)
  if (parsed === undefined) return undefined
  const kind = kindOfPlural(parsed.group, parsed.version, parsed.plural)
  if (kind === undefined) return undefined
  const { namespace, name, group } = parsed
  if (namespace !== undefined && !kind.namespaced) return undefined
  if (name === undefined) return { type: 'list', kind, namespace }
  if (kind.namespaced && namespace === undefined) return undefined
  return { type: 'one', kind, ref: { group, kind: kind.kind, namespace: namespace ?? '', name } }
}
