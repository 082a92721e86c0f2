import { matches } from '../../policy/selector/evaluate.ts'
import { parseSelector } from '../../policy/selector/parse.ts'
import type { Resource } from '../model/resource.ts'

/** Which resources a selector of a stored resource selects, by their labels: parsed once for however many are asked for. */
export function selectedBy(selector: string): (resource: Resource) => boolean {
  const parsed = parseSelector(selector)
  if (parsed.type === 'error') throw new Error(`"${selector}" was taken for a checked selector`)
  return ({ metadata }) => matches(parsed, metadata.labels ?? {})
}
