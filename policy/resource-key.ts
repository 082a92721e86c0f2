import type { Resource, ResourceRef } from '../src/model/resource.ts'

/** The API group of an apiVersion; '' is the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  return slash === -1 ? '' : apiVersion.slice(0, slash)
}

export function refOf({ apiVersion, kind, metadata }: Resource): ResourceRef {
  return { group: groupOf(apiVersion), kind, namespace: metadata.namespace ?? '', name: metadata.name }
}

/** One text per resource: no part can contain a space. */
export function resourceKey({ group, kind, namespace, name }: ResourceRef): string {
  return `${group} ${kind} ${namespace} ${name}`
}

/** The order of texts in everything we print or hash: by code unit, never by locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
