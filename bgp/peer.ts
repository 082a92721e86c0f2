/** What the rest of the agent sees of the speaker: peers and originations in, states and best routes out. No other file of bgp/ is imported from outside but speaker.ts and this one. */
import type { IpAddress } from '../src/net/address.ts'
import type { Asn } from '../src/net/asn.ts'
import type { Cidr } from '../src/net/prefix.ts'
import type { PrefixTable } from '../src/net/prefix-table.ts'
import type { BfdStatus } from './bfd/bfd-status.ts'
import type { AddressFamily } from './wire/message.ts'

export type { BfdStatus } from './bfd/bfd-status.ts'
export type { BfdTerms, PeerConfig, PeerRange, Role } from './peer-config.ts'
export type {
  Community,
  FilterOperation,
  FilterRule,
  MultipathOptions,
  PrefixAdvertisement,
  PrefixMatch,
  RouteFilter,
  SpeakerPolicy,
} from './speaker-policy.ts'
export { defaultMultipath } from './speaker-policy.ts'
export type { AddressFamily } from './wire/message.ts'

export type SpeakerOptions = {
  readonly asNumber: Asn
  /** Unsigned 32-bit. */
  readonly routerId: number
  /** The cluster this node reflects for (RFC 4456); default: the router id. */
  readonly clusterId?: number
  readonly listenAddresses: readonly IpAddress[]
  readonly listenPort: number
  /** Next hop self, per family; absent: IPv4-mapped for IPv6 (INTERFACE §4). */
  readonly localAddress: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }
  /** The kernel still forwards by the routes of our previous life: R and F bits of RFC 4724 §3 in the first OPENs. */
  readonly restarting: boolean
  /** RFC 4724 restart time offered to peers, seconds 0..4095. */
  readonly restartTimeSec: number
  /** The name peers show us by (FQDN capability); absent: none is told. */
  readonly hostName?: string
}

/**
 * Traffic led away from this node before it goes: what it originates is announced with GRACEFUL_SHUTDOWN (RFC 8326) first, and then no
 * more. Sessions stay up.
 */
export type DrainState = 'none' | 'announced' | 'withdrawn'

export type PeerState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established'

/** BGP messages by their type (RFC 4271 §4.1, RFC 2918). */
export type CountsByType = {
  readonly open: number
  readonly update: number
  readonly notification: number
  readonly keepalive: number
  readonly routeRefresh: number
}

/** Routes of one peer and family. */
export type FamilyStatus = {
  readonly received: number
  readonly accepted: number
  /** Prefixes whose best path came from the peer. */
  readonly best?: number
  readonly advertised: number
  readonly stale: number
  /**
   * Why routes are stale: 'awaited': the peer restarts and is not back; 'returned': it is, and has not said End-of-RIB (RFC 4724 §4.2);
   * 'long-lived': it is away for long (RFC 9494); 'refreshing': it tells all again (RFC 7313).
   */
  readonly staleState?: 'awaited' | 'returned' | 'long-lived' | 'refreshing'
  /** Seconds until they go, or become long-lived. */
  readonly staleLeftSec?: number
  /** This node restarted, and its first decision waits for the peer's End-of-RIB (RFC 4724 §4.1). */
  readonly endOfRibAwaited?: true
}

/** `GET /v1/bgp/peers`, one peer. */
export type PeerStatus = {
  readonly name: string
  readonly address: IpAddress
  /** The range it came from: it is a peer only as long as its session, and what is kept for it, lasts. */
  readonly range?: string
  /** The link of a link-local address. */
  readonly interface?: string
  readonly asNumber: number
  /** Administratively down, with these words for the peer (RFC 9003), perhaps none. */
  readonly shutdown?: string
  readonly state: PeerState
  /** ISO 8601 */
  readonly since: string
  readonly remoteRouterId?: string
  /** Seconds since the session came up; absent while it is not Established. */
  readonly uptimeSec?: number
  /** All the peer announced, by IANA's names. */
  readonly capabilities?: readonly string[]
  /** What both ends announced, and the session works by. */
  readonly negotiated?: readonly string[]
  readonly families: Readonly<Record<string, FamilyStatus>>
  /** Hold time and keepalive as agreed on, before that as configured; what is left of each timer that runs. */
  readonly timers: {
    readonly holdTimeSec: number
    readonly keepaliveSec: number
    readonly connectRetrySec: number
    readonly configuredHoldTimeSec?: number
    readonly connectRetryRemainingSec?: number
    readonly idleHoldRemainingSec?: number
    readonly holdRemainingSec?: number
    readonly keepaliveRemainingSec?: number
  }
  readonly messages: {
    readonly sent: number
    readonly received: number
    readonly updatesSent: number
    readonly updatesReceived: number
    readonly sentByType?: CountsByType
    readonly receivedByType?: CountsByType
    /** Time taken to handle what the peer sent, seconds. */
    readonly handlingSec?: number
  }
  /** The last reason for leaving a session, with its RFC name: "Hold Timer Expired (4/0), sent". */
  readonly lastError?: {
    readonly name: string
    readonly code?: number
    readonly subcode?: number
    readonly direction: 'sent' | 'received' | 'local'
    readonly at: string
    readonly message?: string
  }
  /** RFC 5882; absent: no BFD beside this session. */
  readonly bfd?: BfdStatus
  readonly flaps: number
}

/** Who is told of sessions and routes from outside. Changes are taken while running. */
export type MonitorSettings = {
  /** As which this node is known. */
  readonly node: { readonly name: string; readonly version: string }
  /** BMP collectors (RFC 7854), each with a name of its own. */
  readonly collectors: readonly {
    readonly name: string
    readonly address: IpAddress
    readonly port: number
    /** The tables it is told: Adj-RIB-In before and after policy, Loc-RIB (RFC 9069), Adj-RIB-Out (RFC 8671). */
    readonly routes: readonly ('received' | 'accepted' | 'best' | 'advertised')[]
    /** 0: no statistics. */
    readonly statisticsIntervalSec: number
  }[]
  /** Snapshots of the table as MRT files (RFC 6396); absent: none. */
  readonly mrt?: { readonly directory: string; readonly intervalSec: number; readonly keep: number }
}

/** Counters only grow. @property unread octets that wait for the collector to read */
export type MonitorStatus = {
  readonly collectors: readonly {
    readonly name: string
    readonly address: IpAddress
    readonly port: number
    readonly connected: boolean
    readonly messages: number
    readonly octets: number
    readonly unread: number
    readonly connects: number
  }[]
  readonly mrt?: { readonly files: number; readonly failures: number }
  /** Sizes of the tables, by family. @property best prefixes with a best path */
  readonly tables?: Readonly<Record<string, { readonly prefixes: number; readonly paths: number; readonly best: number }>>
}

export type RouteQuery = {
  readonly table: 'in' | 'accepted' | 'best' | 'out'
  readonly peer?: string
  readonly prefix?: Cidr
  /** With `prefix`: what lies inside it too. */
  readonly longer?: boolean
  /** 1..10000 */
  readonly limit: number
  /** Opaque: what the page before returned. */
  readonly cursor?: string
}

/** @property peer needed but with `best`, where it leaves those from others out */
export type RouteWatchQuery = Pick<RouteQuery, 'table' | 'peer' | 'prefix' | 'longer'>

/** SYNCED: all that was there has been told. CLOSED: the last one, whoever wants more asks again. A DELETED object has no paths. */
export type RouteEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: RouteEntry }
  | { readonly type: 'SYNCED' }
  | { readonly type: 'CLOSED'; readonly reason: string }

/** One path as the API shows it; attributes decoded, addresses as text. */
export type RoutePath = {
  readonly peer: string // 'local' for originated
  readonly nextHop: string
  readonly origin: 'igp' | 'egp' | 'incomplete'
  readonly asPath: string
  readonly med?: number
  readonly localPref?: number
  readonly communities?: readonly string[]
  readonly largeCommunities?: readonly string[]
  readonly originatorId?: string
  readonly clusterList?: readonly string[]
  readonly unknownAttributes?: readonly { readonly type: number; readonly flags: number; readonly hex: string }[]
  readonly stale?: boolean
  readonly best?: boolean
  /** What tells it from other paths of the peer, as it was received or is sent (RFC 7911); absent: the peer has one path. */
  readonly pathId?: number
  /** Shares the traffic with the best path (ECMP). */
  readonly multipath?: boolean
  /** Why it takes no part in the decision: refused by import policy, a loop, a next hop that cannot be reached. */
  readonly unused?: string
  /** `best` only: the step of the decision at which it was left behind. */
  readonly lostAt?: string
}

/** Whether a peer is told of a prefix. @property reason why not  @property paths as they are sent */
export type PeerVerdict = {
  readonly peer: string
  readonly advertised: boolean
  readonly reason?: string
  readonly paths?: readonly RoutePath[]
}

/** `GET /v1/bgp/explain`: every path of a prefix with the step at which it was left behind, and what each peer is told. */
export type RouteExplanation = {
  readonly prefix: Cidr
  readonly family: AddressFamily
  /** The best one first. */
  readonly paths: readonly RoutePath[]
  readonly decidedBy?: string
  /** Where there is no such route: the longest one around it. */
  readonly coveredBy?: Cidr
  readonly peers: readonly PeerVerdict[]
}

export type RouteEntry = {
  readonly prefix: Cidr
  readonly family: AddressFamily
  readonly paths: readonly RoutePath[]
  /** `best` only: the step of the decision (RFC 4271 §9.1.2) that chose: 'only-path', 'local', 'long-lived-stale', 'local-pref', 'as-path-length', 'origin', 'med', 'ebgp-over-ibgp', 'igp-metric', 'router-id', 'cluster-list-length', 'peer-address', 'path-id', 'prefer-existing', … */
  readonly decidedBy?: string
}

export type RoutePage = { readonly routes: readonly RouteEntry[]; readonly total: number; readonly cursor?: string }

/**
 * A next hop of learned routes, and the directly connected routers that lead to it: itself, or those of the route that covers it. None
 * where it is not reached without a tunnel. A link-local one has its link with it: fe80::1%eth0 (RFC 4007 §11).
 */
export type LearnedNextHop = { readonly address: IpAddress; readonly gateways: readonly IpAddress[] }

/**
 * The best-route changes of one turn, handed over without an object per route: for each id, `nextHopsOf(id)` are the next hops of the
 * best learned paths, in no order (several: ECMP); empty if the prefix has no learned best path any more (withdrawn, or local won).
 * Valid only during the call. Lists are interned: as long as one means the same it is the same object.
 */
export type BestRouteBatch = {
  readonly table: PrefixTable
  readonly ids: readonly number[] | Uint32Array
  readonly count: number
  nextHopsOf(id: number): readonly LearnedNextHop[]
  /** Packets to the prefix, which has a learned best path, are to be dropped here (RFC 7999). */
  discards(id: number): boolean
}
