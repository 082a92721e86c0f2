/** An AS number, 1..4294967295 (RFC 6793; RFC 7607 forbids 0). */
export type Asn = number & { readonly brand: 'Asn' }

/** @throws RangeError outside 1..4294967295 */
export function asn(value: number): Asn {
  if (Number.isInteger(value) && value > 0 && value <= 0xffff_ffff) return value as Asn
  throw new RangeError(`AS number ${value} is outside 1..4294967295`)
}
