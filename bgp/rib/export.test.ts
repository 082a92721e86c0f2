/** What is told to whom, and how it is changed on its way. Each case goes through the whole RIB: octets in, octets out. */
import t from 'tap'
import type { PeerConfig } from '../peer.ts'
import { times } from '../wire/fixture.ts'
import { address, octets, path, RibLab, ribOptions, type Sent } from './fixture.ts'
import type { RibOptions } from './rib-options.ts'
import type { SessionTerms } from './session-terms.ts'

const clusterId = 0x0c00_0001
const reflecting: RibOptions = { ...ribOptions, clusterId }

type Over = Partial<Omit<PeerConfig, 'asNumber'>> & { asNumber?: number }
const external: Over = { asNumber: 65002 }
const internal: Over = { asNumber: 65000 }
const client: Over = { ...internal, routeReflectorClient: true }

type Case = {
  /** undefined: this node originates. */
  readonly from: Over | undefined
  readonly sent?: Sent
  readonly to: Over
  readonly terms?: Partial<SessionTerms>
  readonly options?: RibOptions
  readonly prefix?: string
}

function labOf({ from, sent = {}, to, terms, options = ribOptions, prefix = '10.1.0.0/24' }: Case) {
  const lab = new RibLab(options)
  const reader = lab.peer('reader', { address: address('10.0.0.3'), ...to }, { remoteRouterId: 3, ...terms })
  if (from === undefined) lab.originate([prefix])
  else lab.peer('source', from, { remoteRouterId: 4 }).announce([prefix], sent)
  lab.settle()
  return { lab, reader }
}

/** What the peer is told of the prefix. */
function told(given: Case): string | undefined {
  const { reader } = labOf(given)
  return Object.values(reader.known)[0]
}

const noExport = 0xffff_ff01
const noAdvertise = 0xffff_ff02
const noExportSubconfed = 0xffff_ff03
const eBgp = (sent: Sent = {}) => ({ from: { asNumber: 65001 }, sent })
const iBgp = (sent: Sent = {}) => ({ from: internal, sent: { ...sent, internal: true } })
const v6 = { prefix: 'fd01::/64' }
const global6 = octets('2001:db8::2')
const withoutIpv6: RibOptions = { ...ribOptions, localAddress: { ipv4: ribOptions.localAddress.ipv4 } }

const rewritten: [title: string, given: Case, expected: string | undefined][] = [
  [
    'RFC 4271 §5.1.2 a: from outside to outside our AS is prepended',
    { ...eBgp(), to: external },
    'path 65000 65001, origin 0, via 10.0.0.1',
  ],
  ['RFC 4271 §5.1.2 b: our own route has our AS alone', { from: undefined, to: external }, 'path 65000, origin 0, via 10.0.0.1'],
  ['RFC 4271 §5.1.2: inside the path stays', { ...eBgp(), to: internal }, 'path 65001, origin 0, via 10.0.0.2, localPref 100'],
  ['RFC 4271 §5.1.2: our own route has an empty path inside', { from: undefined, to: internal }, 'origin 0, via 10.0.0.1, localPref 100'],
  ['RFC 4271 §5.1.1: ORIGIN is never changed', { ...eBgp({ origin: 2 }), to: external }, 'path 65000 65001, origin 2, via 10.0.0.1'],
  [
    'RFC 4271 §5.1.3: the next hop inside is that of the session outside',
    { ...eBgp({ nextHop: octets('10.9.0.1') }), to: internal },
    'path 65001, origin 0, via 10.9.0.1, localPref 100',
  ],
  [
    "RFC 4271 §5.1.3: outside it is our end of the peer's session",
    { ...eBgp(), to: external, terms: { localAddress: address('10.8.0.1') } },
    'path 65000 65001, origin 0, via 10.8.0.1',
  ],
  [
    'RFC 4271 §5.1.4: a MED from outside goes no further than inside',
    { ...eBgp({ med: 5 }), to: external },
    'path 65000 65001, origin 0, via 10.0.0.1',
  ],
  [
    'RFC 4271 §5.1.4: a MED stays inside',
    { ...eBgp({ med: 5 }), to: internal },
    'path 65001, origin 0, via 10.0.0.2, med 5, localPref 100',
  ],
  [
    'RFC 4271 §5.1.5: LOCAL_PREF does not leave; RFC 4456 §8: nor ORIGINATOR_ID and CLUSTER_LIST',
    { ...iBgp({ localPref: 200, originatorId: 9, clusterList: [5] }), to: external },
    'path 65000, origin 0, via 10.0.0.1',
  ],
  [
    'RFC 4456 §8: reflected, the BGP Identifier of the source is ORIGINATOR_ID and our cluster is first',
    { ...iBgp({ localPref: 200 }), to: client, options: reflecting },
    `origin 0, via 10.0.0.2, localPref 200, originatorId 4, clusters ${clusterId}`,
  ],
  [
    'RFC 4456 §8: an ORIGINATOR_ID stays, a CLUSTER_LIST grows in front',
    { ...iBgp({ originatorId: 9, clusterList: [5, 6] }), to: client, options: reflecting },
    `origin 0, via 10.0.0.2, localPref 100, originatorId 9, clusters ${clusterId},5,6`,
  ],
  [
    'RFC 4456 §10: a reflector does not change next hop, path, MED and LOCAL_PREF',
    { ...iBgp({ med: 5, localPref: 7, asPath: path('7 8'), nextHop: octets('10.9.0.1') }), to: client, options: reflecting },
    `path 7 8, origin 0, via 10.9.0.1, med 5, localPref 7, originatorId 4, clusters ${clusterId}`,
  ],
  [
    'RFC 1997: other communities are passed on',
    { ...eBgp({ communities: [0x0001_0002, 0xffff_ffff] }), to: external },
    'path 65000 65001, origin 0, via 10.0.0.1, communities 65538,4294967295',
  ],
  [
    'RFC 2545 §3: outside, the IPv6 next hop is our IPv6 address',
    { ...eBgp({ nextHop: global6 }), ...v6, to: external },
    'path 65000 65001, origin 0, via fd00::1',
  ],
  [
    'RFC 2545 §3: without one it is our end of the session',
    { ...eBgp({ nextHop: global6 }), ...v6, to: external, options: withoutIpv6, terms: { localAddress: address('fd08::1') } },
    'path 65000 65001, origin 0, via fd08::1',
  ],
  [
    'RFC 4291 §2.5.5.2: over an IPv4 session its IPv4-mapped form',
    { ...eBgp({ nextHop: global6 }), ...v6, to: external, options: withoutIpv6 },
    'path 65000 65001, origin 0, via ::ffff:10.0.0.1',
  ],
  [
    'RFC 4291 §2.5.5.2: our own IPv6 route without an IPv6 address, also inside',
    { from: undefined, ...v6, to: internal, options: withoutIpv6 },
    'origin 0, via ::ffff:10.0.0.1, localPref 100',
  ],
  [
    'RFC 2545 §3: inside, the IPv6 next hop stays',
    { ...eBgp({ nextHop: global6 }), ...v6, to: internal },
    'path 65001, origin 0, via 2001:db8::2, localPref 100',
  ],
  [
    'an IPv4 route over an IPv6 session has our IPv4 address',
    { ...eBgp(), to: external, terms: { localAddress: address('fd08::1') } },
    'path 65000 65001, origin 0, via 10.0.0.1',
  ],
  [
    'RFC 6793 §4.2.2: to an OLD speaker AS_TRANS, and the real path in AS4_PATH',
    { ...eBgp({ asPath: path('65001 4200000000') }), to: external, terms: { fourOctetAs: false } },
    'path 65000 65001 4200000000, origin 0, via 10.0.0.1',
  ],
]

const permitted: [title: string, given: Case, isTold: boolean][] = [
  ['RFC 4271 §9.2: from inside not to inside', { ...iBgp(), to: internal }, false],
  ['RFC 4271 §9.2: from inside to outside', { ...iBgp(), to: external }, true],
  ['RFC 4456 §6: who is no reflector does not reflect', { ...iBgp(), to: client }, false],
  ['RFC 4456 §6: from a non-client to a client', { ...iBgp(), to: client, options: reflecting }, true],
  ['RFC 4456 §6: from a client to a non-client', { ...iBgp(), from: client, to: internal, options: reflecting }, true],
  ['RFC 4456 §6: from a client to a client', { ...iBgp(), from: client, to: client, options: reflecting }, true],
  ['RFC 4456 §6: from a non-client not to a non-client', { ...iBgp(), to: internal, options: reflecting }, false],
  ['RFC 4456 §6: from outside to a non-client', { ...eBgp(), to: internal, options: reflecting }, true],
  ['RFC 1997: NO_EXPORT not to outside', { ...eBgp({ communities: [1, noExport] }), to: external }, false],
  ['RFC 1997: NO_EXPORT to inside', { ...eBgp({ communities: [noExport] }), to: internal }, true],
  ['RFC 1997: NO_EXPORT_SUBCONFED not to outside', { ...eBgp({ communities: [noExportSubconfed] }), to: external }, false],
  [
    'RFC 1997: NO_EXPORT_SUBCONFED to inside, without a confederation',
    { ...eBgp({ communities: [noExportSubconfed] }), to: internal },
    true,
  ],
  ['RFC 1997: NO_ADVERTISE not to outside', { ...eBgp({ communities: [noAdvertise] }), to: external }, false],
  ['RFC 1997: NO_ADVERTISE not to inside', { ...eBgp({ communities: [noAdvertise] }), to: internal }, false],
  ['export local: what this node originates', { from: undefined, to: { ...external, export: 'local' } }, true],
  ['export local: nothing else', { ...eBgp(), to: { ...external, export: 'local' } }, false],
  ['export local: nothing else inside', { ...eBgp(), to: { ...internal, export: 'local' } }, false],
  ['export none: not even what this node originates', { from: undefined, to: { ...external, export: 'none' } }, false],
  [
    'RFC 4760 §8: a family that was not agreed on is not told',
    { ...eBgp({ nextHop: global6 }), ...v6, to: external, terms: { families: ['ipv4-unicast'] } },
    false,
  ],
  ['RFC 4271 §9.1.2: what is not used is not told', { ...eBgp({ asPath: path('65001 65000') }), to: external }, false],
]

for (const [title, given, expected] of rewritten) t.test(title, async (t) => t.equal(told(given), expected))
for (const [title, given, isTold] of permitted) t.test(title, async (t) => t.equal(told(given) !== undefined, isTold))

t.test('RFC 4271 §9.1.3: the peer that a route came from is not told of it', async (t) => {
  for (const config of [external, client]) {
    const lab = new RibLab(reflecting)
    const source = lab.peer('source', config)
    const other = lab.peer('other', { ...config, address: address('10.0.0.3') })
    source.announce(['10.1.0.0/24'])
    lab.settle()
    t.strictSame([source.known, Object.keys(other.known)], [{}, ['10.1.0.0/24']])
    t.equal(lab.rib.counts(source.id, 'ipv4-unicast').advertised, 0)
    t.equal(lab.rib.counts(other.id, 'ipv4-unicast').advertised, 1)
  }
})

t.test('RFC 4271 §5.1.2: before a full segment of 255 ASes a new one begins', async (t) => {
  for (const count of [254, 255, 300]) {
    const asNumbers = [65001, ...times(count - 1, 7)]
    const { reader } = labOf({ ...eBgp({ asPath: [{ type: 'sequence', asNumbers }] }), to: external })
    const segments = reader.reader.readAll().routes.get('10.1.0.0/24')?.asPath ?? []
    t.strictSame(
      segments.flatMap((segment) => segment.asNumbers),
      [65000, ...asNumbers],
    )
    t.ok(segments.every((segment) => segment.asNumbers.length <= 255))
  }
})

t.test('RFC 4271 §5: unknown transitive attributes are passed on byte for byte, with the Partial bit', async (t) => {
  const data = Uint8Array.from({ length: 300 }, (_, i) => i & 255)
  const unknown = [
    { flags: 0xc0, type: 99, data: Uint8Array.of(1, 2, 255) },
    { flags: 0xe0, type: 255, data },
  ]
  for (const to of [external, internal]) {
    const { reader } = labOf({ ...eBgp({ unknown }), to })
    const passed = reader.reader.readAll().routes.get('10.1.0.0/24')?.unknown
    t.strictSame(
      passed?.map((one) => ({ ...one, flags: one.flags & 0xe0 })),
      unknown.map((one) => ({ ...one, flags: 0xe0 })),
    )
  }
})

t.test('RFC 4271 §5: unknown non-transitive attributes go no further', async (t) => {
  const { reader } = labOf({ ...eBgp({ unknown: [{ flags: 0x80, type: 99, data: Uint8Array.of(1) }] }), to: external })
  t.strictSame(reader.reader.readAll().routes.get('10.1.0.0/24')?.unknown, [])
})

t.test('RFC 4271 §5.1.6, §5.1.7, RFC 8092: ATOMIC_AGGREGATE, AGGREGATOR and large communities are passed on', async (t) => {
  const given = {
    atomicAggregate: true,
    aggregator: { asNumber: 65009, address: 0x0a09_0909 },
    largeCommunities: [[1, 2, 4294967295]] as const,
  }
  for (const to of [external, internal]) {
    const { reader } = labOf({ ...eBgp(given), to })
    const { atomicAggregate, aggregator, largeCommunities } = reader.reader.readAll().routes.get('10.1.0.0/24') ?? {}
    t.strictSame({ atomicAggregate, aggregator, largeCommunities }, given)
  }
})

t.test('RFC 2545 §3: a link-local address beside the next hop is not passed on: its link need not be that of the next peer', async (t) => {
  const nextHop = Uint8Array.of(...global6, ...octets('fe80::2'))
  const { reader } = labOf({ ...eBgp({ nextHop }), ...v6, to: internal })
  t.strictSame(reader.reader.readAll().routes.get(v6.prefix)?.nextHop, global6)
})

t.test('RFC 2545 §2: a next hop that is link-local only is not passed on either: this node is put in its place', async (t) => {
  const { reader } = labOf({ ...eBgp({ nextHop: octets('fe80::2') }), ...v6, to: internal })
  const { nextHop } = reader.reader.readAll().routes.get(v6.prefix) ?? {}
  t.strictSame(nextHop?.length, 16)
  t.not(nextHop?.[0], 0xfe)
})

t.test(
  'RFC 2545 §3: a session between link-local addresses is told our end of the link: our global address need not be on it',
  async (t) => {
    const { reader } = labOf({ from: undefined, to: external, prefix: v6.prefix, terms: { localAddress: address('fe80::1') } })
    t.strictSame(reader.reader.readAll().routes.get(v6.prefix)?.nextHop, octets('fe80::1'))
  },
)

t.test('RFC 4360 §6: non-transitive extended communities stay inside, the others go on', async (t) => {
  const extended = (...communities: string[]) => [
    { flags: 0xc0, type: 16, data: Uint8Array.from(Buffer.from(communities.join(''), 'hex')) },
  ]
  const [transitive, local] = ['0002fdea00000001', '4002fdeb0000000a']
  const passed = (to: Over, unknown: ReturnType<typeof extended>) =>
    labOf({ ...eBgp({ unknown }), to })
      .reader.reader.readAll()
      .routes.get('10.1.0.0/24')?.unknown
  t.strictSame(passed(external, extended(transitive, local)), extended(transitive))
  t.strictSame(passed(external, extended(local)), [])
  t.strictSame(passed(internal, extended(transitive, local)), extended(transitive, local))
})
