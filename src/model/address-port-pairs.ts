import type { Problem } from './resource.ts'

/** A set of a name has every pair of address and port: a small document must not ask for millions. */
export function pairProblems(addresses: number, ports: number, maxPairs: number, path: string): readonly Problem[] {
  const pairs = addresses * ports
  if (pairs <= maxPairs) return []
  return [{ path, reason: `${ports} ports of ${addresses} addresses are ${pairs} pairs, at most ${maxPairs} are allowed` }]
}

/** Of one endpoint. Pods have an address or two, and the ports they name are few. */
export const maxEndpointPairs = 10_000
