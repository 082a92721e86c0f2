import type { IpAddress } from '../../src/net/address.ts'
import type { AddressFamily } from '../wire/message.ts'

/** Of a configured peer, from 1 on; the same over all its sessions. */
export type PeerId = number

/** What the OPENs agreed on, as far as routes are concerned. */
export type SessionTerms = {
  readonly families: readonly AddressFamily[]
  readonly fourOctetAs: boolean
  /** IPv4 prefixes go in MP_REACH_NLRI, with next hops of either family (RFC 8950). */
  readonly extendedNextHop?: boolean
  /** RFC 7911: families in which prefixes come with a path identifier, and in which we send them so; absent: none. */
  readonly addPathReceive?: readonly AddressFamily[]
  readonly addPathSend?: readonly AddressFamily[]
  /** 4096 or 65535 (RFC 8654), for what we send. */
  readonly maxMessageLength: number
  /** The peer announced RFC 9494: it is told of routes with LLGR_STALE too. */
  readonly longLived?: boolean
  /** Both announced RFC 7313: what is told again is framed by BoRR and EoRR. */
  readonly enhancedRouteRefresh?: boolean
  /** BGP Identifier of the peer, unsigned. */
  readonly remoteRouterId: number
  /** Our end of the TCP connection: next hop self towards this peer. */
  readonly localAddress: IpAddress
}
