import type { Direction } from './names.ts'
import type { Policy } from './policy.ts'

/** Whose rule logs. A profile has no tier. */
export type LogSubject = Pick<Policy, 'tier' | 'kind' | 'namespace' | 'name'>

/** iptables takes 29 characters of a LOG prefix, and each ends in ": ". */
const room = 29 - ': '.length

/**
 * What a Log rule writes before each packet: the template with %t (tier), %k (kind), %n (name), %p (namespace/name) and %r ("i3", the
 * ingress rule of index 3; "e0") filled in, and ": ". Names give way where there is no room for all, so that the rule is still told.
 */
export function logPrefix(template: string, subject: LogSubject, direction: Direction, index: number): string {
  const { tier, kind, namespace, name } = subject
  const names = new Map([
    ['%t', tier],
    ['%k', kind],
    ['%n', name],
    ['%p', namespace === '' ? name : `${namespace}/${name}`],
  ])
  const parts = template.split(/(%[tknpr])/).map((part) => (part === '%r' ? `${direction === 'ingress' ? 'i' : 'e'}${index}` : part))
  const fixed = parts.filter((part) => !names.has(part)).join('').length
  const named = parts.filter((part) => names.has(part)).length
  const each = Math.floor(Math.max(0, room - fixed) / Math.max(1, named))
  return `${parts
    .map((part) => names.get(part)?.slice(0, each) ?? part)
    .join('')
    .slice(0, room)}: `
}
