/** Equally good paths share the traffic (ECMP), each loser says where it lost, and RFC 5004. */
import t from 'tap'
import { defaultMultipath, type SpeakerPolicy } from '../speaker-policy.ts'
import { address, octets, type Peer, path, RibLab, ribOptions, type Sent } from './fixture.ts'

const prefix = '10.1.0.0/24'
const inside = { asNumber: 65000 }

/** Peers e1, e2 … of AS 65001 and i1, i2 … of ours; peer n has the address and the next hop 10.9.0.n and the BGP Identifier n. */
class Lab extends RibLab {
  readonly peers = new Map<string, Peer>()

  constructor(policy: SpeakerPolicy = {}, metrics: Readonly<Record<string, number>> = {}) {
    super(ribOptions, { nextHopMetric: (nextHop) => metrics[nextHop] ?? 0 })
    this.rib.setPolicy(policy)
  }

  says(name: string, sent: Sent = {}, asPath?: string): void {
    const number = Number(name.slice(1))
    const config = { address: address(`10.9.0.${number}`), ...(name.startsWith('i') ? inside : {}) }
    const peer = this.peers.get(name) ?? this.peer(name, config, { remoteRouterId: number })
    this.peers.set(name, peer)
    peer.announce([prefix], { nextHop: octets(`10.9.0.${number}`), ...(asPath !== undefined && { asPath: path(asPath) }), ...sent })
  }

  leaves(name: string): void {
    this.peers.get(name)?.withdraw([prefix])
  }

  /** The numbers of the next hops in the kernel. */
  get sharing(): string {
    this.settle()
    return this.best.get(prefix)?.replaceAll('10.9.0.', '') ?? ''
  }

  /** Best first: "e1", "e2 = " for those that share, "e3 lost at med". */
  get standing(): string {
    this.settle()
    const [route] = this.rib.query({ table: 'best', limit: 1 }).routes
    const words = (route?.paths ?? []).map(
      ({ peer, multipath, lostAt }) => `${peer}${multipath ? ' =' : ''}${lostAt ? ` lost at ${lostAt}` : ''}`,
    )
    return `${route?.decidedBy}: ${words.join(', ')}`
  }
}

const table: [title: string, run: (lab: Lab) => void, sharing: string, policy?: SpeakerPolicy, metrics?: Record<string, number>][] = [
  [
    'equal up to the IGP metric: all share',
    (lab) =>
      ['e1', 'e2', 'e3'].forEach((name) => {
        lab.says(name)
      }),
    '1 2 3',
  ],
  [
    'from one neighbour AS the lower MED alone',
    (lab) =>
      ['e1', 'e2', 'e3'].forEach((name, i) => {
        lab.says(name, { med: i === 1 ? 0 : 5 })
      }),
    '2',
  ],
  [
    'of several neighbour ASes those with the lowest MED of each',
    (lab) => {
      lab.says('i1', { med: 9 }, '7 1')
      lab.says('i2', { med: 5 }, '8 1')
      lab.says('i3', { med: 4 }, '7 2')
    },
    '2 3',
  ],
  [
    'external before internal',
    (lab) =>
      ['i1', 'e2', 'e3'].forEach((name) => {
        lab.says(name, {}, '65001')
      }),
    '2 3',
  ],
  [
    'the nearer of the next hops',
    (lab) =>
      ['i1', 'i2', 'i3'].forEach((name) => {
        lab.says(name)
      }),
    '1 3',
    {},
    { '10.9.0.2': 10 },
  ],
  [
    'not with a longer path',
    (lab) =>
      ['e1', 'e2'].forEach((name, i) => {
        lab.says(name, {}, i === 0 ? '65001 7' : '65001 7 8')
      }),
    '1',
  ],
  [
    'relaxed: paths of equal length',
    (lab) =>
      ['e1', 'e2'].forEach((name, i) => {
        lab.says(name, {}, `65001 ${i}7`)
      }),
    '1 2',
  ],
  [
    'not relaxed: only the same path',
    (lab) =>
      ['e1', 'e2', 'e3'].forEach((name, i) => {
        lab.says(name, {}, `65001 ${i % 2}7`)
      }),
    '1 3',
    { multipath: { ...defaultMultipath, relaxAsPath: false } },
  ],
  [
    'at most as many as are allowed, the lowest BGP Identifiers',
    (lab) =>
      ['e5', 'e4', 'e3', 'e9'].forEach((name) => {
        lab.says(name)
      }),
    '3 4',
    { multipath: { ...defaultMultipath, ebgp: 2 } },
  ],
  [
    'external and internal paths have limits of their own',
    (lab) =>
      ['i5', 'i4'].forEach((name) => {
        lab.says(name)
      }),
    '4',
    { multipath: { ...defaultMultipath, ibgp: 1 } },
  ],
  [
    'two paths with one next hop are one',
    (lab) =>
      ['i1', 'i2'].forEach((name) => {
        lab.says(name, { nextHop: octets('10.9.0.7') })
      }),
    '7',
  ],
]
for (const [title, run, sharing, policy, metrics] of table)
  t.test(`ECMP: ${title}`, async (t) => {
    const lab = new Lab(policy, metrics)
    run(lab)
    t.equal(lab.sharing, sharing)
  })

t.test('ECMP: one joins and one leaves: the kernel hears of it though the best path stays', async (t) => {
  const lab = new Lab()
  lab.says('e1')
  const seen = [lab.sharing]
  lab.says('e2')
  seen.push(lab.sharing)
  lab.says('e3')
  lab.leaves('e2')
  seen.push(lab.sharing)
  lab.says('e3', {}, '65001 9')
  seen.push(lab.sharing)
  lab.leaves('e1')
  seen.push(lab.sharing)
  t.strictSame(seen, ['1', '1 2', '1 3', '1', '3'])
})

t.test('ECMP: switched off and on, the kernel hears of it, and peers do not', async (t) => {
  const lab = new Lab()
  for (const name of ['e1', 'e2']) lab.says(name)
  const listener = lab.peer('l', { address: address('10.0.0.99'), asNumber: 65099 })
  const seen = [lab.sharing]
  const heard = listener.reader.readAll().events.length
  lab.rib.setPolicy({ multipath: { ...defaultMultipath, ebgp: 1, ibgp: 1 } })
  seen.push(lab.sharing)
  lab.rib.setPolicy({})
  seen.push(lab.sharing)
  t.strictSame([seen, listener.reader.readAll().events.length - heard], [['1 2', '1', '1 2'], 0])
})

t.test('the list of next hops is the same object as long as it means the same', async (t) => {
  const lists = new Set<unknown>()
  const lab = new RibLab(ribOptions, {
    onBest: (batch) => {
      for (const id of [...batch.ids].slice(0, batch.count)) lists.add(batch.nextHopsOf(id))
    },
  })
  const prefixes = Array.from({ length: 20 }, (_, i) => `10.${i}.0.0/16`)
  for (const n of [1, 2])
    lab.peer(`e${n}`, { address: address(`10.9.0.${n}`) }, { remoteRouterId: n }).announce(prefixes, { nextHop: octets(`10.9.0.${n}`) })
  lab.settle()
  t.equal(lists.size, 1)
})

t.test('RFC 4271 §9.1.2.2: each path says at which step it was left behind, and which share the traffic', async (t) => {
  const lab = new Lab()
  lab.says('i1', { localPref: 50 })
  lab.says('i2', {}, '65001 7')
  lab.says('e3', { med: 5 })
  lab.says('e4', { origin: 2 })
  lab.says('e5')
  lab.says('e6')
  lab.says('i7', {}, '65001')
  t.equal(
    lab.standing,
    'router-id: e5 =, i1 lost at local-pref, i2 lost at as-path-length, e3 lost at med, e4 lost at origin, e6 = lost at router-id, i7 lost at ebgp-over-ibgp',
  )
})

t.test('RFC 5004: off, the lower BGP Identifier wins whoever came first; on, the existing external path stays', async (t) => {
  for (const [preferExisting, decision] of [
    [false, 'router-id: e3 =, e5 = lost at router-id'],
    [true, 'prefer-existing: e5 =, e3 = lost at prefer-existing'],
  ] as const) {
    const lab = new Lab({ preferExisting })
    lab.says('e5')
    lab.settle()
    lab.says('e3')
    t.equal(lab.standing, decision)
  }
})

t.test('RFC 5004 §3: not between internal paths, and not against a better one', async (t) => {
  const lab = new Lab({ preferExisting: true })
  lab.says('i5', {}, '65001')
  lab.settle()
  lab.says('i3', {}, '65001')
  t.match(lab.standing, /^router-id: i3/)
  lab.says('e5')
  lab.settle()
  lab.says('e4')
  t.match(lab.standing, /^prefer-existing: e5/)
  lab.says('e5', { med: 1 })
  t.match(lab.standing, /^ebgp-over-ibgp: e4/)
})
