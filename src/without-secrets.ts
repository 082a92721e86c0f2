/** What may be shown of a configuration, a header or a log line: everything but what proves who somebody is. Pure. */

const secretName = /^(password|passphrase|token|secret|key|privateKey|credentials|authorization|cookie)$/i

/** Where the name does not tell: credentials in a URL, an Authorization header, a private key in PEM. */
const secretTexts: readonly [pattern: RegExp, shown: string][] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/gi, '$1(hidden)@'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/gi, '$1 (hidden)'],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(-----END \1-----|$)/g, '-----BEGIN $1-----(hidden)'],
]

/**
 * The same value with "(hidden)" in place of passwords, tokens and keys, at any depth, and of what looks like one in a text. Objects of
 * classes, such as errors, are left as they are.
 */
export function withoutSecrets<Value>(value: Value): Value
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return secretTexts.reduce((text, [pattern, shown]) => text.replace(pattern, shown), value)
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (!isPlain(value)) return value
  const shown = Object.entries(value).map(([name, member]) => [name, secretName.test(name) ? '(hidden)' : withoutSecrets(member)])
  return Object.fromEntries(shown)
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
