/** What this node announces as its own (INTERFACE §4, `export: local`); pure. */
import type { Route } from '../felix/kernel.ts'
import { type Cidr, containsPrefix, type Prefix, parsePrefix } from './net/prefix.ts'

/** The pod CIDRs, plus the addresses (of workloads, of the tunnel) outside all of them, without repeats. */
export function originatedPrefixes(podCidrs: readonly Cidr[], addresses: readonly Cidr[]): readonly Cidr[] {
  const blocks = podCidrs.map(known)
  const outside = addresses.filter((cidr) => !blocks.some((block) => containsPrefix(block, known(cidr))))
  return [...new Set([...podCidrs, ...outside])]
}

/** A blackhole for each pod CIDR, so that packets to an unused address end here and do not loop to the default gateway. */
export function blockRoutes(podCidrs: readonly Cidr[]): readonly Route[] {
  return podCidrs.filter((cidr) => !isHost(known(cidr))).map((destination) => ({ destination, nextHop: { type: 'blackhole' } }))
}

function isHost(prefix: Prefix): boolean {
  return prefix.length === prefix.bytes.length * 8
}

/** Callers pass canonical CIDRs: anything else is our bug. */
function known(cidr: Cidr): Prefix {
  const prefix = parsePrefix(cidr)
  if (prefix === undefined) throw new Error(`"${cidr}" was taken for a canonical CIDR`)
  return prefix
}
