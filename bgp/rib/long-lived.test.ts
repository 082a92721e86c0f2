/** Long-lived stale routes (RFC 9494) and those stale between BoRR and EoRR (RFC 7313). */
import t from 'tap'
import { address, octets, RibLab, sessionTerms } from './fixture.ts'

const llgrStale = 0xffff_0006
const noLlgr = 0xffff_0007
const prefix = '203.0.113.0/24'

function labOf() {
  const lab = new RibLab()
  const a = lab.peer('a', { asNumber: 65001, address: address('10.0.0.2') }, { remoteRouterId: 2 })
  const b = lab.peer('b', { asNumber: 65002, address: address('10.0.0.3') }, { remoteRouterId: 3 })
  const plain = lab.peer('plain', { asNumber: 65003, address: address('10.0.0.4') }, { remoteRouterId: 4 })
  const aware = lab.peer('aware', { asNumber: 65004, address: address('10.0.0.5') }, { remoteRouterId: 5, longLived: true })
  const lost = () => {
    lab.rib.sessionDown(a.id, ['ipv4-unicast', 'ipv6-unicast'])
    lab.rib.makeLongLived(a.id, 'ipv4-unicast')
    lab.settle()
  }
  const stale = () => lab.rib.counts(a.id, 'ipv4-unicast').stale
  return { lab, a, b, plain, aware, lost, stale }
}

t.test('RFC 9494 §4.2: LLGR_STALE is added to what was there; §4.3: told to those that know it, withdrawn from the others', async (t) => {
  const { lab, a, plain, aware, lost, stale } = labOf()
  a.announce([prefix], { communities: [0x0001_0002], med: 7 })
  lab.settle()
  const before = `path 65000 65001, origin 0, via 10.0.0.1, communities ${0x0001_0002}`
  t.strictSame([plain.known, aware.known], [{ [prefix]: before }, { [prefix]: before }])
  lost()
  t.strictSame([plain.known, aware.known], [{}, { [prefix]: `${before},${llgrStale}` }])
  t.strictSame([[...lab.best], stale()], [[[prefix, '10.0.0.2']], 1], 'the kernel keeps it')
  t.match(lab.rib.query({ table: 'in', peer: 'a', limit: 1 }).routes, [{ paths: [{ stale: true, communities: ['1:2', 'llgr-stale'] }] }])
})

t.test('RFC 9494 §4.2: NO_LLGR routes are not kept; other families are left alone', async (t) => {
  const { lab, a, lost, stale } = labOf()
  a.announce([prefix], { communities: [noLlgr] })
  a.announce(['198.51.100.0/24'])
  a.announce(['fd01::/64'], { nextHop: octets('fd00:9::1'), communities: [noLlgr] })
  lab.settle()
  lost()
  t.strictSame([[...lab.best.keys()], stale(), lab.rib.counts(a.id, 'ipv6-unicast').stale], [['198.51.100.0/24', 'fd01::/64'], 1, 1])
})

t.test('RFC 9494 §4.2: what was not stale is not touched', async (t) => {
  const { lab, a } = labOf()
  a.announce([prefix])
  lab.rib.makeLongLived(a.id, 'ipv4-unicast')
  lab.settle()
  const [route] = lab.rib.query({ table: 'in', peer: 'a', limit: 1 }).routes
  t.strictSame([route?.paths[0]?.stale, route?.paths[0]?.communities], [undefined, undefined])
})

t.test('RFC 9494 §4.2: told again by the peer it is a route like any other; what is not, is swept', async (t) => {
  const { lab, a, plain, lost, stale } = labOf()
  a.announce([prefix, '198.51.100.0/24'])
  lab.settle()
  const before = plain.known[prefix]
  lost()
  a.up(sessionTerms({ remoteRouterId: 2 }))
  a.announce([prefix])
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  lab.settle()
  t.strictSame([plain.known, stale()], [{ [prefix]: before }, 0])
})

t.test('RFC 9494 §4.2: a peer away twice, the same routes are marked once', async (t) => {
  const { lab, a, aware, lost } = labOf()
  a.announce([prefix])
  lab.settle()
  lost()
  const once = aware.known
  lost()
  t.strictSame(aware.known, once)
})

t.test('RFC 9494 §4.3: a route that comes with LLGR_STALE is told on with it, to those that know it', async (t) => {
  const { lab, b, plain, aware } = labOf()
  b.announce([prefix], { communities: [llgrStale] })
  lab.settle()
  t.strictSame([plain.known, aware.known], [{}, { [prefix]: `path 65000 65002, origin 0, via 10.0.0.1, communities ${llgrStale}` }])
})

t.test('RFC 9494 §4.3: any other path is better, whatever speaks for this one', async (t) => {
  const { lab, a, b, lost } = labOf()
  const c = lab.peer('inside', { asNumber: 65000, address: address('10.0.0.9') }, { remoteRouterId: 9 })
  c.announce([prefix], { communities: [llgrStale], localPref: 500, asPath: [] })
  a.announce([prefix])
  b.announce([prefix], { asPath: [{ type: 'sequence', asNumbers: [65002, 1, 2, 3] }] })
  lab.settle()
  t.match(lab.rib.query({ table: 'best', limit: 1 }).routes, [{ decidedBy: 'as-path-length', paths: [{ peer: 'a' }] }])
  lost()
  t.match(lab.rib.query({ table: 'best', limit: 1 }).routes, [{ decidedBy: 'long-lived-stale', paths: [{ peer: 'b' }] }])
  b.withdraw([prefix])
  lab.settle()
  t.match(lab.rib.query({ table: 'best', limit: 1 }).routes, [{ decidedBy: 'local-pref', paths: [{ peer: 'inside' }] }])
})

t.test('RFC 7313 §4.2: between BoRR and EoRR routes are stale and used; what was not told again goes', async (t) => {
  const { lab, a, plain, stale } = labOf()
  a.announce([prefix, '198.51.100.0/24'])
  lab.settle()
  lab.rib.markStale(a.id, 'ipv4-unicast')
  lab.rib.markStale(a.id, 'ipv4-unicast')
  lab.settle()
  t.strictSame([Object.keys(plain.known).toSorted(), stale()], [['198.51.100.0/24', prefix], 2])
  a.announce([prefix])
  t.equal(stale(), 1)
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  lab.settle()
  t.strictSame([Object.keys(plain.known), stale()], [[prefix], 0])
})

t.test('RFC 9494 §4.2: each of several paths of a prefix (RFC 7911) becomes long-lived, and what is not told again is swept', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', { asNumber: 65001 }, { addPathReceive: ['ipv4-unicast'] })
  a.announce([`1>${prefix}`], { med: 1 })
  a.announce([`2>${prefix}`], { med: 2 })
  a.announce([`3>${prefix}`], { med: 3, communities: [noLlgr] })
  lab.settle()
  lab.rib.sessionDown(a.id, ['ipv4-unicast'])
  lab.rib.makeLongLived(a.id, 'ipv4-unicast')
  lab.settle()
  const paths = () => lab.rib.query({ table: 'in', peer: 'a', limit: 9 }).routes.flatMap((route) => route.paths)
  const seen = paths().map(({ pathId, med, stale, communities }) => [pathId, med, stale, communities])
  t.strictSame(
    seen.toSorted((x, y) => Number(x[0]) - Number(y[0])),
    [
      [1, 1, true, ['llgr-stale']],
      [2, 2, true, ['llgr-stale']],
    ],
  )
  t.match(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 2, accepted: 2, stale: 2 })
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  lab.settle()
  t.match([lab.rib.counts(a.id, 'ipv4-unicast'), paths()], [{ received: 0, accepted: 0, stale: 0 }, []])
})

/** A peer that left more routes than become long-lived in one piece, after the first piece. */
function halfwayOf() {
  const { lab, a, aware } = labOf()
  const prefixes = Array.from({ length: 1000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
  a.announce(prefixes)
  lab.settle()
  const sets = lab.rib.attributeSets
  lab.rib.sessionDown(a.id, ['ipv4-unicast'])
  lab.rib.makeLongLived(a.id, 'ipv4-unicast')
  t.equal(lab.rib.flush(0), true, 'there is more to do')
  const paths = () => lab.rib.query({ table: 'in', peer: 'a', limit: 2000 }).routes.flatMap((route) => route.paths)
  const marked = () => paths().filter(({ communities }) => communities?.includes('llgr-stale') === true).length
  const stale = () => lab.rib.counts(a.id, 'ipv4-unicast').stale
  return { lab, a, aware, prefixes, sets, marked, stale }
}

t.test('RFC 9494 §4.2: a thousand routes become long-lived in pieces', async (t) => {
  const { lab, aware, sets, marked, stale } = halfwayOf()
  t.strictSame([marked() > 0, marked() < 1000, stale()], [true, true, 1000])
  lab.settle()
  t.strictSame([marked(), stale(), Object.keys(aware.known).length, lab.rib.attributeSets], [1000, 1000, 1000, sets])
})

t.test('What a peer tells while its routes become long-lived stays as it is told; what it withdraws is gone', async (t) => {
  const { lab, a, prefixes, marked, stale } = halfwayOf()
  a.up(sessionTerms())
  a.announce(prefixes.slice(0, 300))
  a.announce(prefixes.slice(600, 700))
  a.withdraw(prefixes.slice(700, 800))
  lab.settle()
  t.strictSame([marked(), stale(), lab.rib.counts(a.id, 'ipv4-unicast').received], [500, 500, 900])
})

t.test('Routes that become stale meanwhile do not become long-lived with those before them', async (t) => {
  const ways: Record<string, (peer: number, lab: RibLab) => void> = {
    'the session ends again': (peer, { rib }) => rib.sessionDown(peer, ['ipv4-unicast']),
    BoRR: (peer, { rib }) => rib.markStale(peer, 'ipv4-unicast'),
  }
  for (const [title, way] of Object.entries(ways)) {
    const { lab, a, prefixes, marked, stale } = halfwayOf()
    a.up(sessionTerms())
    a.announce(prefixes.slice(0, 400))
    way(a.id, lab)
    lab.settle()
    t.strictSame([marked(), stale()], [600, 1000], title)
  }
})

t.test(
  'Routes that are swept while they become long-lived are gone, and a peer with the number of the removed one keeps its own',
  async (t) => {
    const swept = halfwayOf()
    swept.lab.rib.sweepStale(swept.a.id, 'ipv4-unicast')
    swept.lab.settle()
    t.match(swept.lab.rib.counts(swept.a.id, 'ipv4-unicast'), { received: 0, accepted: 0, stale: 0 })
    const { lab, a, prefixes } = halfwayOf()
    lab.rib.removePeer(a.id)
    lab.settle()
    const next = lab.peer('next', { asNumber: 65001 })
    next.announce(prefixes)
    lab.rib.sessionDown(next.id, ['ipv4-unicast'])
    lab.settle()
    const routes = lab.rib.query({ table: 'in', peer: 'next', limit: 2000 }).routes.flatMap((route) => route.paths)
    t.strictSame([next.id, routes.length, routes.every(({ communities }) => communities === undefined)], [a.id, 1000, true])
  },
)

t.test('RFC 9494 §4.2: nothing is made for NO_LLGR routes that is not used', async (t) => {
  const { lab, a, lost } = labOf()
  a.announce([prefix], { communities: [noLlgr] })
  lab.settle()
  const before = lab.rib.attributeSets
  lost()
  t.equal(lab.rib.attributeSets, before - 1)
})
