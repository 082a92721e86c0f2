import t from 'tap'
import type { PeerConfig } from '../peer.ts'
import { address, peerConfig } from './fixture.ts'
import { type SocketTerms, socketTerms } from './socket-terms.ts'

const table: [title: string, peer: Partial<PeerConfig>, internal: boolean, expected: SocketTerms][] = [
  ['an external peer is one hop away', {}, false, { ttl: 1 }],
  ['an external peer that is farther', { multihop: 7 }, false, { ttl: 7 }],
  ['an internal peer may be anywhere', {}, true, {}],
  ['multihop is without effect on an internal peer', { multihop: 7 }, true, {}],
  ['RFC 5082 §3 a neighbour with GTSM sends 255 and takes nothing less', { ttlSecurity: 1 }, false, { ttl: 255, minTtl: 255 }],
  ['RFC 5082 §3 GTSM over two hops, on an internal peer too', { ttlSecurity: 2 }, true, { ttl: 255, minTtl: 254 }],
  ['RFC 5082 §3 the farthest', { ttlSecurity: 254 }, false, { ttl: 255, minTtl: 2 }],
  ['RFC 2385 a key', { password: 'secret' }, true, { key: 'secret' }],
  ['all of it', { password: 'secret', ttlSecurity: 1 }, false, { ttl: 255, minTtl: 255, key: 'secret' }],
]
for (const [title, peer, internal, expected] of table) {
  const config = peerConfig({ address: address('127.0.0.2'), port: 179, ...peer })
  t.test(title, async (t) => t.strictSame(socketTerms(config, internal), expected))
}
