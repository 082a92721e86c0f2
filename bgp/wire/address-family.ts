import type { AddressFamily } from './message.ts'

/* AFI u16, SAFI u8 (RFC 4760 §3, IANA) */

const unicast = 1
const afis: Readonly<Record<AddressFamily, number>> = { 'ipv4-unicast': 1, 'ipv6-unicast': 2 }

export function afiOf(family: AddressFamily): number {
  return afis[family]
}

/** Both families this speaker knows are unicast. */
export function safiOf(_family: AddressFamily): number {
  return unicast
}

/** undefined for what this speaker does not know. */
export function familyOfAfiSafi(afi: number, safi: number): AddressFamily | undefined {
  if (safi !== unicast) return undefined
  if (afi === afis['ipv4-unicast']) return 'ipv4-unicast'
  return afi === afis['ipv6-unicast'] ? 'ipv6-unicast' : undefined
}
