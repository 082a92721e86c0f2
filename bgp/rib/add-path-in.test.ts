/** RFC 7911: prefixes that come with path identifiers. */
import t from 'tap'
import type { AddressFamily } from '../wire/message.ts'
import { address, families, octets, type Peer, path, RibLab, type Sent, sessionTerms } from './fixture.ts'

const prefix = '10.1.0.0/24'

/** A peer that sends path identifiers in these families. */
function labOf(addPathReceive: readonly AddressFamily[] = families): { lab: RibLab; a: Peer } {
  const lab = new RibLab()
  return { lab, a: lab.peer('a', { asNumber: 65000 }, { addPathReceive }) }
}

const via = (last: number, sent: Sent = {}): Sent => ({ nextHop: octets(`10.9.0.${last}`), ...sent })

/** "1 10.9.0.1 best", one for each path in the order of the API. */
function paths(lab: RibLab, table: 'in' | 'best' = 'best'): string[] {
  lab.settle()
  const [route] = lab.rib.query({ table, limit: 1 }).routes
  return (route?.paths ?? []).map(({ pathId, nextHop, best, lostAt }) =>
    [pathId, nextHop, best && 'best', lostAt].filter((word) => word !== undefined && word !== false).join(' '),
  )
}

t.test('RFC 7911 §3: paths with different identifiers stand beside each other; one replaces the one with its own', async (t) => {
  const { lab, a } = labOf()
  a.announce([`1>${prefix}`], via(1))
  a.announce([`2>${prefix}`], via(2))
  t.strictSame(paths(lab), ['1 10.9.0.1 best', '2 10.9.0.2 path-id'])
  a.announce([`1>${prefix}`], via(3, { localPref: 50 }))
  t.strictSame(paths(lab), ['2 10.9.0.2 best', '1 10.9.0.3 local-pref'])
  t.strictSame(lab.rib.counts(a.id, 'ipv4-unicast'), { received: 2, accepted: 2, advertised: 0, stale: 0 })
})

t.test('RFC 7911 §5: a withdrawal takes the path with its identifier, and no other', async (t) => {
  const { lab, a } = labOf()
  a.announce([`1>${prefix}`, `2>${prefix}`, `4294967295>${prefix}`], via(1))
  a.withdraw([`3>${prefix}`])
  a.withdraw([`1>${prefix}`, `4294967295>${prefix}`])
  t.strictSame(paths(lab), ['2 10.9.0.1 best'])
  a.withdraw([`2>${prefix}`])
  t.strictSame(paths(lab), [])
})

t.test('RFC 7911 §3: identifier 0 is one like any other', async (t) => {
  const { lab, a } = labOf()
  a.announce([`0>${prefix}`], via(1))
  a.announce([`5>${prefix}`], via(2))
  t.strictSame(paths(lab, 'in'), ['0 10.9.0.1 best', '5 10.9.0.2'])
  a.withdraw([`0>${prefix}`])
  t.strictSame(paths(lab, 'in'), ['5 10.9.0.2 best'])
})

t.test('equally good paths of one peer share the traffic', async (t) => {
  const { lab, a } = labOf()
  a.announce([`1>${prefix}`], via(1))
  a.announce([`2>${prefix}`], via(2))
  a.announce([`3>${prefix}`], via(2))
  lab.settle()
  t.equal(lab.best.get(prefix), '10.9.0.1 10.9.0.2')
})

t.test('each family for itself: IPv6 with identifiers, IPv4 without', async (t) => {
  const { lab, a } = labOf(['ipv6-unicast'])
  a.announce([prefix], via(1))
  a.announce([prefix], via(2))
  const v6 = (last: number): Sent => ({ nextHop: octets(`fd00:9::${last}`) })
  a.announce(['1>fd01::/64', '2>fd02::/64'], v6(1))
  a.announce(['2>fd01::/64'], v6(2))
  a.withdraw(['2>fd02::/64'])
  lab.settle()
  t.strictSame(
    [...lab.best],
    [
      [prefix, '10.9.0.2'],
      ['fd01::/64', 'fd00:9::1 fd00:9::2'],
    ],
  )
})

t.test('RFC 7606 §5.3: an identifier cut short ends the session, and nothing is entered', async (t) => {
  const { lab, a } = labOf()
  const body = Uint8Array.of(0, 0, 0, 0, 0, 0, 1)
  t.match(a.receive(body), { code: 3, subcode: 10 })
  t.strictSame(paths(lab), [])
})

t.test('RFC 7606 §2: treat as withdraw withdraws the paths with their identifiers', async (t) => {
  const { lab, a } = labOf()
  a.announce([`1>${prefix}`, `2>${prefix}`], via(1))
  lab.settle()
  a.announce([`2>${prefix}`], via(1, { nextHop: octets('127.0.0.1') }))
  t.strictSame(paths(lab), ['1 10.9.0.1 best'])
})

t.test('RFC 4724 §4.2: of a peer that restarts the paths not said again go; without identifiers this time it has one path', async (t) => {
  const { lab, a } = labOf()
  a.announce([`1>${prefix}`], via(1))
  a.announce([`2>${prefix}`], via(2))
  lab.rib.sessionDown(a.id, families)
  a.up(sessionTerms({ addPathReceive: families }))
  a.announce([`2>${prefix}`], via(3))
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  t.strictSame(paths(lab), ['2 10.9.0.3 best'])
  a.announce([`9>${prefix}`], via(2))
  lab.rib.sessionDown(a.id, families)
  a.up(sessionTerms())
  a.announce([prefix], via(4))
  lab.rib.sweepStale(a.id, 'ipv4-unicast')
  t.strictSame(paths(lab), ['10.9.0.4 best'])
  a.withdraw([prefix])
  t.strictSame(paths(lab), [])
})

t.test('RFC 7911 §7: of one prefix no more than 2,048 paths are taken; the rest is noted, and the session goes on', async (t) => {
  const { lab, a } = labOf()
  for (let part = 0; part < 3; part++) {
    const ids = Array.from({ length: 1000 }, (_, i) => `${part * 1000 + i + 1}>${prefix}`)
    a.announce(ids, via(1))
  }
  t.strictSame(lab.rib.counts(a.id, 'ipv4-unicast').received, 2048)
  t.match(lab.notes, [/more paths than are taken/])
  a.announce([`7>${prefix}`], via(2, { localPref: 200 }))
  t.equal(paths(lab)[0], '7 10.9.0.2 best', 'one that is there can still be replaced')
  lab.rib.removePeer(a.id)
  lab.settle()
  t.strictSame([...lab.best], [])
})

t.test('a session that does not send identifiers is not read with them', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a')
  a.announce(['10.0.0.0/8'], { asPath: path('65001') })
  a.announce(['10.0.0.0/8'], { asPath: path('65001 7') })
  lab.settle()
  t.strictSame([paths(lab).length, lab.rib.query({ table: 'in', limit: 1 }).routes[0]?.paths[0]?.pathId], [1, undefined])
  t.equal(address('10.0.0.2'), lab.best.get('10.0.0.0/8'))
})

t.test('Prefixes with many paths are decided in as small pieces as many prefixes with one', async (t) => {
  const lab = new RibLab()
  const a = lab.peer('a', {}, { addPathReceive: ['ipv4-unicast'] })
  const prefixes = Array.from({ length: 30 }, (_, i) => `10.0.${i}.0/24`)
  for (let id = 1; id <= 200; id++) a.announce(prefixes.map((prefix) => `${id}>${prefix}`))
  t.equal(lab.rib.flush(0), true, 'there is more to decide')
  const decided = lab.best.size
  t.ok(decided > 0 && decided < 30)
  lab.settle()
  t.equal(lab.best.size, 30)
})
