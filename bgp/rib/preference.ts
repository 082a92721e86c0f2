import type { SetTraits } from './attribute-set.ts'

const highestLocalPref = 0xffff_ffff
/** Beyond what fits a message. */
const longestPath = 0xffff

/**
 * The steps of the decision that look at nothing but the set, as one number: LLGR_STALE (RFC 9494 §4.3), LOCAL_PREF, the length of AS_PATH
 * and ORIGIN (RFC 4271 §9.1.2.2). The lower is preferred, equal ones are equal in each step. An integer below 2^52.
 */
export function preferenceOf(traits: Pick<SetTraits, 'isLongLivedStale' | 'localPref' | 'asPathLength' | 'origin'>): number {
  return preference(traits.isLongLivedStale, traits.localPref, traits.asPathLength, traits.origin)
}

/** As `preferenceOf`, without an object. */
export function preference(isLongLivedStale: boolean, localPref: number, asPathLength: number, origin: 0 | 1 | 2): number {
  const bySet = (highestLocalPref - localPref) * 0x4_0000 + Math.min(asPathLength, longestPath) * 4 + origin
  return isLongLivedStale ? bySet + 2 ** 50 : bySet
}
