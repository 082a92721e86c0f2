import { formatAddress } from '../../src/net/address.ts'
import { formatIpv4 } from '../../src/net/ipv4.ts'
import type { RoutePath } from '../peer.ts'
import type { AsPathSegment, PathAttributes } from '../wire/path-attributes.ts'

const origins = ['igp', 'egp', 'incomplete'] as const

const wellKnown: Readonly<Record<number, string>> = {
  4294901760: 'graceful-shutdown', // RFC 8326
  4294901766: 'llgr-stale', // RFC 9494
  4294901767: 'no-llgr',
  4294902426: 'blackhole', // RFC 7999
  4294967041: 'no-export', // RFC 1997
  4294967042: 'no-advertise',
  4294967043: 'no-export-subconfed',
}

export type PathContext = {
  readonly peer: string
  /** Where the attributes have none: routes of this node. */
  readonly ownNextHop: string
  readonly stale: boolean
  readonly best: boolean
}

/** Attributes as the API shows them: numbers decoded, addresses and paths as text. */
export function routePath(attributes: PathAttributes, context: PathContext): RoutePath {
  const { nextHop, med, localPref, communities, largeCommunities, originatorId, clusterList, unknown } = attributes
  return {
    peer: context.peer,
    nextHop: nextHop.length === 0 ? context.ownNextHop : formatAddress(nextHop, 0, Math.min(nextHop.length, 16)),
    origin: origins[attributes.origin],
    asPath: attributes.asPath.map(segmentText).join(' '),
    ...(med === undefined ? {} : { med }),
    ...(localPref === undefined ? {} : { localPref }),
    ...(communities === undefined ? {} : { communities: communities.map(communityText) }),
    ...(largeCommunities === undefined ? {} : { largeCommunities: largeCommunities.map((parts) => parts.join(':')) }),
    ...(originatorId === undefined ? {} : { originatorId: formatIpv4(originatorId) }),
    ...(clusterList === undefined ? {} : { clusterList: clusterList.map(formatIpv4) }),
    ...(unknown.length === 0
      ? {}
      : { unknownAttributes: unknown.map(({ type, flags, data }) => ({ type, flags, hex: Buffer.from(data).toString('hex') })) }),
    ...(context.stale ? { stale: true } : {}),
    ...(context.best ? { best: true } : {}),
  }
}

function segmentText({ type, asNumbers }: AsPathSegment): string {
  if (type === 'sequence') return asNumbers.join(' ')
  if (type === 'set') return `{${asNumbers.join(',')}}`
  return type === 'confed-sequence' ? `(${asNumbers.join(' ')})` : `[${asNumbers.join(',')}]`
}

function communityText(community: number): string {
  return wellKnown[community] ?? `${community >>> 16}:${community & 0xffff}`
}
