/** Everything that is stored, as one would write it. */
import type { Server } from './client.ts'
import { ask } from './command.ts'
import { refused } from './failure.ts'
import { kindNames, resourcePath } from './kind-names.ts'

export type StoredResource = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly [member: string]: unknown
}

type List = { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly StoredResource[] }

/** @property revision of the store at which all of them were there together */
export type Snapshot = { readonly revision: string; readonly resources: readonly StoredResource[] }

/** A store that changes between two of the lists is read again, so often. */
const attempts = 10

/**
 * In the order of the kinds, then of namespaces and names.
 * @throws CliFailure if no agent answers, or it is never still
 */
export async function readAllResources(server: Server): Promise<Snapshot> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const lists = await Promise.all(kindNames.map((kind) => ask(server, { method: 'GET', path: resourcePath(kind) }) as Promise<List>))
    const [revision = '0', ...others] = new Set(lists.map(({ metadata }) => metadata.resourceVersion))
    if (others.length === 0) return { revision, resources: lists.flatMap(({ items }) => items) }
  }
  throw refused(`the store changed during each of ${attempts} attempts to read it whole: try again when less is written`)
}

/** Without what the store itself writes, so that another store can take it. */
export function asWritten({ metadata, ...rest }: StoredResource): object {
  const { name, namespace, labels, annotations } = metadata
  const { apiVersion, kind, ...members } = rest
  return { apiVersion, kind, metadata: { name, namespace, labels, annotations }, ...members }
}
