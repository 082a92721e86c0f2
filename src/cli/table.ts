/** Rows under headings, columns aligned with two spaces between; pure. */

export type Row = readonly (string | number | undefined)[]

/** @param rows each as long as `headings`; an absent cell is shown as "-", control characters as "?" */
export function table(headings: readonly string[], rows: readonly Row[]): string {
  const { heading, line } = tableLines(headings, rows)
  return [heading, ...rows.map(line)].join('\n')
}

/**
 * The same line by line, for rows of which not all are known.
 * @param first decides how wide the columns are; what comes later and is wider moves its own line only
 */
export function tableLines(headings: readonly string[], first: readonly Row[]): { heading: string; line: (row: Row) => string } {
  const texts = [headings, ...first.map((row) => row.map(cell))]
  const widths = headings.map((_, column) => Math.max(...texts.map((text) => text[column]?.length ?? 0)))
  const aligned = (row: readonly string[]) =>
    row
      .map((text, column) => pad(text, widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return { heading: aligned(headings), line: (row) => aligned(row.map(cell)) }
}

function cell(value: string | number | undefined): string {
  if (value === undefined || value === '') return '-'
  return plain(String(value))
}

/** Nothing in it moves the cursor, ends the line or turns the direction: such characters are shown as "?". */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - text.length))
}
