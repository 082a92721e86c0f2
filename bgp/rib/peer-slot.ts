import type { PeerConfig } from '../peer.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { ContextId } from './attribute-table.ts'
import type { ImportPolicy } from './import-policy.ts'
import type { PeerId, SessionTerms } from './session-terms.ts'

/** Counters of one peer and family. */
export type RouteCounts = { received: number; accepted: number; stale: number }

/** The source of what this node originates: no peer has its number. */
export const localPeer = 0

/** A configured peer and, while it is Established, its session; number 0 is this node itself. */
export class PeerSlot {
  readonly id: PeerId
  readonly #localAs: number
  #config: PeerConfig | undefined
  /** Position among all peers in the order of their addresses: the last step of the decision. */
  addressRank = 0
  /** Kept over the end of a session, for its stale routes. */
  remoteRouterId = 0
  terms: SessionTerms | undefined
  context: ContextId | undefined
  /** What its paths are used as; undefined: as they are. */
  importPolicy: Readonly<Record<AddressFamily, ImportPolicy>> | undefined
  /** In the session that is up it puts path identifiers before prefixes (RFC 7911). */
  readonly sendsPathIds: Record<AddressFamily, boolean> = { 'ipv4-unicast': false, 'ipv6-unicast': false }
  readonly counts: Record<AddressFamily, RouteCounts> = {
    'ipv4-unicast': { received: 0, accepted: 0, stale: 0 },
    'ipv6-unicast': { received: 0, accepted: 0, stale: 0 },
  }

  constructor(id: PeerId, config: PeerConfig | undefined, localAs: number) {
    this.id = id
    this.#config = config
    this.#localAs = localAs
  }

  /** undefined: this node. */
  get config(): PeerConfig | undefined {
    return this.#config
  }

  get internal(): boolean {
    return this.#config === undefined || this.#config.asNumber === (this.#config.localAs ?? this.#localAs) // RFC 7705 §4
  }

  configure(config: PeerConfig): void {
    this.#config = config
  }
}
