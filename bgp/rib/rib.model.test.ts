/** Random histories, against the RIB as it would be if speed did not matter. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { formatAddress } from '../../src/net/address.ts'
import { parseCidr } from '../../src/net/prefix.ts'
import type { AddressFamily, PeerConfig } from '../peer.ts'
import type { MultipathOptions } from '../speaker-policy.ts'
import { address, announcement, families, peerConfig, Reader, RibLab, ribOptions, sessionTerms, withdrawal } from './fixture.ts'
import { Model, ModelPeer, noAdvertise, noExport, routerId, type Saying } from './rib-model.fixture.ts'
import type { SessionTerms } from './session-terms.ts'

/** For longer runs: how many times more. */
const effort = Number(process.env.RIB_MODEL_EFFORT ?? 1)

const small = '0.0.0.0/0 10.1.0.0/16 10.1.0.0/24 10.1.1.0/24 192.0.2.7/32 198.51.100.0/25 ::/0 fd01::/16 fd01::/64 fd02::1/128'.split(' ')
const many = Array.from({ length: 150 }, (_, i) => `172.16.${i}.0/24`)

type Step =
  | { type: 'announce'; peer: number; prefixes: readonly string[]; saying: Saying }
  | { type: 'withdraw'; peer: number; prefixes: readonly string[] }
  | { type: 'up'; peer: number; terms: SessionTerms }
  | { type: 'down'; peer: number; keep: readonly AddressFamily[] }
  | { type: 'mark' | 'sweep'; peer: number; family: AddressFamily }
  | { type: 'refresh'; peer: number; family: AddressFamily }
  | { type: 'replace'; peer: number; client: boolean; import: 'all' | 'none' }
  | { type: 'reconfigure'; peer: number; client: boolean; import: 'all' | 'none'; export: 'local' | 'all' | 'none' }
  | { type: 'originate'; prefixes: readonly string[] }
  | { type: 'metric'; via: number; metric: number | undefined }
  | { type: 'multipath'; options: MultipathOptions }
  | { type: 'hold' | 'flush' }
  | { type: 'release'; family: AddressFamily }
  | { type: 'read'; peer: number; times: number; maxBytes: number }

const peers = [
  peerConfig('e1', { asNumber: 65101, address: address('10.0.0.11') }),
  peerConfig('e2', { asNumber: 65102, address: address('10.0.0.12') }),
  peerConfig('e3', { asNumber: 65102, address: address('10.0.0.13'), export: 'local' }),
  peerConfig('c1', { asNumber: 65000, address: address('10.0.0.14'), routeReflectorClient: true }),
  peerConfig('c2', { asNumber: 65000, address: address('10.0.0.15'), routeReflectorClient: true }),
  peerConfig('n1', { asNumber: 65000, address: address('10.0.0.16') }),
  peerConfig('n2', { asNumber: 65000, address: address('10.0.0.17') }),
  peerConfig('n3', { asNumber: 65000, address: address('10.0.0.18'), export: 'none' }),
]

const clusterId = 0x0c00_0001
const anyPeer = fc.nat(peers.length - 1)
const anyFamily = fc.constantFrom(...families)
const anyMetric = fc.constantFrom(undefined, 0, 10)
const somePrefixes = fc.oneof(
  { arbitrary: fc.subarray(small, { minLength: 1, maxLength: 4 }), weight: 12 },
  { arbitrary: fc.nat(many.length - 20).map((at) => many.slice(at)), weight: 1 },
)
const anySaying: fc.Arbitrary<Saying> = fc.record(
  {
    tail: fc.constantFrom('', '', '7', '7 8', '65102', '65000'),
    origin: fc.constantFrom(0 as const, 0 as const, 2 as const),
    via: fc.constantFrom(0, 1, 1, 2, 3),
    med: fc.constantFrom(undefined, 0, 10),
    localPref: fc.constantFrom(undefined, undefined, 100, 200),
    originatorId: fc.constantFrom(undefined, undefined, 1, 7, routerId),
    clusterList: fc.constantFrom(undefined, undefined, [5], [5, 6], [clusterId], [routerId]),
    community: fc.constantFrom(undefined, undefined, undefined, 0x0001_0002, noExport, noAdvertise),
    carried: fc.constantFrom(undefined, undefined, undefined, 'large' as const, 'unknown' as const, 'inside' as const),
  },
  { noNullPrototype: true },
)
const anyTerms = fc
  .record({
    families: fc.constantFrom(families, families, families.slice(0, 1), families.slice(1)),
    fourOctetAs: fc.constantFrom(true, true, false),
    maxMessageLength: fc.constantFrom(4096, 4096, 65535),
    remoteRouterId: fc.integer({ min: 1, max: 3 }),
  })
  .map(sessionTerms)

const anyMultipath: fc.Arbitrary<MultipathOptions> = fc.record(
  { ebgp: fc.constantFrom(1, 2, 16), ibgp: fc.constantFrom(1, 3, 16), relaxAsPath: fc.boolean() },
  { noNullPrototype: true },
)

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ type: fc.constant('announce' as const), peer: anyPeer, prefixes: somePrefixes, saying: anySaying }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('withdraw' as const), peer: anyPeer, prefixes: somePrefixes }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('up' as const), peer: anyPeer, terms: anyTerms }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('down' as const), peer: anyPeer, keep: fc.subarray([...families]) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('sweep' as const), peer: anyPeer, family: anyFamily }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('mark' as const), peer: anyPeer, family: anyFamily }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refresh' as const), peer: anyPeer, family: anyFamily }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('replace' as const),
      peer: anyPeer,
      client: fc.boolean(),
      import: fc.constantFrom('all' as const, 'all' as const, 'none' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('reconfigure' as const),
      peer: anyPeer,
      client: fc.boolean(),
      import: fc.constantFrom('all' as const, 'all' as const, 'none' as const),
      export: fc.constantFrom('all' as const, 'all' as const, 'local' as const, 'none' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('originate' as const), prefixes: fc.subarray(small) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('metric' as const), via: fc.integer({ min: 1, max: 3 }), metric: anyMetric }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('multipath' as const), options: anyMultipath }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('hold' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('release' as const), family: anyFamily }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('flush' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('read' as const),
      peer: anyPeer,
      times: fc.integer({ min: 1, max: 4 }),
      maxBytes: fc.constantFrom(1, 100, 65535),
    }),
  },
)

const familyOf = (prefix: string): AddressFamily => (prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast')

/** The RIB and the model beside each other. */
class Pair {
  readonly lab: RibLab
  readonly model: Model
  readonly ids: number[]
  readonly readers: (Reader | undefined)[] = []

  constructor(reflects: boolean) {
    const metrics = [0, 0, 10, undefined]
    const options = { ...ribOptions, backlogLimit: 200, ...(reflects ? { clusterId } : {}) }
    this.lab = new RibLab(options, { nextHopMetric: (nextHop) => metrics[Number(/[.:](\d+)$/.exec(nextHop)?.[1])] })
    this.model = new Model(
      peers.map((config) => new ModelPeer(config, sessionTerms())),
      reflects ? clusterId : undefined,
      metrics,
    )
    this.ids = peers.map((config) => this.lab.rib.addPeer(config))
    for (const [peer] of peers.entries()) this.up(peer, sessionTerms({ remoteRouterId: 1 + (peer % 3) }))
  }

  take(step: Step) {
    const { rib } = this.lab
    switch (step.type) {
      case 'announce':
        return this.announce(step.peer, step.prefixes, step.saying)
      case 'withdraw':
        return this.withdraw(step.peer, step.prefixes)
      case 'up':
        if (!this.peer(step.peer).up) this.up(step.peer, step.terms)
        return
      case 'down':
        return this.down(step.peer, step.keep)
      case 'mark':
        for (const [prefix, route] of this.peer(step.peer).routes) if (familyOf(prefix) === step.family) route.stale = true
        return rib.markStale(this.id(step.peer), step.family)
      case 'sweep':
        for (const [prefix, { stale }] of this.peer(step.peer).routes)
          if (stale && familyOf(prefix) === step.family) this.peer(step.peer).routes.delete(prefix)
        return rib.sweepStale(this.id(step.peer), step.family)
      case 'refresh':
        return rib.refresh(this.id(step.peer), step.family)
      case 'replace':
        return this.replace(step.peer, step.client, step.import)
      case 'reconfigure':
        return this.reconfigure(step.peer, { routeReflectorClient: step.client, import: step.import, export: step.export })
      case 'originate':
        this.model.local = new Set(step.prefixes)
        return rib.originate(step.prefixes.flatMap((text) => parseCidr(text) ?? []))
      case 'metric':
        this.model.metrics[step.via] = step.metric
        return rib.nextHopsChanged()
      case 'multipath':
        this.model.multipath = step.options
        return rib.setPolicy({ multipath: step.options })
      case 'hold':
        return rib.holdDecisions()
      case 'release':
        return rib.releaseDecisions(step.family)
      case 'flush':
        rib.flush(0)
        return
      case 'read':
        for (let i = 0; i < step.times; i++) this.readers[step.peer]?.read(step.maxBytes)
    }
  }

  id(peer: number): number {
    return this.ids[peer] as number
  }

  peer(peer: number): ModelPeer {
    return this.model.peers[peer] as ModelPeer
  }

  announce(number: number, prefixes: readonly string[], saying: Saying): void {
    const peer = this.peer(number)
    if (!peer.up) return
    for (const family of families) {
      const those = prefixes.filter((prefix) => familyOf(prefix) === family)
      if (those[0] === undefined) continue
      const said = peer.says(saying, those[0])
      this.receive(number, announcement(those, { ...said, fourOctetAs: peer.terms.fourOctetAs, internal: peer.internal }))
      if (!peer.terms.families.includes(family)) continue
      for (const prefix of those) peer.routes.set(prefix, { said, via: saying.via, stale: false })
    }
  }

  withdraw(number: number, prefixes: readonly string[]): void {
    const peer = this.peer(number)
    if (!peer.up) return
    for (const family of families) {
      const those = prefixes.filter((prefix) => familyOf(prefix) === family)
      if (those.length > 0) this.receive(number, withdrawal(those))
      if (peer.terms.families.includes(family)) for (const prefix of those) peer.routes.delete(prefix)
    }
  }

  receive(peer: number, body: Uint8Array): void {
    assert.equal(this.lab.rib.receive(this.id(peer), body, 0, body.length), undefined)
  }

  up(number: number, terms: SessionTerms): void {
    const peer = this.peer(number)
    Object.assign(peer, { up: true, terms, routerId: terms.remoteRouterId })
    this.lab.rib.sessionUp(this.id(number), terms)
    this.readers[number] = new Reader(this.lab.rib, this.id(number), terms, peer.internal)
  }

  down(number: number, keep: readonly AddressFamily[]): void {
    const peer = this.peer(number)
    if (!peer.up) return
    peer.up = false
    this.readers[number] = undefined
    for (const [prefix, route] of peer.routes) {
      if (!keep.includes(familyOf(prefix))) peer.routes.delete(prefix)
      else route.stale = true
    }
    this.lab.rib.sessionDown(this.id(number), keep)
  }

  replace(number: number, client: boolean, imports: 'all' | 'none'): void {
    const peer = this.peer(number)
    this.lab.rib.removePeer(this.id(number))
    peer.config = { ...peer.config, routeReflectorClient: client, import: imports }
    peer.routes.clear()
    this.ids[number] = this.lab.rib.addPeer(peer.config)
    this.up(number, sessionTerms({ remoteRouterId: 1 + (number % 3) }))
  }

  reconfigure(number: number, change: Partial<PeerConfig>): void {
    const peer = this.peer(number)
    peer.config = { ...peer.config, ...change }
    this.lab.rib.configure(this.id(number), peer.config)
    this.lab.rib.reconsider(this.id(number))
  }

  /** Everything decided and read. */
  settle(): void {
    for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) this.lab.rib.releaseDecisions(family)
    this.lab.settle()
    for (const reader of this.readers) reader?.readAll(1000)
  }

  compare(): void {
    this.compareBest()
    for (const number of peers.keys()) this.comparePeer(number)
  }

  compareBest(): void {
    const { rib, best } = this.lab
    const decided: Record<string, unknown> = {}
    for (const { prefix, paths, decidedBy } of rib.query({ table: 'best', limit: 10_000 }).routes)
      decided[prefix] = [paths[0]?.peer, paths[0]?.best, decidedBy]
    const expected: Record<string, unknown> = {}
    const programmed: Record<string, string> = {}
    for (const prefix of this.model.prefixes) {
      const chosen = this.model.best(prefix)
      if (chosen === undefined) continue
      expected[prefix] = [chosen.peer?.config.name ?? 'local', true, chosen.step]
      if (chosen.peer === undefined) continue
      const nextHops = new Set(chosen.sharing.map(({ nextHop }) => formatAddress(nextHop)))
      programmed[prefix] = [...nextHops].toSorted().join(' ')
    }
    assert.deepEqual(decided, expected)
    assert.deepEqual(Object.fromEntries(best), programmed)
  }

  comparePeer(number: number): void {
    const { rib } = this.lab
    const peer = this.peer(number)
    const { name } = peer.config
    const told = peer.up ? this.model.expected(peer) : {}
    const reader = this.readers[number]
    assert.deepEqual(reader?.known ?? {}, told, name)
    const ends = reader?.events.filter((event) => event.startsWith('end')) ?? []
    assert.deepEqual(
      ends.toSorted(),
      (peer.up ? peer.terms.families : []).map((family) => `end ${family}`),
    )
    const out = rib.query({ table: 'out', peer: name, limit: 10_000 }).routes.map(({ prefix }) => prefix)
    assert.deepEqual(out.toSorted(), Object.keys(told).toSorted(), `${name} out`)
    for (const family of families) {
      const routes = [...peer.routes].filter(([prefix]) => familyOf(prefix) === family).map(([, route]) => route)
      assert.deepEqual(rib.counts(this.id(number), family), {
        received: routes.length,
        accepted: routes.filter((route) => this.model.isAccepted(peer, route)).length,
        stale: routes.filter(({ stale }) => stale).length,
        advertised: Object.keys(told).filter((prefix) => familyOf(prefix) === family).length,
      })
    }
  }
}

t.test('RFC 4271 §9: after any history the RIB is what the last words of each peer make it, and each peer knows it', async () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(anyStep, { maxLength: 60, size: 'max' }), (reflects, steps) => {
      const pair = new Pair(reflects)
      for (const step of steps) pair.take(step)
      pair.settle()
      pair.compare()
    }),
    { numRuns: 150 * effort },
  )
})

t.test('it is what it should be also between the steps', async () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.array(anyStep, { maxLength: 8 }), { maxLength: 6, size: 'max' }), (reflects, parts) => {
      const pair = new Pair(reflects)
      for (const steps of parts) {
        for (const step of steps) pair.take(step)
        pair.settle()
        pair.compare()
      }
    }),
    { numRuns: 50 * effort },
  )
})

const anySayings = fc.array(fc.record({ peer: anyPeer, prefix: fc.constantFrom(...small), saying: anySaying }), {
  maxLength: 40,
  size: 'max',
})

t.test('RFC 4271 §9.1.2.2: the same announcements end in the same tables, in whatever order they come', async () => {
  const last = anySayings.map((list) => [...new Map(list.map((one) => [`${one.peer} ${one.prefix}`, one])).values()])
  const shuffled = last.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.nat(list.length)),
  )
  fc.assert(
    fc.property(shuffled, ([list, otherList, pause]) => {
      const tables = [list, otherList].map((order) => {
        const pair = new Pair(true)
        for (const [i, { peer, prefix, saying }] of order.entries()) {
          if (i === pause) pair.settle()
          pair.announce(peer, [prefix], saying)
        }
        pair.settle()
        const known = pair.readers.map((reader) => reader?.known)
        return [known, Object.fromEntries(pair.lab.best), pair.lab.rib.query({ table: 'best', limit: 100 })]
      })
      assert.deepEqual(tables[1], tables[0])
    }),
    { numRuns: 50 * effort },
  )
})

const huge = Array.from({ length: 6000 }, (_, i) => `20.${i >>> 8}.${i & 255}.0/24`)
const someHuge = fc.tuple(fc.nat(5), fc.constantFrom(500, 3000)).map(([part, count]) => huge.slice(part * 1000, part * 1000 + count))
const anyHugeStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('announce' as const), peer: anyPeer, prefixes: someHuge, saying: anySaying }),
  fc.record({ type: fc.constant('withdraw' as const), peer: anyPeer, prefixes: someHuge }),
  anyStep,
)

t.test('many prefixes and no time: every flush is cut short, and what is read in between is made good', async () => {
  fc.assert(
    fc.property(fc.array(anyHugeStep, { minLength: 20, maxLength: 40, size: 'max' }), (steps) => {
      const pair = new Pair(true)
      for (const step of steps) pair.take(step)
      pair.settle()
      pair.compare()
    }),
    { numRuns: 5 * effort },
  )
})
