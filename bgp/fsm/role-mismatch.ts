/** Whether both sides mean the same relation (RFC 9234 §4.2). */
import type { Role } from '../peer-config.ts'
import type { Capability } from '../wire/message.ts'

/** RFC 9234 §4.1, table 1 */
const roleCode: Readonly<Record<Role, number>> = { provider: 0, 'rs-server': 1, 'rs-client': 2, customer: 3, peer: 4 }

/** RFC 9234 §4.2, table 2: what the other side is. */
const counterpart: Readonly<Record<Role, Role>> = {
  provider: 'customer',
  customer: 'provider',
  'rs-server': 'rs-client',
  'rs-client': 'rs-server',
  peer: 'peer',
}

export type OwnRole = { readonly local: Role; readonly strict: boolean }

export function roleCapability({ local }: OwnRole): Capability {
  return { type: 'role', value: roleCode[local] }
}

/** @returns what is wrong with the peer's role, or with its silence; undefined: nothing */
export function roleMismatch({ local, strict }: OwnRole, theirs: readonly Capability[]): string | undefined {
  const values = theirs.flatMap((capability) => (capability.type === 'role' ? [capability.value] : []))
  const [value] = values
  const expected = counterpart[local]
  if (value === undefined) return strict ? `no role, ${expected} is required` : undefined
  if (values.some((other) => other !== value)) return 'several roles at once'
  return value === roleCode[expected] ? undefined : `role ${roleName(value)}, towards us as ${local} it must be ${expected}`
}

/** Also of a number that nobody has given a name. */
export function roleName(value: number): string {
  return Object.entries(roleCode).find(([, code]) => code === value)?.[0] ?? String(value)
}
