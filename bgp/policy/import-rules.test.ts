import t from 'tap'
import { attributeType } from '../wire/attribute-type.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { path, plain } from './fixture.ts'
import { type ImportTerms, imported } from './import-rules.ts'

const usual: ImportTerms = {
  external: true,
  peerAs: 65_001,
  ownAsNumbers: [65_000],
  allowLocalAs: 0,
  routerId: 1,
  clusterId: 9,
  role: undefined,
  blackhole: false,
}

const gracefulShutdown = 0xffff_0000
const blackhole = 0xffff_029a
const noExport = 0xffff_ff01
const noAdvertise = 0xffff_ff02

function otc(asNumber: number): Partial<PathAttributes> {
  return { unknown: [{ flags: 0xc0, type: attributeType.onlyToCustomer, data: Uint8Array.of(0, 0, asNumber >>> 8, asNumber & 255) }] }
}

/** The reason, or what is changed in the attributes. */
const table: readonly [title: string, attributes: Partial<PathAttributes>, terms: Partial<ImportTerms>, result: string | object][] = [
  ['§9.1.2 our AS in the path: a loop', { asPath: path('65001 65000 7') }, {}, 'own-as-in-path'],
  ['§9.1.2 our AS in a set: a loop', { asPath: [...path('65001'), { type: 'set', asNumbers: [7, 65_000] }] }, {}, 'own-as-in-path'],
  ['allowed once, our AS may be there once', { asPath: path('65001 65000') }, { allowLocalAs: 1 }, {}],
  ['allowed once, our AS twice is a loop', { asPath: path('65001 65000 65000') }, { allowLocalAs: 1 }, 'own-as-in-path'],
  [
    'RFC 7705 the AS we are towards the peer is ours too',
    { asPath: path('65001 64999') },
    { ownAsNumbers: [65_000, 64_999] },
    'own-as-in-path',
  ],
  [
    'RFC 7705 both count together',
    { asPath: path('65001 64999 65000') },
    { ownAsNumbers: [65_000, 64_999], allowLocalAs: 1 },
    'own-as-in-path',
  ],
  ['RFC 4456 §8 our identifier as originator', { originatorId: 1 }, { external: false }, 'own-originator-id'],
  ['RFC 4456 §8 our cluster in the list', { clusterList: [3, 9] }, { external: false }, 'own-cluster-id'],
  ['RFC 4456 §8 the cluster of others', { clusterList: [3] }, { external: false }, {}],
  ['RFC 8326 §4.2 GRACEFUL_SHUTDOWN from outside: LOCAL_PREF 0', { communities: [7, gracefulShutdown] }, {}, { localPref: 0 }],
  [
    'RFC 8326 §4.2 GRACEFUL_SHUTDOWN from inside: whoever heard it has set LOCAL_PREF',
    { communities: [gracefulShutdown], localPref: 100 },
    { external: false },
    {},
  ],
  ['RFC 7999 §3.3 BLACKHOLE where nobody agreed on it is a community as any other', { communities: [blackhole] }, {}, {}],
  [
    'RFC 7999 §3.2 BLACKHOLE that is honoured gets NO_EXPORT',
    { communities: [blackhole] },
    { blackhole: true },
    { communities: [blackhole, noExport] },
  ],
  ['RFC 7999 §3.2 BLACKHOLE with NO_ADVERTISE needs no more', { communities: [blackhole, noAdvertise] }, { blackhole: true }, {}],
  ['RFC 9234 §5 ingress 1: marked, from a customer: a leak', otc(65_001), { role: 'provider' }, 'route-leak'],
  ['RFC 9234 §5 ingress 1: marked, from an RS-client: a leak', otc(65_001), { role: 'rs-server' }, 'route-leak'],
  ['RFC 9234 §5 ingress 2: marked by another, from a peer: a leak', otc(7), { role: 'peer' }, 'route-leak'],
  ['RFC 9234 §5 ingress 2: marked by itself, from a peer', otc(65_001), { role: 'peer' }, {}],
  ['RFC 9234 §5 marked, from a provider: as it is', otc(7), { role: 'customer' }, {}],
  ['RFC 9234 §5 ingress 3: unmarked, from a provider', {}, { role: 'customer' }, otc(65_001)],
  ['RFC 9234 §5 ingress 3: unmarked, from a peer', {}, { role: 'peer' }, otc(65_001)],
  ['RFC 9234 §5 ingress 3: unmarked, from a route server', {}, { role: 'rs-client' }, otc(65_001)],
  ['RFC 9234 §5 unmarked, from a customer', {}, { role: 'provider' }, {}],
  ['RFC 9234 §5 unmarked, from an RS-client', {}, { role: 'rs-server' }, {}],
  ['RFC 9234 §5 marked, without a role', otc(7), {}, {}],
]
for (const [title, attributes, terms, result] of table)
  t.test(title, async (t) => {
    const before = { ...plain, asPath: path('65001'), ...attributes }
    t.strictSame(imported(before, { ...usual, ...terms }), typeof result === 'string' ? result : { ...before, ...result })
  })

t.test('what is not to be changed is the same object', async (t) => {
  t.equal(imported(plain, usual), plain)
})
