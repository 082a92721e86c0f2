/** What this node announces as its own (INTERFACE §4, `export: local`); pure. */
import type { Route } from '../felix/kernel.ts'
import { type Cidr, containsPrefix, type Prefix, parsePrefix } from './net/prefix.ts'

/**
 * The pod CIDRs, plus the addresses (of workloads, of the tunnel) outside all of them, without repeats.
 * @param aggregates each stands for what lies inside it, as long as there is something (RFC 4271 §9.2.2.2). All of it is our own, with
 * the same attributes: nothing is lost of a path
 */
export function originatedPrefixes(
  podCidrs: readonly Cidr[],
  addresses: readonly Cidr[],
  aggregates: readonly Cidr[] = [],
): readonly Cidr[] {
  const blocks = podCidrs.map(known)
  const outside = addresses.filter((cidr) => !blocks.some((block) => containsPrefix(block, known(cidr))))
  const wide = aggregates.map((cidr) => ({ cidr, prefix: known(cidr) }))
  const standIn = (cidr: Cidr): Cidr => wide.find(({ prefix }) => containsPrefix(prefix, known(cidr)))?.cidr ?? cidr
  return [...new Set([...podCidrs, ...outside].map(standIn))]
}

/** The aggregates that are announced: what they attract and nothing here answers must end here (RFC 4632 §5.1). */
export function aggregatesInUse(originated: readonly Cidr[], aggregates: readonly Cidr[]): readonly Cidr[] {
  return aggregates.filter((cidr) => originated.includes(cidr))
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
