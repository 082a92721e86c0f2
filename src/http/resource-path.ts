/** Kubernetes' resource URLs, taken apart; pure. */

/** @property group '' is the core group (`/api/v1`)  @property namespace, name absent where the path has none */
export type ResourcePath = {
  readonly group: string
  readonly version: string
  readonly namespace?: string
  readonly plural: string
  readonly name?: string
}

/**
 * `/apis/GROUP/VERSION[/namespaces/NS]/PLURAL[/NAME]` and `/api/VERSION…`; undefined for anything else.
 * @param path without the query, still percent-encoded
 */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const segments = decodeSegments(path)
  if (segments === undefined) return undefined
  const [root, ...rest] = segments
  if (root === 'api') return parseRest('', rest)
  const [group, ...below] = rest
  return root === 'apis' && group !== undefined ? parseRest(group, below) : undefined
}

function parseRest(group: string, segments: readonly string[]): ResourcePath | undefined {
  const [version, first, second, third, fourth, ...beyond] = segments
  if (version === undefined || first === undefined || beyond.length > 0) return undefined
  if (first === 'namespaces' && second !== undefined && third !== undefined)
    return { group, version, namespace: second, plural: third, ...(fourth !== undefined && { name: fourth }) }
  if (third !== undefined) return undefined
  return { group, version, plural: first, ...(second !== undefined && { name: second }) }
}

/** undefined if a segment is empty or not decodable. */
function decodeSegments(path: string): readonly string[] | undefined {
  try {
    const segments = path.replace(/^\//, '').split('/').map(decodeURIComponent)
    return segments.includes('') ? undefined : segments
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
