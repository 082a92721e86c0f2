/** The six states of RFC 4271 §8.2.2; each carries the data that exists only there. */
import type { Terms } from './terms.ts'

/** Session attributes of RFC 4271 §8 that outlive a state. */
type Attributes = {
  /** PassiveTcpEstablishment, and stricter than the RFC: we never dial this peer. */
  readonly passive: boolean
  /** Attempts since the last start or the last stable session; the exponent of both backoffs. */
  readonly connectRetryCounter: number
}

export type Idle = Attributes & { readonly name: 'Idle' }
export type Connect = Attributes & { readonly name: 'Connect' }
export type Active = Attributes & { readonly name: 'Active' }
export type OpenSent = Attributes & { readonly name: 'OpenSent' }
export type OpenConfirm = Attributes & { readonly name: 'OpenConfirm'; readonly terms: Terms }
export type Established = Attributes & { readonly name: 'Established'; readonly terms: Terms }

export type State = Idle | Connect | Active | OpenSent | OpenConfirm | Established

/** RFC 4271 §8.2.2: where every connection starts. */
export const initialState = (passive: boolean): Idle => ({ name: 'Idle', passive, connectRetryCounter: 0 })

/** A second connection with the same peer, begun by the peer (§6.8): it takes what comes and keeps the count. */
export const listeningState = ({ passive, connectRetryCounter }: State): Active => ({ name: 'Active', passive, connectRetryCounter })
