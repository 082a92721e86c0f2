/** One step into a document: a field name or a 0-based index. */
export type PathSegment = string | number

const plainField = /^[A-Za-z_][\w-]*$/

/** "spec.ingress[0].source" of segments; a name that could be misread is quoted as in JSON: `metadata.labels["app.kubernetes.io/name"]`. */
export function formatPath(segments: readonly PathSegment[]): string {
  return segments.map(formatSegment).join('').replace(/^\./, '')
}

/** The segments of a path that `formatPath` made; undefined for any other text. */
export function parsePath(path: string): readonly PathSegment[] | undefined {
  const segments: PathSegment[] = []
  const pattern = /\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path)
    if (match === null) return undefined
    const [, field, index, quoted] = match
    const segment = quoted === undefined ? (field ?? Number(index)) : unquote(quoted)
    if (segment === undefined) return undefined
    segments.push(segment)
  }
  return formatPath(segments) === path ? segments : undefined
}

/** A path below another, either of them possibly empty. */
export function joinPath(base: string, rest: string): string {
  return base === '' || rest === '' || rest.startsWith('[') ? base + rest : `${base}.${rest}`
}

/** What a document holds at a path; undefined where it leads nowhere. Only own properties count. */
export function valueAt(value: unknown, segments: readonly PathSegment[]): unknown {
  let at = value
  for (const segment of segments) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, segment)) return undefined
    at = (at as Record<PathSegment, unknown>)[segment]
  }
  return at
}

function formatSegment(segment: PathSegment): string {
  if (typeof segment === 'number') return `[${segment}]`
  return plainField.test(segment) ? `.${segment}` : `[${JSON.stringify(segment)}]`
}

function unquote(quoted: string): string | undefined {
  try {
    return String(JSON.parse(quoted))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
