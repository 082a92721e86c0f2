import { matches } from '../../policy/selector/evaluate.ts'
import { parseSelector } from '../../policy/selector/parse.ts'
import type { Resource } from '../model/resource.ts'

/** Whether a selector of a stored resource selects this one by its labels. */
export function selects(selector: string, { metadata }: Resource): boolean {
  const parsed = parseSelector(selector)
  if (parsed.type === 'error') throw new Error(`"${selector}" was taken for a checked selector`)
  return matches(parsed, metadata.labels ?? {})
}
