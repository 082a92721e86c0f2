import type { PeerSlot } from './peer-slot.ts'
import type { UpdateGroup } from './update-group.ts'

/** A set of attributes as one update group sends it, with whose route it is: encoded once, used by all its prefixes. */
export class OutSet {
  readonly group: UpdateGroup
  /** In the group's table. */
  readonly id: number
  /** The peer that it came from and is not sent to. */
  readonly source: number
  readonly #from: PeerSlot
  readonly #remoteRouterId: number
  /** Encoded attributes but for MP_REACH_NLRI; undefined: not to be sent. */
  readonly bytes: Uint8Array | undefined
  /** For MP_REACH_NLRI; empty for IPv4. */
  readonly nextHop: Uint8Array
  /** Prefixes in the Adj-RIB-Out that have it. */
  uses = 0
  /** The set it was made of is gone: it is not found again. */
  forgotten = false
  /** In the list of the same attribute set. */
  next: OutSet | undefined
  /** First and last place in the batch that is being written, or -1. */
  firstInBatch = -1
  lastInBatch = -1

  constructor(group: UpdateGroup, id: number, source: PeerSlot, message: Outgoing | undefined, next: OutSet | undefined) {
    this.group = group
    this.id = id
    this.source = source.id
    this.#from = source
    this.#remoteRouterId = source.remoteRouterId
    this.bytes = message?.bytes
    this.nextHop = message?.nextHop ?? noOctets
    this.next = next
  }

  /** Not if its number is another peer's by now, or it has another BGP Identifier, which is what reflected routes are marked with. */
  isStillFrom(source: PeerSlot): boolean {
    return this.#from === source && this.#remoteRouterId === source.remoteRouterId
  }

  sendsTheSameAs(other: OutSet): boolean {
    return this.source === other.source && sameOctets(this.bytes, other.bytes) && sameOctets(this.nextHop, other.nextHop)
  }
}

/** What a route's attributes become on the wire. */
export type Outgoing = { readonly bytes: Uint8Array; readonly nextHop: Uint8Array }

const noOctets = new Uint8Array(0)

function sameOctets(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return a === b
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
