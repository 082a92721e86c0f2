/** What is wrong with an IPPool beside what is stored (resource reference §6.8): pools never overlap, and what addresses depend on stays. */
import { containsPrefix, type Prefix, parsePrefix } from '../net/prefix.ts'
import { type CheckedItem, located } from './documents.ts'
import { type IpPool, isIpPool } from './ip-pool.ts'
import type { Problem } from './resource.ts'
import type { StoredResources } from './stored-resources.ts'

/** Of all pools that are put at once, given those that are stored; a disabled pool counts like any other. */
export function poolProblems(items: readonly CheckedItem[], stored: StoredResources): readonly Problem[] {
  const coming = items.flatMap((item) => (isIpPool(item.resource) ? [{ item, pool: item.resource }] : []))
  if (coming.length === 0) return []
  const before = byName(
    stored
      .list('projectcalico.org', 'IPPool')
      .map(({ resource }) => resource)
      .filter(isIpPool),
  )
  const neighbours = overlaps(byName([...before.values(), ...coming.map(({ pool }) => pool)]).values())
  return coming.flatMap(({ item, pool }) => {
    const overlapping = neighbours.get(pool.metadata.name) ?? []
    const problems = [
      ...immutableProblems(pool, before.get(pool.metadata.name)),
      ...overlapping.map((other) => overlapProblem(pool, other)),
    ]
    return problems.map((problem) => located(problem, item))
  })
}

function immutableProblems({ spec }: IpPool, before: IpPool | undefined): readonly Problem[] {
  if (before === undefined) return []
  return (['cidr', 'blockSize'] as const).flatMap((field) => {
    const was = before.spec[field]
    const reason = `cannot be changed, it is ${was}: delete the pool and make another`
    return spec[field] === was ? [] : [{ path: `spec.${field}`, reason, value: spec[field] }]
  })
}

function overlapProblem({ spec }: IpPool, other: IpPool): Problem {
  return { path: 'spec.cidr', reason: `overlaps IPPool ${other.metadata.name}, ${other.spec.cidr}`, value: spec.cidr }
}

/** By pool name, the pools it overlaps: of those around it the closest, and those for which it is that. One walk in the order of addresses. */
function overlaps(pools: Iterable<IpPool>): ReadonlyMap<string, readonly IpPool[]> {
  const found = new Map<string, IpPool[]>()
  const note = ({ metadata: { name } }: IpPool, other: IpPool) => {
    const others = found.get(name)
    if (others === undefined) found.set(name, [other])
    else others.push(other)
  }
  const around: Placed[] = []
  for (const next of [...pools].flatMap(placed).toSorted(inOrder)) {
    while (around.length > 0 && !contains(around.at(-1), next)) around.pop()
    const outer = around.at(-1)
    if (outer !== undefined) {
      note(outer.pool, next.pool)
      note(next.pool, outer.pool)
    }
    around.push(next)
  }
  return found
}

type Placed = { readonly pool: IpPool; readonly prefix: Prefix }

function placed(pool: IpPool): Placed[] {
  const prefix = parsePrefix(pool.spec.cidr)
  return prefix === undefined ? [] : [{ pool, prefix }]
}

function contains(outer: Placed | undefined, { prefix }: Placed): boolean {
  return outer !== undefined && containsPrefix(outer.prefix, prefix)
}

/** By family, address, then the wider first. */
function inOrder({ prefix: a }: Placed, { prefix: b }: Placed): number {
  return a.family - b.family || Buffer.compare(a.bytes, b.bytes) || a.length - b.length
}

function byName(pools: readonly IpPool[]): Map<string, IpPool> {
  return new Map(pools.map((pool) => [pool.metadata.name, pool]))
}
