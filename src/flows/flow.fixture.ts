/** For tests only: sightings of packets, and what policies say of them. */
import type { PacketHeader } from '../../felix/nflog/packet-header.ts'
import type { IpAddress } from '../net/address.ts'
import type { Judgement, Ruling, Sighting } from './flow.ts'

export const allowed: Ruling = { verdict: 'allowed', answered: false }
export const denied: Ruling = { verdict: 'denied', answered: false }

/** TCP from 10.0.0.1 to 10.0.0.2 port 80, unless said otherwise. */
export function tcp(changes: Partial<PacketHeader> = {}): PacketHeader {
  const ends = { source: '10.0.0.1' as IpAddress, destination: '10.0.0.2' as IpAddress }
  return { ...ends, protocol: 6, sourcePort: 40_000, destinationPort: 80, ...changes }
}

export function sighting(ruling: Ruling = allowed, packet: PacketHeader = tcp()): Sighting {
  return { ruling, packet, inInterface: 'tortweb', outInterface: 'tortdb' }
}

/** shop/web to shop/db, decided by a rule of a policy in shop. */
export const judgement: Judgement = {
  verdict: 'allowed',
  isCertain: true,
  from: { namespace: 'shop', name: 'web' },
  to: { namespace: 'shop', name: 'db' },
  decisions: [
    { direction: 'egress', subject: 'Profile kns.shop', rule: 0, outcome: 'Allow' },
    { direction: 'ingress', subject: 'NetworkPolicy shop/db', rule: 2, outcome: 'Allow' },
  ],
}
