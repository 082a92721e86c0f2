/** The attributes of what this node originates, before they are told to anybody. */
import type { DrainState } from '../peer.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'

/** RFC 8326 §5 */
const gracefulShutdown = 0xffff_0000
/** RFC 1997 */
const noAdvertise = 0xffff_ff02

const own: PathAttributes = { origin: 0, asPath: [], nextHop: new Uint8Array(0), unknown: [] }

/**
 * RFC 8326 §4.2: the routes a router originates are marked before they go; LOCAL_PREF says the same inside the AS to those that do not
 * look at the community. Withdrawn routes stay in the RIB: a path of somebody else must not take their place in our own kernel.
 */
export const ownAttributes: Readonly<Record<DrainState, PathAttributes>> = {
  none: own,
  announced: { ...own, communities: [gracefulShutdown], localPref: 0 },
  withdrawn: { ...own, communities: [noAdvertise] },
}
