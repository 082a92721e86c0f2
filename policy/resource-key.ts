import type { ResourceRef } from '../src/model/resource.ts'

/** One text per resource: no part can contain a space. */
export function resourceKey({ group, kind, namespace, name }: ResourceRef): string {
  return [group, kind, namespace, name].join(' ') // one piece of memory: these are kept in many maps
}

/** The order of texts in everything we print or hash: by code unit, never by locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
