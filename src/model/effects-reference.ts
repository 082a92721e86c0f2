import { type Effects, effectsOf } from './effects.ts'
import { apiVersionOf } from './kind.ts'
import { kinds } from './kinds.ts'

/** All kinds and what of them has an effect, as a Markdown table. */
export function effectsReference(): string {
  const rows = kinds.map((kind) => {
    const { namespaced, group, plural } = kind
    const cells = [
      kind.kind,
      `\`${apiVersionOf(kind)}\``,
      `\`${plural}\``,
      namespaced ? 'yes' : 'no',
      sentence(effectsOf(group, kind.kind)),
    ]
    return `| ${cells.join(' | ')} |`
  })
  return ['| kind | apiVersion | in URLs | namespaced | effect |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

function sentence({ none, only, except }: Effects): string {
  if (none) return 'none yet'
  if (only !== undefined) return `only of ${quoted(only)}`
  return except === undefined ? 'yes' : `yes, but not yet of ${quoted(except)}`
}

function quoted(fields: readonly string[]): string {
  return fields.map((field) => `\`${field}\``).join(', ')
}
