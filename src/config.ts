import Value from 'typebox/value'
import { type Environment, type Override, readEnvironment } from './config/environment.ts'
import { mayHoldSecret, withoutSource } from './config/hidden-values.ts'
import { optionProblems } from './config/option-checks.ts'
import { type Config, optionTable } from './config/option-table.ts'
import { parsePath } from './model/path.ts'
import type { Problem } from './model/resource.ts'
import { checkSchema } from './model/schema-check.ts'
import { readYaml } from './model/yaml-documents.ts'

export type { Config, ConfigPeer, ConfigRange } from './config/option-table.ts'
export { configReference } from './config/reference.ts'

/** One mistake in the configuration: in `variable` if that is there, else in the file, at `line` (1-based) if it is known. */
export type ConfigProblem = {
  readonly file: string
  readonly path: string
  readonly reason: string
  readonly value?: unknown
  readonly line?: number
  readonly variable?: string
}

export type ConfigResult =
  | { readonly config: Config; readonly problems?: never }
  | { readonly config?: never; readonly problems: readonly ConfigProblem[] }

/** A configuration is small: what is larger is no configuration. */
const maxBytes = 1024 * 1024

/**
 * The agent's configuration: a YAML text (empty: all defaults), overridden by `TORTIE_` variables. Every mistake of both is told at
 * once. Nothing is looked up: no file that an option names, no host name, no interface.
 * @param fileName where the text is from, for the problems only
 */
export function loadConfig(text: string, fileName: string, environment: Environment): ConfigResult {
  const { overrides, problems: variableProblems } = readEnvironment(environment)
  const file = readFile(text)
  const merged = withDefaults(overrides.reduce(override, structuredClone(file.value)))
  const checked = checkSchema(optionTable, merged)
  const found = [...(checked.problems ?? []), ...optionProblems(merged)]
  const problems = [
    ...file.problems.map((problem) => ({ file: fileName, ...problem })),
    ...(file.problems.length > 0 ? [] : found).map((problem) => located(problem, fileName, file.lineOf, overrides)),
    ...variableProblems.map((problem) => ({ file: fileName, ...problem })),
  ]
  if (problems.length > 0 || checked.problems !== undefined) return { problems: problems.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
  return { config: checked.value }
}

/** One line: "tortie.yaml:12: bgp.listenPort: must be <= 65535 (is 70000)", or "TORTIE_BGP_LISTENPORT: …" for a variable. */
export function formatConfigProblem({ file, path, reason, value, line, variable }: ConfigProblem): string {
  const place = variable ?? (line === undefined ? file : `${file}:${line}`)
  const shown = value === undefined ? '' : ` (is ${JSON.stringify(value)})`
  return [place, ...(path === '' ? [] : [path]), `${reason}${shown}`].join(': ')
}

type ReadFile = { readonly value: unknown; readonly problems: readonly Problem[]; readonly lineOf: (path: string) => number | undefined }

function readFile(text: string): ReadFile {
  const none = { value: {}, lineOf: () => undefined }
  if (Buffer.byteLength(text) > maxBytes) return { ...none, problems: [{ path: '', reason: `is larger than ${maxBytes} bytes` }] }
  const { documents, problems } = readYaml(text, { maxDepth: 16, maxTokens: 100_000 })
  if (problems !== undefined)
    return {
      ...none,
      problems: problems.map(({ path, reason, line }) => ({ path, reason: withoutSource(reason), ...(line !== undefined && { line }) })),
    }
  if (documents.length > 1) {
    const line = documents[1]?.lineOf('')
    return {
      ...none,
      problems: [{ path: '', reason: 'must be one document: here a second one begins', ...(line !== undefined && { line }) }],
    }
  }
  return { value: documents[0]?.value ?? {}, problems: [], lineOf: documents[0]?.lineOf ?? none.lineOf }
}

function withDefaults(value: unknown): unknown {
  return Value.Default(optionTable, value)
}

/** Sets one option in place, making the groups above it; what is no group stays, and is refused by the check. */
function override(config: unknown, { path, value }: Override): unknown {
  const segments = parsePath(path) ?? []
  let at = config
  for (const [i, segment] of segments.entries()) {
    if (typeof at !== 'object' || at === null) break
    const group = at as Record<string | number, unknown>
    if (i === segments.length - 1) group[segment] = value
    else if (!Object.hasOwn(group, segment)) group[segment] = {}
    at = group[segment]
  }
  return config
}

function located(
  { path, reason, value }: Problem,
  file: string,
  lineOf: ReadFile['lineOf'],
  overrides: readonly Override[],
): ConfigProblem {
  const variable = overrides.find(
    (set) => path === set.path || path.startsWith(`${set.path}[`) || path.startsWith(`${set.path}.`),
  )?.variable
  const line = variable === undefined ? lineOf(path) : undefined
  return {
    file,
    path,
    reason,
    ...(value !== undefined && !mayHoldSecret(path) && { value }),
    ...(line !== undefined && { line }),
    ...(variable !== undefined && { variable }),
  }
}
