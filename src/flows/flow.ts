/** A flow as the flow log has it: what the kernel decided about a new connection, and who had told it to. */
import type { PacketHeader } from '../../felix/nflog/packet-header.ts'
import { flowPrefixes } from '../../policy/verdict-chains.ts'
import type { IpAddress } from '../net/address.ts'

export type FlowVerdict = 'allowed' | 'denied'

/** Why a packet is dropped of which no policy is asked: whoever sends it. */
export type DropReason = 'spoofed source' | 'invalid' | 'unknown interface'

/** What the kernel did with the first packet. @property answered whether the sender was told (Reject) @property reason absent: policy decided */
export type Ruling = { readonly verdict: FlowVerdict; readonly answered: boolean; readonly reason?: DropReason }

/**
 * The first packet of a connection, and what became of it.
 * @property inInterface absent: the host's own  @property outInterface absent: for the host
 */
export type Sighting = {
  readonly ruling: Ruling
  readonly packet: PacketHeader
  readonly inInterface?: string
  readonly outInterface?: string
}

/** @property subject "NetworkPolicy shop/web", "Tier default"  @property rule 0-based in the list of the direction; absent: the whole subject */
export type Decision = {
  readonly direction: 'ingress' | 'egress'
  readonly subject: string
  readonly rule?: number
  readonly outcome: string
}

export type EndpointName = { readonly namespace: string; readonly name: string }

/**
 * What the policies that are stored say of a flow.
 * @property decisions the one that decided in each direction that has an endpoint of this node
 * @property isCertain false where a host endpoint has a say as well, whose policies are not asked
 * @property pending the same of staged policies, were they enforced; absent where that changes nothing
 */
export type Judgement = {
  readonly verdict: FlowVerdict
  readonly isCertain: boolean
  readonly from?: EndpointName
  readonly to?: EndpointName
  readonly decisions: readonly Decision[]
  readonly pending?: readonly Decision[]
}

/** Connections alike but for their source ports, as `GET /v1/flows` shows them. Times in ISO 8601. */
export type FlowShown = {
  readonly verdict: FlowVerdict
  readonly answered?: true
  readonly reason?: DropReason
  readonly from: { readonly address: IpAddress } & Partial<EndpointName>
  readonly to: { readonly address: IpAddress } & Partial<EndpointName>
  readonly protocol: string | number
  readonly port?: number
  readonly icmpType?: number
  readonly icmpCode?: number
  /** Of the decision that was the last word. */
  readonly policy?: string
  readonly rule?: number
  readonly decisions: readonly Decision[]
  readonly pending?: readonly Decision[]
  /** The kernel did otherwise than the policies say. */
  readonly differs?: true
  readonly count: number
  readonly firstSeen: string
  readonly lastSeen: string
  readonly inInterface?: string
  readonly outInterface?: string
}

const rulings: ReadonlyMap<string, Ruling> = new Map([
  [flowPrefixes.allowed, { verdict: 'allowed', answered: false }],
  [flowPrefixes.allowedToHost, { verdict: 'allowed', answered: false }],
  [flowPrefixes.denied, { verdict: 'denied', answered: false }],
  [flowPrefixes.rejected, { verdict: 'denied', answered: true }],
  [flowPrefixes.spoofed, { verdict: 'denied', answered: false, reason: 'spoofed source' }],
  [flowPrefixes.invalid, { verdict: 'denied', answered: false, reason: 'invalid' }],
  [flowPrefixes.unknown, { verdict: 'denied', answered: false, reason: 'unknown interface' }],
])

/** What the prefix of a copy says; undefined: it is not of our rules. */
export function rulingOf(prefix: string): Ruling | undefined {
  return rulings.get(prefix)
}
