import { text } from './schema-check.ts'

/** "65000:100" with both at most 65535 (RFC 1997), or "65000:1:2" with each at most 4294967295 (RFC 8092). */
export function isCommunity(value: string): boolean {
  if (!/^\d{1,10}(:\d{1,10}){1,2}$/.test(value)) return false
  const parts = value.split(':').map(Number)
  const largest = parts.length === 2 ? 0xffff : 0xffff_ffff
  return parts.every((part) => part <= largest)
}

export const community = text(
  (value) => (isCommunity(value) ? value : undefined),
  'a community "aa:nn" with both at most 65535, or "aa:nn:mm" with each at most 4294967295',
)
