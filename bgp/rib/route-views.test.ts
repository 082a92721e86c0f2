/** Pages of the tables, as the API asks for them. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseCidr } from '../../src/net/prefix.ts'
import type { RoutePage, RouteQuery } from '../peer.ts'
import { address, octets, path, RibLab } from './fixture.ts'

const v6 = { nextHop: octets('fd00:9::1') }

/** Two peers, and what this node originates. */
function labOf() {
  const lab = new RibLab()
  const a = lab.peer('a', { address: address('10.0.0.9') })
  const b = lab.peer('b', { asNumber: 65002, address: address('10.0.0.10') })
  return { lab, a, b }
}

type Asked = Omit<RouteQuery, 'prefix' | 'limit'> & { readonly prefix?: string; readonly limit?: number }

function ask(lab: RibLab, { prefix, ...query }: Asked): RoutePage {
  const cidr = prefix === undefined ? undefined : parseCidr(prefix)
  return lab.rib.query({ limit: 100, ...query, ...(cidr === undefined ? {} : { prefix: cidr }) })
}

/** "prefix peer peer" */
function lines(page: RoutePage): string[] {
  return page.routes.map(({ prefix, paths }) => [prefix, ...paths.map(({ peer }) => peer)].join(' '))
}

function sample() {
  const { lab, a, b } = labOf()
  lab.originate(['10.9.0.0/16'])
  b.announce(['10.1.0.0/16', '10.1.1.0/24', '10.9.0.0/16'])
  a.announce(['10.1.0.0/16', '10.1.0.0/24', '192.0.2.0/24'], { asPath: path('65001 7') })
  b.announce(['fd01::/64'], v6)
  lab.settle()
  return { lab, a, b }
}

const views: [title: string, query: Asked, expected: readonly string[]][] = [
  [
    'in: what peers have said, in the order of families, addresses and lengths, paths in the order of the peers',
    { table: 'in' },
    ['10.1.0.0/16 a b', '10.1.0.0/24 a', '10.1.1.0/24 b', '10.9.0.0/16 b', '192.0.2.0/24 a', 'fd01::/64 b'],
  ],
  ['in, of one peer', { table: 'in', peer: 'a' }, ['10.1.0.0/16 a', '10.1.0.0/24 a', '192.0.2.0/24 a']],
  ['in, of this node', { table: 'in', peer: 'local' }, ['10.9.0.0/16 local']],
  ['in, of nobody', { table: 'in', peer: 'c' }, []],
  [
    'best: the best path first, the others behind it',
    { table: 'best' },
    ['10.1.0.0/16 b a', '10.1.0.0/24 a', '10.1.1.0/24 b', '10.9.0.0/16 local b', '192.0.2.0/24 a', 'fd01::/64 b'],
  ],
  ['best, of one peer: where its path is the best', { table: 'best', peer: 'a' }, ['10.1.0.0/24 a', '192.0.2.0/24 a']],
  ['best, of this node', { table: 'best', peer: 'local' }, ['10.9.0.0/16 local b']],
  ['out, of one peer: what it is told', { table: 'out', peer: 'a' }, ['10.1.0.0/16 a', '10.1.1.0/24 a', '10.9.0.0/16 a', 'fd01::/64 a']],
  [
    'out: what each peer is told',
    { table: 'out' },
    ['10.1.0.0/16 a', '10.1.0.0/24 b', '10.1.1.0/24 a', '10.9.0.0/16 a b', '192.0.2.0/24 b', 'fd01::/64 a'],
  ],
  ['one prefix', { table: 'in', prefix: '10.1.0.0/16' }, ['10.1.0.0/16 a b']],
  ['one prefix that is not there', { table: 'in', prefix: '10.1.0.0/17' }, []],
  ['one prefix of another family', { table: 'in', prefix: 'fd01::/64' }, ['fd01::/64 b']],
  [
    'longer: the prefix and what lies inside',
    { table: 'in', prefix: '10.1.0.0/16', longer: true },
    ['10.1.0.0/16 a b', '10.1.0.0/24 a', '10.1.1.0/24 b'],
  ],
  [
    'longer, where only what lies inside is there',
    { table: 'in', prefix: '10.1.0.0/17', longer: true },
    ['10.1.0.0/24 a', '10.1.1.0/24 b'],
  ],
  ['longer than the last octet tells', { table: 'in', prefix: '10.1.1.0/25', longer: true }, []],
  [
    'longer, everything of IPv4',
    { table: 'in', peer: 'b', prefix: '0.0.0.0/0', longer: true },
    ['10.1.0.0/16 b', '10.1.1.0/24 b', '10.9.0.0/16 b'],
  ],
  ['longer, everything of IPv6', { table: 'in', prefix: '::/0', longer: true }, ['fd01::/64 b']],
]
for (const [title, query, expected] of views)
  t.test(title, async (t) => {
    const page = ask(sample().lab, query)
    t.strictSame([lines(page), page.total, page.cursor], [expected, expected.length, undefined])
  })

t.test('an entry as the API gives it: paths with their attributes, the best one, and the step that chose it', async (t) => {
  const { lab, a } = labOf()
  const inside = lab.peer('inside', { asNumber: 65000 })
  const unknown = [{ flags: 0xe0, type: 99, data: Uint8Array.of(1, 255) }]
  a.announce(['10.1.0.0/16'], {
    asPath: path('65001 4200000000'),
    origin: 2,
    med: 4294967295,
    communities: [0x0001_0002, 0xffff_ff01],
    largeCommunities: [[1, 2, 3]],
    unknown,
  })
  inside.announce(['10.1.0.0/16'], { localPref: 50, originatorId: 0xc000_0201, clusterList: [1, 2], asPath: path('7') })
  lab.rib.sessionDown(a.id, ['ipv4-unicast'])
  lab.settle()
  t.strictSame(ask(lab, { table: 'best' }).routes, [
    {
      prefix: '10.1.0.0/16',
      family: 'ipv4-unicast',
      paths: [
        {
          peer: 'a',
          nextHop: '10.0.0.2',
          origin: 'incomplete',
          asPath: '65001 4200000000',
          med: 4294967295,
          communities: ['1:2', 'no-export'],
          largeCommunities: ['1:2:3'],
          unknownAttributes: [{ type: 99, flags: 0xe0, hex: '01ff' }],
          stale: true,
          best: true,
        },
        {
          peer: 'inside',
          nextHop: '10.0.0.2',
          origin: 'igp',
          asPath: '7',
          localPref: 50,
          originatorId: '192.0.2.1',
          clusterList: ['0.0.0.1', '0.0.0.2'],
          lostAt: 'local-pref',
        },
      ],
      decidedBy: 'local-pref',
    },
  ])
})

t.test('out shows the attributes as they are sent', async (t) => {
  const { lab, a, b } = labOf()
  a.announce(['10.1.0.0/16'], { med: 5 })
  a.announce(['fd01::/64'], v6)
  lab.originate(['10.9.0.0/16'])
  lab.settle()
  const paths = ask(lab, { table: 'out', peer: b.config.name }).routes.flatMap((route) => route.paths)
  t.strictSame(paths, [
    { peer: 'b', nextHop: '10.0.0.1', origin: 'igp', asPath: '65000 65001' },
    { peer: 'b', nextHop: '10.0.0.1', origin: 'igp', asPath: '65000' },
    { peer: 'b', nextHop: 'fd00::1', origin: 'igp', asPath: '65000 65001' },
  ])
})

t.test('what this node originates has its own address as next hop', async (t) => {
  const { lab } = labOf()
  lab.originate(['10.9.0.0/16', 'fd09::/64'])
  lab.settle()
  t.strictSame(
    ask(lab, { table: 'best' }).routes.map(({ paths, decidedBy }) => [paths[0]?.nextHop, decidedBy]),
    [
      ['10.0.0.1', 'only-path'],
      ['fd00::1', 'only-path'],
    ],
  )
})

/** All pages, one after another. */
function pages(lab: RibLab, query: Asked, between: (page: number) => void = () => {}): RoutePage[] {
  const all = [ask(lab, query)]
  for (let cursor = all[0]?.cursor; cursor !== undefined; cursor = all.at(-1)?.cursor) {
    between(all.length)
    all.push(ask(lab, { ...query, cursor }))
  }
  return all
}

t.test('pages: each entry once, the total on each, a cursor on all but the last', async (t) => {
  const { lab } = sample()
  const whole = ask(lab, { table: 'in' })
  for (const limit of [1, 2, 3, 5, 6, 7]) {
    const all = pages(lab, { table: 'in', limit })
    t.strictSame(
      all.flatMap(({ routes }) => routes),
      whole.routes,
    )
    t.equal(all.length, Math.ceil(6 / limit))
    t.ok(all.every(({ total, routes }) => total === 6 && routes.length <= limit))
  }
})

t.test('pages of what lies inside a prefix, and of one peer', async (t) => {
  const { lab } = sample()
  const inside = pages(lab, { table: 'in', prefix: '10.0.0.0/8', longer: true, limit: 1 })
  t.strictSame(inside.flatMap(lines), ['10.1.0.0/16 a b', '10.1.0.0/24 a', '10.1.1.0/24 b', '10.9.0.0/16 b'])
  t.strictSame(pages(lab, { table: 'out', peer: 'a', limit: 1 }).flatMap(lines), [
    '10.1.0.0/16 a',
    '10.1.1.0/24 a',
    '10.9.0.0/16 a',
    'fd01::/64 a',
  ])
})

const universe = [
  ...Array.from({ length: 30 }, (_, i) => `10.${i >> 2}.0.0/${16 + (i & 3)}`),
  ...Array.from({ length: 10 }, (_, i) => `fd0${i}::/${16 + i}`),
]

t.test('pages over a changing table: no entry twice, and none left out that was there all the time', async () => {
  const anyChange = fc.tuple(fc.boolean(), fc.subarray(universe))
  fc.assert(
    fc.property(
      fc.subarray(universe),
      fc.subarray(universe),
      fc.array(anyChange),
      fc.integer({ min: 1, max: 7 }),
      (stable, first, changes, limit) => {
        const { lab, a, b } = labOf()
        const announce = (peer: typeof a, prefixes: readonly string[]) => {
          const ipv6 = prefixes.filter((prefix) => prefix.includes(':'))
          const ipv4 = prefixes.filter((prefix) => !prefix.includes(':'))
          if (ipv4.length > 0) peer.announce(ipv4)
          if (ipv6.length > 0) peer.announce(ipv6, v6)
        }
        announce(a, stable)
        announce(b, first)
        lab.settle()
        const seen = pages(lab, { table: 'best', limit }, (page) => {
          const [isAnnounced, prefixes] = changes[page - 1] ?? [false, []]
          if (isAnnounced) announce(b, prefixes)
          else for (const prefix of prefixes) b.withdraw([prefix])
          lab.settle()
        }).flatMap(({ routes }) => routes.map(({ prefix }) => prefix))
        assert.equal(new Set(seen).size, seen.length)
        assert.deepEqual(
          stable.filter((prefix) => !new Set<string>(seen).has(prefix)),
          [],
        )
      },
    ),
    { numRuns: 60 },
  )
})

t.test('what was withdrawn and what belongs to a removed peer is not shown', async (t) => {
  const { lab, a, b } = sample()
  b.withdraw(['10.1.1.0/24'])
  lab.rib.removePeer(a.id)
  lab.settle()
  t.strictSame(lines(ask(lab, { table: 'in' })), ['10.1.0.0/16 b', '10.9.0.0/16 b', 'fd01::/64 b'])
  t.strictSame(ask(lab, { table: 'in', peer: 'a' }).total, 0)
  t.strictSame(lines(ask(lab, { table: 'best' })), ['10.1.0.0/16 b', '10.9.0.0/16 local b', 'fd01::/64 b'])
})
