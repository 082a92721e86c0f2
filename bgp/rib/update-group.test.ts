import t from 'tap'
import { times } from '../wire/fixture.ts'
import { address, families, octets, type Peer, path, peerConfig, RibLab, ribOptions, sessionTerms } from './fixture.ts'

const clusterId = 0x0c00_0001
const client = { asNumber: 65000, routeReflectorClient: true }

for (const [title, keep] of [
  ['with its routes kept', families],
  ['with its routes gone and back before anything is decided', []],
] as const)
  t.test(`RFC 4456 §8 a peer that comes back with another BGP Identifier is another ORIGINATOR_ID, ${title}`, async (t) => {
    const lab = new RibLab({ ...ribOptions, clusterId })
    const source = lab.peer('source', client, { remoteRouterId: 3 })
    const other = lab.peer('other', { ...client, address: address('10.0.0.3') })
    source.announce(['10.1.0.0/24'])
    lab.settle()
    const [before] = Object.values(other.known)
    t.match(before, 'originatorId 3')
    lab.rib.sessionDown(source.id, keep)
    source.up(sessionTerms({ remoteRouterId: 4 }))
    source.announce(['10.1.0.0/24'])
    lab.settle()
    t.strictSame(other.known, { '10.1.0.0/24': before?.replace('originatorId 3', 'originatorId 4') })
  })

t.test('RFC 4456 §6 a client replaced by a peer that is none is no longer reflected to those that are none', async (t) => {
  const lab = new RibLab({ ...ribOptions, clusterId })
  const inside = { asNumber: 65000 }
  const worse = lab.peer('worse', { ...inside, address: address('10.0.0.9') }, { remoteRouterId: 9 })
  const reader = lab.peer('reader', { ...inside, address: address('10.0.0.3') })
  const source = lab.peer('source', client)
  for (const peer of [worse, source]) peer.announce(['10.1.0.0/24'])
  lab.settle()
  t.strictSame(Object.keys(reader.known), ['10.1.0.0/24'])
  lab.rib.removePeer(source.id)
  const next = lab.peer('source', inside)
  next.announce(['10.1.0.0/24'])
  lab.settle()
  t.strictSame(reader.known, {})
  t.equal(lab.rib.query({ table: 'best', limit: 1 }).routes[0]?.paths[0]?.peer, 'source')
})

t.test('a removed peer is forgotten only when nothing of it is the best any more', async (t) => {
  const lab = new RibLab()
  const source = lab.peer('source')
  source.announce(Array.from({ length: 5000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`))
  lab.settle()
  lab.rib.removePeer(source.id)
  const reader = lab.peer('reader', { asNumber: 65002 })
  t.not(reader.id, source.id)
  t.equal(lab.rib.flush(0), true)
  lab.rib.query({ table: 'best', limit: 10_000 })
  lab.settle()
  t.strictSame(reader.known, {})
  t.equal(lab.rib.addPeer(peerConfig('next')), source.id)
  t.throws(() => lab.rib.removePeer(7), new Error('no peer 7'))
})

const prefix = '10.1.0.0/24'
const ends = families.map((family) => `end ${family}`)
/** Distinct /24s. */
const table = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => `${20 + ((from + i) >> 16)}.${((from + i) >> 8) & 255}.${(from + i) & 255}.0/24`)

/** A RIB with a source, and two readers that are told the same. */
function labOf(options: Partial<ConstructorParameters<typeof RibLab>[0]> = {}) {
  const lab = new RibLab({ ...ribOptions, ...options })
  const source = lab.peer('source')
  const a = lab.peer('a', { asNumber: 65002, address: address('10.0.0.3') })
  const b = lab.peer('b', { asNumber: 65003, address: address('10.0.0.4') })
  return { lab, source, a, b }
}

/** What the peer is told after it has read all there was. */
function news(lab: RibLab, peer: Peer, happens: () => void): string[] {
  lab.settle()
  const { length } = peer.reader.readAll().events
  happens()
  lab.settle()
  return peer.reader.readAll().events.slice(length)
}

t.test('RFC 4724 §2: the table first, then End-of-RIB of each family, once', async (t) => {
  const { lab, source } = labOf()
  source.announce(table(3))
  source.announce(['fd01::/64'], { nextHop: octets('fd00:9::1') })
  lab.settle()
  const late = lab.peer('late', { asNumber: 65004 })
  lab.settle()
  t.strictSame(late.reader.readAll().events, [...table(3).map((one) => `+ ${one}`), 'end ipv4-unicast', '+ fd01::/64', 'end ipv6-unicast'])
  t.strictSame(
    news(lab, late, () => source.announce([prefix])),
    [`+ ${prefix}`],
  )
})

t.test('RFC 4724 §2: End-of-RIB only for the families agreed on', async (t) => {
  const { lab } = labOf()
  const late = lab.peer('late', { asNumber: 65004 }, { families: ['ipv6-unicast'] })
  lab.settle()
  t.strictSame(late.reader.readAll().events, ['end ipv6-unicast'])
})

t.test('RFC 4724 §4.1: a family that is held holds up no other', async (t) => {
  const { lab, source, a } = labOf()
  lab.rib.holdDecisions()
  source.announce(table(3))
  source.announce(['2001:db8::/32'], { nextHop: octets('2001:db8::2') })
  lab.rib.releaseDecisions('ipv6-unicast')
  lab.settle()
  t.strictSame(a.reader.readAll().events, ['+ 2001:db8::/32', 'end ipv6-unicast'])
  lab.rib.releaseDecisions('ipv4-unicast')
  lab.settle()
  t.strictSame(a.reader.readAll().events.slice(2), [...table(3).map((one) => `+ ${one}`), 'end ipv4-unicast'])
})

t.test('RFC 4724 §4.1: no End-of-RIB while decisions are held, nor before what was released is decided', async (t) => {
  const { lab, source, a } = labOf()
  lab.rib.holdDecisions()
  source.announce(table(3))
  lab.settle()
  t.strictSame(a.reader.readAll().events, [])
  for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) lab.rib.releaseDecisions(family)
  t.strictSame(a.reader.readAll().events, [])
  lab.settle()
  t.strictSame(a.reader.readAll().events, [...table(3).map((one) => `+ ${one}`), ...ends])
})

t.test('what changes while a peer reads its first table is told as it is then: nothing lost, nothing twice', async (t) => {
  const { lab, source, a } = labOf()
  const all = table(20_000)
  source.announce(all)
  lab.settle()
  a.reader.readAll()
  const late = lab.peer('late', { asNumber: 65004 })
  lab.settle()
  for (let i = 0; i < 5; i++) late.reader.read(4096)
  const gone = all.filter((_, i) => i % 100 === 0)
  source.withdraw(gone)
  source.announce(all.slice(-10), { med: 5 })
  source.announce(['10.9.0.0/16'])
  lab.settle()
  const { events } = late.reader.readAll()
  t.equal(events.indexOf('end ipv4-unicast'), events.length - 2)
  t.strictSame([late.reader.routes.size, a.reader.readAll().routes.size], [20_000 - gone.length + 1, 20_000 - gone.length + 1])
  t.strictSame(late.known, a.known)
  const announced = events.filter((event) => event.startsWith('+'))
  t.equal(announced.length, new Set(announced).size)
})

t.test('a peer joins while its group is filled in pieces: its table is whole', async (t) => {
  const { lab, source } = labOf()
  source.announce(table(9000))
  lab.settle()
  const first = lab.peer('first', { asNumber: 65000, export: 'all' })
  t.equal(lab.rib.flush(0), true)
  const second = lab.peer('second', { asNumber: 65000, export: 'all' })
  source.withdraw(table(9000).slice(0, 4500))
  lab.rib.flush(0)
  for (const { reader } of [first, second]) reader.readAll(100)
  t.notOk(first.reader.events.includes('end ipv4-unicast'))
  lab.settle()
  for (const { reader } of [first, second]) {
    t.equal(reader.readAll().routes.size, 4500)
    t.strictSame(reader.events.slice(-2), ends)
  }
})

t.test('a peer that does not read is told the latest state, not each step; the others each step', async (t) => {
  const { lab, source, a, b } = labOf({ backlogLimit: 1000 })
  lab.settle()
  for (const { reader } of [a, b]) reader.readAll()
  for (let med = 1; med <= 500; med++) {
    source.announce([prefix], { asPath: path(`65001 ${med}`) })
    if (med === 400) source.announce(['10.2.0.0/24'])
    lab.settle()
    a.reader.readAll()
  }
  t.equal(a.reader.events.length, 2 + 501)
  t.ok(b.reader.readAll().events.length < 2 + 25, `${b.reader.events.length}`)
  t.strictSame(b.known, a.known)
  t.strictSame(
    news(lab, b, () => source.withdraw([prefix])),
    [`- ${prefix}`],
    'it follows again',
  )
})

t.test('a peer that does not read is told of what came and went meanwhile, too', async (t) => {
  const { lab, source, a, b } = labOf({ backlogLimit: 1000 })
  source.announce(table(10))
  lab.settle()
  for (const { reader } of [a, b]) reader.readAll()
  source.withdraw(table(10))
  lab.settle()
  for (let i = 0; i < 100; i++) {
    source.announce([`30.${i}.0.0/16`])
    lab.settle()
    source.withdraw([`30.${i}.0.0/16`])
    lab.settle()
  }
  source.announce(table(5, 1000))
  lab.settle()
  t.strictSame(Object.keys(b.known).toSorted(), table(5, 1000))
  t.strictSame(Object.keys(a.known).toSorted(), table(5, 1000))
})

t.test('RFC 4271 §9.1.3: a new source is told that the route of the old one is gone, the old one of the new', async (t) => {
  const { lab, a, b } = labOf()
  const inGroup = lab.peer('c', { asNumber: 65004, address: address('10.0.0.5') })
  a.announce([prefix], { asPath: path('65002 7 8') })
  t.strictSame(
    news(lab, inGroup, () => {}),
    [],
  )
  t.strictSame(
    [a, b, inGroup].map((peer) => Object.values(peer.known)),
    [[], ['path 65000 65002 7 8, origin 0, via 10.0.0.1'], ['path 65000 65002 7 8, origin 0, via 10.0.0.1']],
  )
  b.announce([prefix], { asPath: path('65003') })
  lab.settle()
  const byB = ['path 65000 65003, origin 0, via 10.0.0.1']
  t.strictSame(
    [a, b, inGroup].map((peer) => Object.values(peer.known)),
    [byB, [], byB],
  )
  t.equal(inGroup.reader.events.filter((event) => event.startsWith('-')).length, 0, 'without a gap')
  b.withdraw([prefix])
  lab.settle()
  const byA = ['path 65000 65002 7 8, origin 0, via 10.0.0.1']
  t.strictSame(
    [a, b, inGroup].map((peer) => Object.values(peer.known)),
    [[], byA, byA],
  )
})

for (const maxMessageLength of [4096, 65535])
  for (const [family, all, nextHop, longest] of [
    ['ipv4', table(40_000), '10.0.0.2', 5],
    ['ipv6', Array.from({ length: 15_000 }, (_, i) => `fd01:${(i + 1).toString(16)}::/64`), 'fd00:9::1', 17],
  ] as const)
    t.test(`RFC 8654: ${family} prefixes with the same attributes share messages filled up to ${maxMessageLength} octets`, async (t) => {
      const { lab, source } = labOf()
      const reader = lab.peer('reader', { asNumber: 65004 }, { maxMessageLength })
      lab.settle()
      reader.reader.readAll()
      const parts = Array.from({ length: all.length / 1000 }, (_, i) => all.slice(i * 1000, i * 1000 + 1000))
      for (const act of [
        (part: string[]) => source.announce(part, { nextHop: octets(nextHop) }),
        (part: string[]) => source.withdraw(part),
      ]) {
        const before = reader.reader.lengths.length
        for (const part of parts) act(part)
        t.equal(lab.rib.flush(60_000), false)
        const lengths = reader.reader.readAll().lengths.slice(before)
        t.ok(lengths.length > 1)
        t.ok(lengths.slice(0, -1).every((length) => length <= maxMessageLength && length > maxMessageLength - longest))
      }
      t.equal(reader.reader.events.length, 2 + 2 * all.length)
    })

t.test('RFC 8654 §5: attributes that do not fit are withdrawn and noted, where they fit they are told', async (t) => {
  const { lab, source, a } = labOf()
  const wide = lab.peer('wide', { asNumber: 65004, address: address('10.0.0.5') }, { maxMessageLength: 65535 })
  source.announce([prefix])
  lab.settle()
  t.equal(Object.keys(a.known).length, 1)
  source.announce([prefix], { communities: times(2000, 7) })
  lab.settle()
  t.strictSame([Object.keys(a.known), Object.keys(wide.known)], [[], [prefix]])
  t.match(lab.notes, [/^1 attributes of 80\d\d octets do not fit/, /^2 attributes/, /^3 attributes/])
  t.equal(lab.rib.counts(a.id, 'ipv4-unicast').advertised, 0)
  source.announce(['10.2.0.0/24'], { communities: times(2000, 7) })
  lab.settle()
  t.equal(lab.notes.length, 3, 'once for the attributes')
  source.announce([prefix])
  lab.settle()
  t.strictSame(Object.keys(a.known), [prefix])
})

t.test('RFC 8654 §5: the longest attributes that fit', async (t) => {
  for (const [count, isTold] of [
    [1010, true],
    [1011, false],
  ] as const) {
    const { lab, source, a } = labOf()
    source.announce([prefix, '0.0.0.0/0', '192.0.2.1/32'], { communities: times(count, 7) })
    lab.settle()
    t.equal(Object.keys(a.known).length, isTold ? 3 : 0, `${count}`)
  }
})

t.test('RFC 2918 §4: ROUTE-REFRESH: the table of the family again, for this peer alone, without End-of-RIB', async (t) => {
  const { lab, source, a, b } = labOf()
  source.announce(table(3))
  source.announce(['fd01::/64'], { nextHop: octets('fd00:9::1') })
  a.announce([prefix])
  lab.settle()
  b.reader.readAll()
  t.strictSame(
    news(lab, a, () => lab.rib.refresh(a.id, 'ipv4-unicast')).toSorted(),
    table(3).map((one) => `+ ${one}`),
  )
  t.strictSame(
    news(lab, a, () => lab.rib.refresh(a.id, 'ipv6-unicast')),
    ['+ fd01::/64'],
  )
  t.strictSame(
    news(lab, b, () => {}),
    [],
  )
  t.strictSame(
    news(lab, a, () => source.withdraw(table(1))),
    table(1).map((one) => `- ${one}`),
    'it follows again',
  )
})

t.test('RFC 7313 §4.1: to a peer that knows them, the table is framed by BoRR and EoRR, also an empty one', async (t) => {
  const { lab, source } = labOf()
  const a = lab.peer('enhanced', { asNumber: 65007, address: address('10.0.0.7') }, { enhancedRouteRefresh: true, remoteRouterId: 7 })
  source.announce(table(3))
  lab.settle()
  t.strictSame(a.reader.readAll().events.splice(0).slice(-2), [...ends], 'the first table ends with End-of-RIB alone')
  lab.rib.refresh(a.id, 'ipv4-unicast')
  t.strictSame(a.reader.readAll().events.splice(0), [
    'refresh 1 ipv4-unicast',
    ...table(3).map((one) => `+ ${one}`),
    'refresh 2 ipv4-unicast',
  ])
  lab.rib.refresh(a.id, 'ipv6-unicast')
  t.strictSame(a.reader.readAll().events.splice(0), ['refresh 1 ipv6-unicast', 'refresh 2 ipv6-unicast'])
  t.strictSame(
    news(lab, a, () => source.withdraw(table(1))),
    table(1).map((one) => `- ${one}`),
    'it follows again',
  )
})

t.test('RFC 7313 §4.1: no BoRR before End-of-RIB; asked for during the first table, that is told whole', async (t) => {
  const { lab, source } = labOf()
  source.announce(table(3))
  lab.settle()
  const a = lab.peer('enhanced', { asNumber: 65007, address: address('10.0.0.7') }, { enhancedRouteRefresh: true, remoteRouterId: 7 })
  lab.rib.refresh(a.id, 'ipv4-unicast')
  lab.settle()
  t.strictSame(a.reader.readAll().events.toSorted(), [...table(3).map((one) => `+ ${one}`), ...ends].toSorted())
})

t.test('RFC 7313 §4.1: what changes between BoRR and EoRR is told in its latest state, once', async (t) => {
  const { lab, source } = labOf()
  const a = lab.peer('enhanced', { asNumber: 65007, address: address('10.0.0.7') }, { enhancedRouteRefresh: true, remoteRouterId: 7 })
  source.announce(table(3))
  lab.settle()
  a.reader.readAll().events.length = 0
  for (let i = 0; i < 5; i++) lab.rib.refresh(a.id, 'ipv4-unicast')
  source.withdraw(table(1))
  lab.settle()
  const events = a.reader.readAll().events
  t.strictSame([events[0], events.at(-1)], ['refresh 1 ipv4-unicast', 'refresh 2 ipv4-unicast'])
  t.strictSame(events.slice(1, -1).toSorted(), [...table(2, 1).map((one) => `+ ${one}`), ...table(1).map((one) => `- ${one}`)])
})

t.test('RFC 2918 §4: many ROUTE-REFRESH at once are one; what was on its way is not lost', async (t) => {
  const { lab, source, a } = labOf()
  source.announce(table(3))
  const said = news(lab, a, () => {
    source.withdraw(table(1))
    lab.settle()
    for (let i = 0; i < 10; i++) lab.rib.refresh(a.id, 'ipv4-unicast')
  })
  t.strictSame(said.toSorted(), [...table(2, 1).map((one) => `+ ${one}`), ...table(1).map((one) => `- ${one}`)])
})

t.test('peers of a group read the same octets', async (t) => {
  const { lab, source, a, b } = labOf()
  lab.settle()
  for (const { reader } of [a, b]) reader.readAll()
  source.announce(table(10))
  lab.settle()
  const [first, second] = [a, b].map(({ id }) => lab.rib.read(id, 65535))
  t.ok(first !== undefined && first.buffer === second?.buffer && first.byteOffset === second.byteOffset)
})

t.test('a change that does not show in what a peer is told is not told', async (t) => {
  const { lab, source, a } = labOf()
  source.announce([prefix], { med: 1 })
  t.strictSame(
    news(lab, a, () => source.announce([prefix], { med: 2 })),
    [],
  )
})

t.test('a route that came and went between two flushes is not told', async (t) => {
  const { lab, source, a } = labOf()
  const said = news(lab, a, () => {
    source.announce([prefix])
    source.withdraw([prefix])
  })
  t.strictSame(said, [])
})

t.test('onOutput names the peers that have something to read, and no others', async (t) => {
  const { lab, source, a, b } = labOf()
  lab.settle()
  for (const { reader } of [source, a, b]) reader.readAll()
  lab.outputs.length = 0
  source.announce([prefix])
  lab.settle()
  t.strictSame(lab.outputs, [a.id, b.id])
  lab.settle()
  t.strictSame(lab.outputs, [a.id, b.id, a.id, b.id], 'until it is read')
  for (const { reader } of [a, b]) reader.readAll()
  lab.settle()
  t.equal(lab.outputs.length, 4)
})

t.test('a session that ends forgets what was not read; the next one begins anew', async (t) => {
  const { lab, source, a } = labOf()
  source.announce(table(3))
  lab.settle()
  a.reader.read(1)
  lab.rib.sessionDown(a.id, [])
  t.equal(lab.rib.read(a.id, 65535), undefined)
  source.withdraw(table(1))
  lab.settle()
  a.up(sessionTerms())
  lab.settle()
  t.strictSame(a.reader.readAll().events, [...table(2, 1).map((one) => `+ ${one}`), ...ends])
})
