import type { Capability } from './message.ts'

const code = 73
/** The draft's limit of each of the two. */
const longest = 64

/**
 * By what name people know us (draft-walton-bgp-hostname-capability §3):  { length u8 | host name } { length u8 | domain name }
 * @param name "node-a" or "node-a.example.net"; what is over 64 octets of the host or of the domain is left out
 */
export function fqdnCapability(name: string): Capability {
  const dot = name.indexOf('.')
  const parts = dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)]
  const octets = parts.map((part) => new TextEncoder().encode(part).subarray(0, longest))
  return { type: 'unknown', code, data: Uint8Array.from(octets.flatMap((part) => [part.length, ...part])) }
}
