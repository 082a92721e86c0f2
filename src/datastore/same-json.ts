type Fields = Readonly<Record<string, unknown>>

/** Whether two values of JSON say the same: the order of members says nothing, and an undefined one is an absent one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  return sameFields(a as Fields, b as Fields)
}

/** @param except members that are not looked at */
export function sameFields(a: Fields, b: Fields, except: ReadonlySet<string> = nothing): boolean {
  for (const name of Object.keys(a)) if (!except.has(name) && !sameJson(a[name], own(b, name))) return false
  for (const name of Object.keys(b)) if (!except.has(name) && b[name] !== undefined && own(a, name) === undefined) return false
  return true
}

const nothing: ReadonlySet<string> = new Set()

/** A label may have the name of something that every object inherits. */
function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}
