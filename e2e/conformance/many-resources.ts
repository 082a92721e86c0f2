/** The resources of all scenarios side by side: what a large, contradictory cluster has at once. */
import { parseAllDocuments, stringify } from 'yaml'
import { areas } from './all-scenarios.ts'
import { world } from './world.ts'

export type Document = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: unknown
}

export function documents(yaml: string): readonly Document[] {
  return parseAllDocuments(yaml).flatMap((document) => (document.toJS() as Document | null) ?? [])
}

export function keyOf({ apiVersion, kind, metadata: { name, namespace = '' } }: Document): string {
  return `${apiVersion} ${kind} ${namespace}/${name}`
}

export function toYaml(all: readonly Document[]): string {
  return all.map((document) => `---\n${stringify(document)}`).join('')
}

/** Policies get names of their own, so that none takes another's place; of anything else with one name the first stays. Settings are left out. */
export function manyResources(): readonly Document[] {
  const all = new Map(documents(world).map((document) => [keyOf(document), document]))
  const scenarios = [...areas.values()].flat()
  for (const [index, { resources }] of scenarios.entries()) {
    for (const document of documents(resources)) {
      const { kind, metadata } = document
      if (kind === 'FelixConfiguration') continue
      const own = kind.endsWith('Policy') ? { ...document, metadata: { ...metadata, name: `${metadata.name}-${index}` } } : document
      if (!all.has(keyOf(own))) all.set(keyOf(own), own)
    }
  }
  return [...all.values()]
}
