/** Rows under headings, columns aligned with two spaces between; pure. */

/** @param rows each as long as `headings`; an absent cell is shown as "-", control characters as "?" */
export function table(headings: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const lines = [headings, ...rows.map((row) => row.map(cell))]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines.map((line) => `${line.map((text, column) => pad(text, widths[column] ?? 0)).join('  ')}`.trimEnd()).join('\n')
}

function cell(value: string | number | undefined): string {
  if (value === undefined || value === '') return '-'
  return String(value).replaceAll(/\p{Cc}/gu, '?')
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - text.length))
}
