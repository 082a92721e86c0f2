import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import { asn } from '../../src/net/asn.ts'
import type { PeerConfig } from '../peer-config.ts'
import { bfdPeers } from './bfd-peers.ts'

const address = (text: string) => text as IpAddress
const own = { ipv4: address('10.0.0.1'), ipv6: address('fd00::1') }
const terms = { minTxMs: 300, minRxMs: 300, multiplier: 3 }
const remote = address('10.0.0.2')
const plain: PeerConfig = {
  name: 'p',
  address: remote,
  asNumber: asn(65002),
  port: 179,
  passive: false,
  families: ['ipv4-unicast'],
  routeReflectorClient: false,
  holdTimeSec: 90,
  maxPrefixes: 0,
  import: 'all',
  export: 'local',
  bfd: terms,
}

const places: [title: string, peer: Partial<PeerConfig>, expected: object][] = [
  ["RFC 5881: a plain peer is watched over one hop, from the node's address", {}, { remote, local: own.ipv4, multihop: false }],
  [
    "an IPv6 peer, from the node's IPv6 address",
    { address: address('fd00::2') },
    { remote: address('fd00::2'), local: own.ipv6, multihop: false },
  ],
  ['from where BGP connects from', { sourceAddress: address('10.0.0.9') }, { remote, local: address('10.0.0.9'), multihop: false }],
  ['from whatever the system chooses', { sourceAddress: 'any' }, { remote, multihop: false }],
  [
    'a link-local peer, by its interface',
    { address: address('fe80::2'), interface: 'eth0' },
    { remote: address('fe80::2'), interface: 'eth0', multihop: false },
  ],
  ['RFC 5883: a multihop peer over several hops', { multihop: 3 }, { remote, local: own.ipv4, multihop: true }],
  [
    'RFC 5883: but where BFD says otherwise',
    { multihop: 3, bfd: { ...terms, multihop: false } },
    { remote, local: own.ipv4, multihop: false },
  ],
  ['RFC 5883: as BFD says', { bfd: { ...terms, multihop: true } }, { remote, local: own.ipv4, multihop: true }],
  ['RFC 5082: GTSM of one hop is what a single hop checks anyway', { ttlSecurity: 1 }, { remote, local: own.ipv4, multihop: false }],
  ['RFC 5082: GTSM of three hops holds for BFD too', { ttlSecurity: 3 }, { remote, local: own.ipv4, multihop: true, minTtl: 253 }],
]
for (const [title, peer, place] of places)
  t.test(title, async (t) => t.strictSame(bfdPeers([{ ...plain, ...peer }], own), [{ peer: 'p', place, terms }]))

t.test('peers without BFD, and those that are shut down, are not watched', async (t) => {
  const { bfd: _, ...without } = plain
  t.strictSame(bfdPeers([without, { ...plain, shutdown: 'maintenance' }], own), [])
})
