/** What the session side needs of the RIB. Peers are small integers here; one slot per configured peer, stable over its sessions. */
import type { IpAddress } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import type {
  BestRouteBatch,
  DrainState,
  PeerConfig,
  RouteEntry,
  RouteExplanation,
  RoutePage,
  RouteQuery,
  RouteWatchQuery,
  SpeakerPolicy,
} from '../peer.ts'
import type { BgpError } from '../wire/bgp-error.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { RibReader } from './rib-reader.ts'
import type { PeerId, SessionTerms } from './session-terms.ts'

export type RibDependencies = {
  /** IGP metric to a next hop, undefined = unreachable (RFC 4271 §9.1.2.1). Asked once per distinct next hop and again after `nextHopsChanged`. */
  readonly nextHopMetric: (nextHop: IpAddress) => number | undefined
  /** Whether a next hop is on a subnet of this node, so that it can be a gateway; absent: whatever has a metric is. Asked with the metric. */
  readonly isConnected?: (nextHop: IpAddress) => boolean
  /** The outgoing interface of a next hop, for filters that ask; absent: of none it is known. */
  readonly interfaceOf?: (nextHop: IpAddress) => string | undefined
  /** The best learned routes that changed in this flush, one call per family. */
  readonly onBest: (batch: BestRouteBatch) => void
  /** There is something to `read` for this peer. */
  readonly onOutput: (peer: PeerId) => void
  /** End-of-RIB received (RFC 4724 §2). */
  readonly onEndOfRib: (peer: PeerId, family: AddressFamily) => void
  /** Deviations of RFC 7606 for log and counters; never per route, only per distinct attribute set. */
  readonly onNote: (peer: PeerId, note: string) => void
}

export type PeerCounts = { readonly received: number; readonly accepted: number; readonly advertised: number; readonly stale: number }

export interface RibFace {
  addPeer(config: PeerConfig): PeerId
  /** The peer's settings are others now; a session goes on. */
  configure(peer: PeerId, config: PeerConfig): void
  /** After `configure`: the peer's routes are looked at anew, and it and others are told what comes out otherwise. */
  reconsider(peer: PeerId): void
  /** Drops its routes too. */
  removePeer(peer: PeerId): void
  /** The session is Established: its table is queued, followed by End-of-RIB per family (RFC 4724 §2) once `releaseEndOfRib` allows. */
  sessionUp(peer: PeerId, terms: SessionTerms): void
  /** Routes of `keep` families become stale (RFC 4724 §4.2), or stay it, the others go. Output is forgotten. */
  sessionDown(peer: PeerId, keep: readonly AddressFamily[]): void
  /** RFC 4724 §4.2: what is still stale goes. */
  sweepStale(peer: PeerId, family: AddressFamily): void
  /** RFC 9494 §4.2: what is stale gets LLGR_STALE, and goes if it has NO_LLGR; done by `flush`, piece by piece. */
  makeLongLived(peer: PeerId, family: AddressFamily): void
  /**
   * One UPDATE body (header taken off): `bytes[start, end)`. Routes are entered at once, decided on at the next `flush`.
   * @returns the error that ends the session; 'max-prefixes' (RFC 4486 Cease/1) is one of them
   */
  receive(peer: PeerId, bytes: Uint8Array, start: number, end: number): BgpError | undefined
  /** BoRR (RFC 7313 §4.2): what the peer has told so far becomes stale, until it is told again or swept. */
  markStale(peer: PeerId, family: AddressFamily): void
  /** ROUTE-REFRESH received (RFC 2918 §4): the family's table is queued again. */
  refresh(peer: PeerId, family: AddressFamily): void
  /** The whole set of prefixes this node originates; the difference to the last call is advertised. */
  originate(prefixes: readonly Cidr[]): void
  /** Routes whose fate it changes are decided on, and told, at the next `flush`. */
  setPolicy(policy: SpeakerPolicy): void
  /** How what this node originates, now and later, is told to peers (RFC 8326 §4.2). */
  drain(state: DrainState): void
  /**
   * Restarting speaker (RFC 4724 §4.1): of a family that is held nothing is advertised and no best route is handed over; its release
   * decides all at once. `hold` is of all families.
   */
  holdDecisions(): void
  releaseDecisions(family: AddressFamily): void
  /** Metrics are asked for anew, and every best learned route is handed over again: its next hop may lead elsewhere. */
  nextHopsChanged(): void
  /** Decides and encodes what changed, for at most about `budgetMs`; true while work is left. */
  flush(budgetMs: number): boolean
  /**
   * The next bytes for this peer, whole messages, shared between the peers of an update group: not to be changed.
   * undefined: all sent. A peer that does not read costs a cursor, not a queue: state is coalesced to the latest (bounded by the table).
   */
  read(peer: PeerId, maxBytes: number): Uint8Array | undefined
  counts(peer: PeerId, family: AddressFamily): PeerCounts
  /** Prefixes whose best path came from the peer. */
  bestFrom(peer: PeerId, family: AddressFamily): number
  query(query: RouteQuery): RoutePage
  explain(prefix: Cidr, peer?: string): RouteExplanation
  /** As in a page of `query`, one prefix by its id. */
  entry(query: RouteWatchQuery, family: AddressFamily, prefix: number): RouteEntry | undefined
  /** For monitors and dumps. */
  readonly reader: RibReader
}
