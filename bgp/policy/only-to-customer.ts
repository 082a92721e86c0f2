/** Roles and the ONLY_TO_CUSTOMER attribute (RFC 9234): what came from a provider, a peer or a route server goes to customers alone. */
import type { Role } from '../peer-config.ts'
import { attributeFlag, attributeType } from '../wire/attribute-type.ts'
import { putU32, u32At } from '../wire/octets.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'

/** The AS of the attribute; undefined: the route has none. The decoder has seen to its length. */
export function onlyToCustomerOf({ unknown }: PathAttributes): number | undefined {
  const attribute = unknown.find(({ type }) => type === attributeType.onlyToCustomer)
  return attribute && u32At(attribute.data, 0)
}

/** RFC 9234 §5, ingress 1 and 2. @param role ours */
export function isLeak(attributes: PathAttributes, role: Role, peerAs: number): boolean {
  const marked = onlyToCustomerOf(attributes)
  if (marked === undefined) return false
  if (role === 'provider' || role === 'rs-server') return true // from a customer or an RS-client
  return role === 'peer' && marked !== peerAs
}

/** RFC 9234 §5, ingress 3: from a provider, a peer or a route server. */
export function markedOnImport(attributes: PathAttributes, role: Role, peerAs: number): PathAttributes {
  const marks = role === 'customer' || role === 'peer' || role === 'rs-client'
  return marks ? marked(attributes, peerAs) : attributes
}

/** RFC 9234 §5, egress 2: what is marked goes neither to providers nor to peers nor to route servers. */
export function mayBeToldTo(attributes: PathAttributes, role: Role): boolean {
  return role === 'provider' || role === 'rs-server' || onlyToCustomerOf(attributes) === undefined
}

/** RFC 9234 §5, egress 1: to a customer, a peer or an RS-client. @param localAs ours towards the peer */
export function markedOnExport(attributes: PathAttributes, role: Role, localAs: number): PathAttributes {
  const marks = role === 'provider' || role === 'peer' || role === 'rs-server'
  return marks ? marked(attributes, localAs) : attributes
}

/** A mark that is there stays as it is. */
function marked(attributes: PathAttributes, asNumber: number): PathAttributes {
  if (onlyToCustomerOf(attributes) !== undefined) return attributes
  const data = new Uint8Array(4)
  putU32(data, 0, asNumber)
  const mark = { flags: attributeFlag.optional | attributeFlag.transitive, type: attributeType.onlyToCustomer, data }
  return { ...attributes, unknown: [...attributes.unknown, mark].sort((a, b) => a.type - b.type) }
}
