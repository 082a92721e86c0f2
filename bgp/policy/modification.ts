import type { Community, FilterOperation } from '../speaker-policy.ts'
import type { AsPathSegment, PathAttributes } from '../wire/path-attributes.ts'
import { localPrefOf } from './priority.ts'

/** What a policy does to a route. The same operations are the same object, so that results can be kept by it. */
export type Modification = { readonly operations: readonly FilterOperation[] }

/** There are as many as different operations have ever been configured. */
const known = new Map<string, Modification>()

/** Does nothing. */
export const unchanged: Modification = { operations: [] }

export function modificationOf(operations: readonly FilterOperation[]): Modification {
  if (operations.length === 0) return unchanged
  const key = JSON.stringify(operations)
  const same = known.get(key)
  if (same !== undefined) return same
  const modification = { operations }
  known.set(key, modification)
  return modification
}

/** The first, then the second. */
export function bothModifications(first: Modification, second: Modification): Modification {
  if (first === unchanged || second === unchanged) return first === unchanged ? second : first
  return modificationOf([...first.operations, ...second.operations])
}

export function modified(attributes: PathAttributes, { operations }: Modification): PathAttributes {
  return operations.reduce(changed, attributes)
}

function changed(attributes: PathAttributes, operation: FilterOperation): PathAttributes {
  switch (operation.type) {
    case 'add-community':
      return withCommunity(attributes, operation.community)
    case 'prepend-as-path':
      return { ...attributes, asPath: prepended(attributes.asPath, operation.asNumbers) }
    case 'set-priority':
      return { ...attributes, localPref: localPrefOf(operation.priority) }
  }
}

/** One that is there already stays there once. */
export function withCommunity(attributes: PathAttributes, community: Community): PathAttributes {
  if (typeof community === 'number') {
    const { communities = [] } = attributes
    return communities.includes(community) ? attributes : { ...attributes, communities: [...communities, community] }
  }
  const { largeCommunities = [] } = attributes
  const key = community.join()
  if (largeCommunities.some((value) => value.join() === key)) return attributes
  return { ...attributes, largeCommunities: [...largeCommunities, community] }
}

/** RFC 4271 §4.3 b: the count of a segment is one octet. */
const longestSegment = 255

/** The path behind these AS numbers, in one segment with its first as far as there is room (RFC 4271 §5.1.2). */
export function prepended(path: readonly AsPathSegment[], asNumbers: readonly number[]): readonly AsPathSegment[] {
  if (asNumbers.length === 0) return path
  const [first, ...rest] = path
  if (first?.type === 'sequence' && first.asNumbers.length + asNumbers.length <= longestSegment)
    return [{ type: 'sequence', asNumbers: [...asNumbers, ...first.asNumbers] }, ...rest]
  return [{ type: 'sequence', asNumbers }, ...path]
}
