import type { Family } from '../../src/net/address.ts'

/** The two kinds of iptables in one kernel; each sees only its own rules. */
export type Backend = 'nft' | 'legacy'

export function toolName(family: Family, backend: Backend, what: 'save' | 'restore'): string {
  return `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-${what}`
}
