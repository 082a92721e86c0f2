import t from 'tap'
import type { PeerConfig } from '../peer.ts'
import { accept, filter, matching, reject } from '../policy/fixture.ts'
import { localAs, path, RibLab, type Sent, summary } from './fixture.ts'

const prefix = '10.1.0.0/16'

/** What is best for each prefix, as attributes. */
function best(lab: RibLab): Record<string, string> {
  lab.settle()
  const { reader } = lab.rib
  const table = reader.prefixes('ipv4-unicast')
  const known = [...table.ids()].map((id) => ({ prefix: table.format(id), path: reader.best('ipv4-unicast', id) }))
  return Object.fromEntries(known.flatMap(({ prefix, path }) => (path === undefined ? [] : [[prefix, summary(reader.attributes(path))]])))
}

type Over = Partial<Omit<PeerConfig, 'asNumber'>> & { asNumber?: number }

/** What becomes of one announcement. */
function imported(over: Over, sent: Sent = {}, prefixes: readonly string[] = [prefix]): Record<string, string> {
  const lab = new RibLab()
  lab.peer('a', over).announce(prefixes, sent)
  return best(lab)
}

const usual = 'path 65001, origin 0, via 10.0.0.2'
const gracefulShutdown = 0xffff_0000
const blackhole = 0xffff_029a
const noExport = 0xffff_ff01
const otc = (asNumber: number) => ({ flags: 0xc0, type: 35, data: Uint8Array.of(0, 0, asNumber >>> 8, asNumber & 255) })

const table: readonly [title: string, over: Over, sent: Sent, attributes: string | undefined][] = [
  ['RFC 4271 §9.1.2 our AS in the path', {}, { asPath: path(`65001 ${localAs}`) }, undefined],
  [
    'allowLocalAs: our AS as often as allowed',
    { allowLocalAs: 2 },
    { asPath: path(`65001 ${localAs} ${localAs}`) },
    `path 65001 ${localAs} ${localAs}, origin 0, via 10.0.0.2`,
  ],
  ['allowLocalAs: once more is a loop', { allowLocalAs: 1 }, { asPath: path(`65001 ${localAs} ${localAs}`) }, undefined],
  ['RFC 7705 the AS we are towards the peer, in the path', { localAs: 64999 as never }, { asPath: path('65001 64999') }, undefined],
  [
    'allowLocalAs: our own address as next hop is no path all the same',
    { allowLocalAs: 1 },
    { nextHop: Uint8Array.of(10, 0, 0, 1) },
    undefined,
  ],
  [
    'RFC 8326 §4.2 GRACEFUL_SHUTDOWN from outside',
    {},
    { communities: [gracefulShutdown] },
    `${usual}, localPref 0, communities ${gracefulShutdown}`,
  ],
  [
    'RFC 8326 §4.2 GRACEFUL_SHUTDOWN from inside',
    { asNumber: localAs },
    { communities: [gracefulShutdown], localPref: 7, asPath: [] },
    `path , origin 0, via 10.0.0.2, localPref 7, communities ${gracefulShutdown}`,
  ],
  ['RFC 7999 §3.2 BLACKHOLE without agreement', {}, { communities: [blackhole] }, `${usual}, communities ${blackhole}`],
  [
    'RFC 7999 §3.2 BLACKHOLE with it',
    { acceptBlackhole: true },
    { communities: [blackhole] },
    `${usual}, localPref 100, communities ${blackhole},${noExport}`,
  ],
  ['RFC 9234 §5 a leak of a customer', { role: { local: 'provider', strict: false } }, { unknown: [otc(7)] }, undefined],
  ['RFC 9774 §3 a path with an AS_SET', {}, { asPath: [...path('65001'), { type: 'set', asNumbers: [1, 2] }] }, undefined],
  [
    'a path with an AS_SET where it is allowed',
    { allowAsSet: true },
    { asPath: [...path('65001'), { type: 'set', asNumbers: [1, 2] }] },
    'path 65001 1 2, origin 0, via 10.0.0.2',
  ],
  ["RFC 4271 §6.3 a first AS that is not the peer's", {}, { asPath: path('7') }, undefined],
  [
    "a first AS that is not the peer's where it need not be",
    { enforceFirstAs: false },
    { asPath: path('7') },
    'path 7, origin 0, via 10.0.0.2',
  ],
  ['import none', { import: 'none' }, {}, undefined],
]
for (const [title, over, sent, attributes] of table)
  t.test(title, async (t) => {
    const known = imported(over, sent)[prefix]
    t.equal(known?.replace('path , ', ''), attributes?.replace('path , ', ''))
  })

t.test('RFC 9234 §5 what a provider sends is marked with its AS', async (t) => {
  const lab = new RibLab()
  lab.peer('a', { role: { local: 'customer', strict: false } }).announce([prefix])
  lab.settle()
  const id = [...lab.rib.reader.prefixes('ipv4-unicast').ids()][0] ?? 0
  const path = lab.rib.reader.best('ipv4-unicast', id)
  t.strictSame(path && lab.rib.reader.attributes(path).unknown, [otc(65001)])
})

const tor = filter('tor', [
  { ...matching('in 10.1.0.0/16'), ...accept, operations: [{ type: 'set-priority', priority: 512 }] },
  { ...matching('in 10.2.0.0/16'), ...accept, operations: [{ type: 'add-community', community: 7 }] },
  { ...matching('in 10.3.0.0/16'), ...reject },
])

t.test('§6.11.3 filters decide for each prefix of an UPDATE; what no rule matches is imported as the peer is', async (t) => {
  const lab = new RibLab()
  lab.rib.setPolicy({ filters: [tor] })
  const a = lab.peer('a', { importFilters: ['tor'] })
  a.announce(['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24', '10.4.0.0/24'])
  t.strictSame(best(lab), {
    '10.1.0.0/24': `${usual}, localPref 2147483135`,
    '10.2.0.0/24': `${usual}, localPref 100, communities 7`,
    '10.4.0.0/24': usual,
  })
  t.match(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 4, accepted: 3 })
})

t.test('a missing filter lets nothing in, until it is there; one that changes is asked again, without a word to the peer', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { importFilters: ['tor'] })
  a.announce(['10.1.0.0/24', '10.3.0.0/24', '10.4.0.0/24'])
  t.strictSame(best(lab), {})
  t.match(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 3, accepted: 0 })
  lab.rib.setPolicy({ filters: [tor] })
  t.strictSame(Object.keys(best(lab)), ['10.1.0.0/24', '10.4.0.0/24'])
  lab.rib.setPolicy({ filters: [filter('tor', [{ ...matching('equal 10.3.0.0/24'), ...accept }, reject])] })
  t.strictSame(best(lab), { '10.3.0.0/24': usual })
  lab.rib.setPolicy({ filters: [] })
  t.strictSame(best(lab), {})
  a.withdraw(['10.1.0.0/24', '10.3.0.0/24', '10.4.0.0/24'])
  lab.settle()
  t.match(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 0, accepted: 0 })
})

t.test('a changed filter is asked again piece by piece, while paths come and go', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { importFilters: ['tor'] })
  const many = Array.from({ length: 6000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  a.announce(many.slice(0, 5000))
  lab.settle()
  lab.rib.setPolicy({ filters: [filter('tor', [accept])] })
  t.ok(lab.rib.flush(0), 'more is left')
  a.withdraw(many.slice(0, 2500))
  a.announce(many.slice(5000))
  lab.settle()
  t.strictSame([...lab.best.keys()].sort(), many.slice(2500).sort())
  t.match(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 3500, accepted: 3500 })
})

t.test('a set that a policy made is gone with its last path', async (t) => {
  const lab = new RibLab()
  lab.rib.setPolicy({ filters: [tor] })
  const a = lab.peer('a', { importFilters: ['tor'] })
  const before = lab.rib.attributeSets
  a.announce(['10.2.0.0/24', '10.2.1.0/24'])
  lab.settle()
  t.equal(lab.rib.attributeSets, before + 2, 'as it was received, and as it is used')
  a.announce(['10.2.0.0/24'], { med: 5 })
  a.withdraw(['10.2.1.0/24'])
  lab.settle()
  t.equal(lab.rib.attributeSets, before + 2)
  lab.rib.setPolicy({ filters: [filter('tor', [reject])] })
  lab.settle()
  t.equal(lab.rib.attributeSets, before + 1)
  a.withdraw(['10.2.0.0/24'])
  lab.settle()
  t.equal(lab.rib.attributeSets, before)
})

t.test('§6.11.3 interface: the outgoing one of the next hop, asked again when next hops change', async (t) => {
  let device = 'eth0'
  const lab = new RibLab(undefined, { interfaceOf: (nextHop) => (nextHop === '10.0.0.2' ? device : undefined) })
  lab.rib.setPolicy({ filters: [filter('tor', [{ interface: 'eth*', ...reject }])] })
  const a = lab.peer('a', { importFilters: ['tor'] })
  a.announce(['10.1.0.0/24'])
  a.announce(['10.2.0.0/24'], { nextHop: Uint8Array.of(10, 0, 0, 3) })
  t.strictSame(Object.keys(best(lab)), ['10.2.0.0/24'])
  device = 'wg0'
  lab.rib.nextHopsChanged()
  t.strictSame(Object.keys(best(lab)).sort(), ['10.1.0.0/24', '10.2.0.0/24'])
})

t.test(
  'RFC 7999 §3.3 packets are dropped for a route that has BLACKHOLE, from a peer that may ask; a change of it is handed over',
  async (t) => {
    const dropped = new Map<string, boolean>()
    const lab = new RibLab(undefined, {
      onBest: (batch) => {
        for (const id of batch.ids.slice(0, batch.count)) dropped.set(batch.table.format(id), batch.discards(id))
      },
    })
    const a = lab.peer('a', { acceptBlackhole: true })
    const b = lab.peer('b', { asNumber: 65002 })
    a.announce(['10.1.0.1/32'], { communities: [blackhole] })
    a.announce(['10.2.0.1/32'])
    b.announce(['10.3.0.1/32'], { communities: [blackhole] })
    lab.settle()
    t.strictSame(Object.fromEntries(dropped), { '10.1.0.1/32': true, '10.2.0.1/32': false, '10.3.0.1/32': false })
    a.announce(['10.2.0.1/32'], { communities: [blackhole] })
    a.announce(['10.1.0.1/32'])
    lab.settle()
    t.match(Object.fromEntries(dropped), { '10.1.0.1/32': false, '10.2.0.1/32': true })
    lab.rib.configure(a.id, { ...a.config, acceptBlackhole: false })
    lab.rib.reconsider(a.id)
    lab.settle()
    t.match(Object.fromEntries(dropped), { '10.2.0.1/32': false })
  },
)
