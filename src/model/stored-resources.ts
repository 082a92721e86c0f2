import type { Resource, ResourceRef } from './resource.ts'

/** What is stored; every datastore is one. */
export interface StoredResources {
  get(ref: ResourceRef): { readonly resource: Resource } | undefined
  list(group: string, kind: string): readonly { readonly resource: Resource }[]
}
