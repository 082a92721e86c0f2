/** The envelope all resources share (resource reference §6.0.1). */

export type Metadata = {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Server-set. */
  readonly resourceVersion?: string
  readonly uid?: string
  readonly creationTimestamp?: string
  readonly generation?: number
}

/** @property spec undefined of a kind whose content stands beside `metadata` */
export type Resource<Kind extends string = string, Spec = unknown> = {
  readonly apiVersion: string
  readonly kind: Kind
  readonly metadata: Metadata
  readonly spec: Spec
}

/** What names a resource: unique in a store. `namespace` is '' for cluster-scoped kinds. `group` '' is the core group. */
export type ResourceRef = { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string }

/** The API group of an apiVersion, what stands before its "/": '' for the core group, "v1". */
export function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')))
}

/** What names a resource. */
export function refOf({ apiVersion, kind, metadata }: Resource): ResourceRef {
  return { group: groupOf(apiVersion), kind, namespace: metadata.namespace ?? '', name: metadata.name }
}

/** One mistake of the user: RFC 9457 `errors[]` of INTERFACE §3. `path` is a JSON-path-like "spec.ingress[0].source.nets[1]". */
export type Problem = {
  readonly path: string
  readonly reason: string
  readonly value?: unknown
  /** 0-based index of the YAML document or list item. */
  readonly document?: number
  /** 1-based. */
  readonly line?: number
}
