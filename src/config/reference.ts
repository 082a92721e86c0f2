import { type OptionRow, optionRows, variableOf } from './option-list.ts'

/** The reference of all options as a Markdown table, made of the option table. */
export function configReference(): string {
  const rows = optionRows.map(
    (row) => `| \`${row.path}\` | ${defaultOf(row)} | ${row.unit ?? ''} | ${row.meaning ?? ''} | ${variableText(row.path)} |`,
  )
  return ['| option | default | unit | meaning | variable |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

function defaultOf(row: OptionRow): string {
  if (row.default !== undefined) return `\`${typeof row.default === 'string' ? row.default : JSON.stringify(row.default)}\``
  return row.otherwise ?? ''
}

function variableText(path: string): string {
  const variable = variableOf(path)
  return variable === undefined ? '' : `\`${variable}\``
}
