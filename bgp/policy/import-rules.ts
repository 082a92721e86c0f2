/** What becomes of every route of a peer before its filters are asked, whatever its prefix. */
import type { Role } from '../peer-config.ts'
import type { AsPathSegment, PathAttributes } from '../wire/path-attributes.ts'
import { withCommunity } from './modification.ts'
import { isLeak, markedOnImport } from './only-to-customer.ts'
import { wellKnownCommunity } from './well-known-community.ts'

export type ImportTerms = {
  readonly external: boolean
  readonly peerAs: number
  /** Ours, and the one we have towards the peer if that is another (RFC 7705). */
  readonly ownAsNumbers: readonly number[]
  /** How many times they may be in a path. */
  readonly allowLocalAs: number
  readonly routerId: number
  readonly clusterId: number
  /** Ours towards the peer (RFC 9234). */
  readonly role: Role | undefined
  /** BLACKHOLE is honoured (RFC 7999 §3.3: only where both sides have agreed on it). */
  readonly blackhole: boolean
}

/** Why a route is kept, but not used. */
export type ImportRefusal = 'own-as-in-path' | 'own-originator-id' | 'own-cluster-id' | 'route-leak'

/** @returns the attributes to go on with; the same object if nothing is to be changed */
export function imported(attributes: PathAttributes, terms: ImportTerms): PathAttributes | ImportRefusal {
  const { originatorId, clusterList } = attributes
  const { external, role, peerAs } = terms
  if (countOf(attributes.asPath, terms.ownAsNumbers) > terms.allowLocalAs) return 'own-as-in-path' // RFC 4271 §9.1.2
  if (originatorId === terms.routerId) return 'own-originator-id' // RFC 4456 §8
  if (clusterList?.includes(terms.clusterId)) return 'own-cluster-id'
  if (role !== undefined && isLeak(attributes, role, peerAs)) return 'route-leak'
  const marked = role === undefined ? attributes : markedOnImport(attributes, role, peerAs)
  return obeying(marked, external, terms.blackhole)
}

/** RFC 8326 §4.2: from outside, what is about to go is the last choice. RFC 7999 §3.2: what is discarded here is nobody else's. */
function obeying(attributes: PathAttributes, external: boolean, blackhole: boolean): PathAttributes {
  const { communities = [] } = attributes
  const leaving = external && communities.includes(wellKnownCommunity.gracefulShutdown)
  const known = leaving ? { ...attributes, localPref: 0 } : attributes
  if (!blackhole || !communities.includes(wellKnownCommunity.blackhole)) return known
  return communities.includes(wellKnownCommunity.noAdvertise) ? known : withCommunity(known, wellKnownCommunity.noExport)
}

function countOf(path: readonly AsPathSegment[], asNumbers: readonly number[]): number {
  let count = 0
  for (const segment of path) for (const asNumber of segment.asNumbers) if (asNumbers.includes(asNumber)) count++
  return count
}
