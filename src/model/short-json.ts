/** A value as it may be typed into YAML: JSON, with spaces and with plain words as they are. At most 80 characters. */
export function shortJson(value: unknown): string {
  const text = written(value)
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}

function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${written(key)}: ${written(member)}`)
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
  }
  return typeof value === 'string' && /^[A-Za-z][\w./-]*$/.test(value) ? value : JSON.stringify(value)
}
