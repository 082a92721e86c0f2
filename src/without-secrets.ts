/** What may be shown of a configuration: everything but what proves who somebody is. Pure. */

const secretName = /^(password|token|secret|key|privateKey|credentials)$/i

/** The same value with "(hidden)" in place of passwords, tokens and keys, at any depth, and of what stands before "@" in a URL. */
export function withoutSecrets<Value>(value: Value): Value
export function withoutSecrets(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1(hidden)@')
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null) return value
  const shown = Object.entries(value).map(([name, member]) => [name, secretName.test(name) ? '(hidden)' : withoutSecrets(member)])
  return Object.fromEntries(shown)
}
