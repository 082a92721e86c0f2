/** What a user may have meant whose text the YAML parser refuses: its own words tell what it met, seldom why. */

const hints: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/^Tabs are not allowed/, 'indent with spaces'],
  [/^Unresolved tag/, 'put a value that begins with "!" in quotes'],
  [/^Unresolved alias/, 'put a value that begins with "*" in quotes'],
  [/^Unexpected .*scalar at node end/, 'put the whole value in quotes of the other kind, as in "app == \'web\'"'],
  [/^Nested mappings are not allowed/, 'put a value with ": " in quotes, or see to the indentation'],
  [
    /^Unexpected flow-(map|seq)-start at node end|^Unexpected (single|double)-quoted-scalar/,
    'inside { } and [ ] put a value with "{" or "," in quotes',
  ],
  [/^Missing closing/, 'a quote was opened before and not closed'],
  [
    /^Sequence item without -|^All (mapping|collection) items must|must be sufficiently indented/,
    'see to the indentation: fields of one object stand exactly below each other',
  ],
  [/^Implicit (map )?keys? need/, 'is a ":" or the space behind it missing, or the indentation wrong?'],
]

/** ": …" or nothing. @param message of the parser */
export function yamlHint(message: string): string {
  const found = hints.find(([pattern]) => pattern.test(message))
  return found === undefined ? '' : `: ${found[1]}`
}
