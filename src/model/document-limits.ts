/** What is read at most. A text beyond `maxBytes` or nested deeper than `maxDepth` is refused before it is parsed. */
export type DocumentLimits = {
  /** Of UTF-8. */
  readonly maxBytes: number
  readonly maxDepth: number
  /** Of YAML: words, marks and spaces, each of which costs far more memory than it is long. */
  readonly maxTokens: number
  /** Resources in all documents and lists together. */
  readonly maxItems: number
  /** Of one resource, in characters of JSON; etcd takes no more than 1.5 MiB either. */
  readonly maxItemLength: number
}

export type DocumentFormat = 'yaml' | 'json'

const shared = { maxDepth: 64, maxTokens: 1_000_000, maxItems: 10_000, maxItemLength: 1.5 * 1024 * 1024 }

/** YAML costs about a second of one core and 300 MB of memory per MB: hence less of it than of JSON. */
export const documentLimits: Readonly<Record<DocumentFormat, DocumentLimits>> = {
  yaml: { ...shared, maxBytes: 2 * 1024 * 1024 },
  json: { ...shared, maxBytes: 8 * 1024 * 1024 },
}
