import { hint } from '../model/did-you-mean.ts'
import type { Problem } from '../model/resource.ts'
import { readYaml } from '../model/yaml-documents.ts'
import { withoutSource } from './hidden-values.ts'
import { type OptionRow, optionRows, variableOf } from './option-list.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** One option that the environment sets. @property value as the file would hold it, not checked yet */
export type Override = { readonly path: string; readonly variable: string; readonly value: unknown }

/** A mistake in a variable. @property path of the option, '' if there is none */
export type VariableProblem = Problem & { readonly variable: string }

/**
 * The options that `TORTIE_…` variables set. An empty variable sets nothing. Texts are taken as they are, everything else is read as
 * YAML; a list of texts may also be separated by commas.
 */
export function readEnvironment(environment: Environment): {
  readonly overrides: readonly Override[]
  readonly problems: readonly VariableProblem[]
} {
  const overrides: Override[] = []
  const problems: VariableProblem[] = [...unknownVariables(environment)]
  for (const row of optionRows) {
    const variable = variableOf(row.path)
    const text = variable === undefined ? undefined : environment[variable]
    if (variable === undefined || text === undefined || text === '') continue
    const { value, reason } = readValue(row, text)
    if (reason === undefined) overrides.push({ path: row.path, variable, value })
    else problems.push({ path: row.path, variable, reason })
  }
  return { overrides, problems }
}

function readValue({ schema }: OptionRow, text: string): { readonly value?: unknown; readonly reason?: string } {
  const {
    type,
    items,
    enum: words,
  } = schema as { readonly type?: unknown; readonly items?: { readonly type?: unknown }; readonly enum?: unknown }
  if ([type].flat().includes('string') || words !== undefined) return { value: text }
  if (items?.type === 'string' && !text.trimStart().startsWith('[')) return { value: text.split(',').map((part) => part.trim()) }
  const { documents, problems } = readYaml(text, { maxDepth: 8, maxTokens: 10_000 })
  if (problems !== undefined) return { reason: withoutSource(problems[0]?.reason ?? 'is not YAML') }
  return documents.length === 1 ? { value: documents[0]?.value } : { reason: 'must be one value' }
}

const sections = new Set(optionRows.map(({ path }) => path.split('.')[0]?.toUpperCase()))

/** What Kubernetes sets for a Service called tortie-…: not meant for us. */
const serviceVariable = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?$/

/** Names that look like an option's but are none: only below our groups, since anyone may have other variables of our prefix. */
function unknownVariables(environment: Environment): readonly VariableProblem[] {
  const known = optionRows.flatMap(({ path }) => variableOf(path) ?? [])
  return Object.keys(environment)
    .filter(
      (variable) => sections.has(/^TORTIE_([A-Z]+)_/.exec(variable)?.[1]) && !known.includes(variable) && !serviceVariable.test(variable),
    )
    .map((variable) => ({ path: '', variable, reason: `sets no option${hint(variable, known)}` }))
}
