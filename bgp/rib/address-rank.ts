import { addressBytes } from '../../src/net/address.ts'
import type { PeerSlot } from './peer-slot.ts'

/** Tells each peer its place in the order of addresses, IPv4 first (RFC 4271 §9.1.2.2 g). This node, which has none, comes first. */
export function rankByAddress(peers: readonly (PeerSlot | undefined)[]): void {
  const key = (slot: PeerSlot): string => Buffer.from(addressBytes(slot.config?.address ?? '') ?? []).toString('hex')
  const ordered = peers.filter((slot) => slot !== undefined).map((slot) => ({ slot, key: key(slot) }))
  ordered.sort((a, b) => a.key.length - b.key.length || (a.key < b.key ? -1 : 1))
  for (const [rank, { slot }] of ordered.entries()) slot.addressRank = rank
}
