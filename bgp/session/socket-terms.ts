/** What is asked of the TCP connections with one peer, below BGP; pure. */
import type { PeerConfig } from '../peer.ts'

export type SocketTerms = {
  /** IP TTL, in IPv6 hop limit, of what we send, 1..255; absent: the system's default. */
  readonly ttl?: number
  /** GTSM (RFC 5082 §3): the kernel drops what has less, 2..255; absent: it takes everything. */
  readonly minTtl?: number
  /** TCP MD5 key (RFC 2385), 1..80 octets: the kernel drops what is not signed with it; absent: what is signed. */
  readonly key?: string
}

const longestWay = 255

/** @param internal the peer is of our AS: it may be anywhere in it */
export function socketTerms({ multihop, ttlSecurity, password }: PeerConfig, internal: boolean): SocketTerms {
  const key = password === undefined ? {} : { key: password }
  if (ttlSecurity !== undefined) return { ttl: longestWay, minTtl: longestWay + 1 - ttlSecurity, ...key }
  return internal ? key : { ttl: multihop ?? 1, ...key }
}
