import { asPathLength } from '../wire/as-path.ts'
import type { AsPathSegment, PathAttributes } from '../wire/path-attributes.ts'
import type { NextHop } from './next-hop-table.ts'
import type { OutSet } from './out-set.ts'

/** RFC 1997: what a well-known community forbids. */
export type Scope = 'anywhere' | 'inside' | 'nowhere'

/** Who we are: what makes a route a loop. */
export type LoopGuard = {
  readonly asNumber: number
  readonly routerId: number
  readonly clusterId: number
}

const noExport = 0xffff_ff01
const noAdvertise = 0xffff_ff02
const noExportSubconfed = 0xffff_ff03

/** One distinct set of attributes, decoded once and shared by all its routes; what the decision looks at is laid open. */
export class AttributeSet {
  readonly id: number
  readonly attributes: PathAttributes
  readonly nextHop: NextHop | undefined
  readonly asPathLength: number
  /** The AS that MEDs are compared within (RFC 4271 §9.1.2.2 c); 0 for routes of our own AS. */
  readonly neighborAs: number
  /** false: looped (RFC 4271 §9.1.2, RFC 4456 §8) or its next hop is this node; kept, but never used. */
  readonly eligible: boolean
  readonly scope: Scope
  /** Routes and best routes that have it. */
  uses = 0
  /** What it became on its way out, for each update group and source: a list. */
  outSets: OutSet | undefined = undefined

  constructor(id: number, attributes: PathAttributes, nextHop: NextHop | undefined, eligible: boolean) {
    this.id = id
    this.attributes = attributes
    this.nextHop = nextHop
    this.asPathLength = asPathLength(attributes.asPath)
    this.neighborAs = neighborAs(attributes.asPath)
    this.eligible = eligible
    this.scope = scopeOf(attributes.communities)
  }
}

/** RFC 4271 §9.1.2 (our AS in the path), RFC 4456 §8 (our id as originator, our cluster in the list). */
export function isLoop(attributes: PathAttributes, guard: LoopGuard): boolean {
  const { asPath, originatorId, clusterList } = attributes
  for (const segment of asPath) if (segment.asNumbers.includes(guard.asNumber)) return true
  return originatorId === guard.routerId || (clusterList?.includes(guard.clusterId) ?? false)
}

function neighborAs(path: readonly AsPathSegment[]): number {
  const first = path.find(({ type }) => type === 'sequence' || type === 'set')
  return first?.type === 'sequence' ? (first.asNumbers[0] ?? 0) : 0
}

function scopeOf(communities: readonly number[] | undefined): Scope {
  if (communities === undefined) return 'anywhere'
  if (communities.includes(noAdvertise)) return 'nowhere'
  return communities.includes(noExport) || communities.includes(noExportSubconfed) ? 'inside' : 'anywhere'
}
