/** RFC 7911: several paths of a prefix are told, each with an identifier. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { address, families, octets, type Peer, path, RibLab, ribOptions, type Sent, sessionTerms } from './fixture.ts'

const prefix = '10.1.0.0/24'
const client = { asNumber: 65000, routeReflectorClient: true }
const takesPaths = { addPathSend: families }

/** External peers a, b, c with the BGP Identifiers 1, 2, 3, and a client that takes so many paths. */
class Lab extends RibLab {
  readonly sources: readonly Peer[]
  readonly to: Peer

  constructor(send: number, backlogLimit = 1 << 20) {
    super({ ...ribOptions, clusterId: 5, backlogLimit })
    this.sources = [1, 2, 3].map((n) =>
      this.peer('abc'.charAt(n - 1), { asNumber: 65000 + n, address: address(`10.9.0.${n}`) }, { remoteRouterId: n }),
    )
    this.to = this.peer('to', { ...client, address: address('10.9.0.9'), addPath: { receive: true, send } }, takesPaths)
    this.settle()
    this.to.reader.readAll()
  }

  says(n: number, sent: Sent = {}, prefixes: readonly string[] = [prefix]): void {
    this.sources[n - 1]?.announce(prefixes, { nextHop: octets(`10.9.0.${n}`), ...sent })
  }

  leaves(n: number, prefixes: readonly string[] = [prefix]): void {
    this.sources[n - 1]?.withdraw(prefixes)
  }

  /** What the client knows: next hops by path identifier, in the order of the identifiers. */
  get known(): string[] {
    this.settle()
    return Object.entries(this.to.known)
      .map(([key, text]) => `${key} via ${/via ([^,]+)/.exec(text)?.[1]}`)
      .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  }

  get events(): readonly string[] {
    this.settle()
    return this.to.reader.readAll().events.splice(0)
  }
}

t.test('RFC 7911 §3: each path has an identifier of its own, which stays while the path changes', async (t) => {
  const lab = new Lab(8)
  for (const n of [1, 2, 3]) lab.says(n)
  const first = lab.known
  t.strictSame(first, [`1>${prefix} via 10.9.0.1`, `2>${prefix} via 10.9.0.2`, `3>${prefix} via 10.9.0.3`])
  lab.says(2, { med: 9 })
  t.strictSame(lab.known, first)
  t.match(lab.to.known[`2>${prefix}`], /med 9/)
  t.equal(lab.rib.counts(lab.to.id, 'ipv4-unicast').advertised, 3)
})

t.test('RFC 7911 §5: a path that goes is withdrawn by its identifier, the others are not told again', async (t) => {
  const lab = new Lab(8)
  for (const n of [1, 2, 3]) lab.says(n)
  t.equal(lab.events.length, 2 + 3)
  lab.leaves(1)
  t.strictSame(lab.events, [`- 1>${prefix}`])
  lab.says(1)
  t.strictSame(lab.events, [`+ 4>${prefix}`], 'a new path, a new identifier')
})

t.test('at most so many, the best in the order of the decision', async (t) => {
  const lab = new Lab(2)
  lab.says(1, { med: 5 }, [prefix])
  lab.says(2, { origin: 2 })
  lab.says(3, { asPath: path('65003 7') })
  t.strictSame(
    lab.known.map((line) => line.slice(-1)),
    ['1', '2'],
  )
  lab.says(3)
  t.strictSame(
    lab.known.map((line) => line.slice(-1)),
    ['1', '3'],
  )
  lab.leaves(1)
  t.strictSame(lab.known.map((line) => line.slice(-1)).toSorted(), ['2', '3'])
})

t.test('what this node originates is one of them', async (t) => {
  const lab = new Lab(8)
  lab.originate([prefix])
  lab.says(2)
  t.strictSame(lab.known, [`1>${prefix} via 10.0.0.1`, `2>${prefix} via 10.9.0.2`])
})

t.test('a path is not told to the peer that it came from; each path by the rules of its own source (RFC 4456 §6)', async (t) => {
  const lab = new Lab(8)
  const plain = lab.peer('n', { asNumber: 65000, address: address('10.9.0.20'), addPath: { receive: true, send: 8 } }, takesPaths)
  lab.says(1)
  lab.to.announce([prefix], { nextHop: octets('10.9.0.9') })
  plain.announce([prefix], { nextHop: octets('10.9.0.20') })
  lab.settle()
  const told = (peer: Peer): string[] =>
    Object.values(peer.known)
      .map((text) => /via 10.9.0.(\d+)/.exec(text)?.[1] ?? '')
      .toSorted()
  t.strictSame(
    [told(lab.to), told(plain)],
    [
      ['1', '20'],
      ['1', '9'],
    ],
  )
})

t.test('IPv6 too, and a peer without add-path gets the best alone', async (t) => {
  const lab = new Lab(8)
  const plain = lab.peer('p', { ...client, address: address('10.9.0.30') })
  for (const n of [1, 2]) lab.says(n, { nextHop: octets(`fd00:9::${n}`) }, ['fd01::/64'])
  t.strictSame(lab.known, ['1>fd01::/64 via fd00:9::1', '2>fd01::/64 via fd00:9::2'])
  t.strictSame(Object.keys(plain.known), ['fd01::/64'])
})

t.test('RFC 4724 §2: End-of-RIB follows all paths of the first table; RFC 2918 §4: a refresh tells all of them again', async (t) => {
  const lab = new Lab(8)
  for (const n of [1, 2]) lab.says(n)
  lab.settle()
  const late = lab.peer('late', { ...client, address: address('10.9.0.40'), addPath: { receive: false, send: 8 } }, takesPaths)
  lab.settle()
  t.strictSame(late.reader.readAll().events, [`+ 1>${prefix}`, `+ 2>${prefix}`, 'end ipv4-unicast', 'end ipv6-unicast'])
  late.reader.events.length = 0
  lab.rib.refresh(late.id, 'ipv4-unicast')
  t.strictSame(late.reader.readAll().events, [`+ 1>${prefix}`, `+ 2>${prefix}`])
})

t.test('a peer that does not read is told in the end what is true then, also of paths whose place others have taken', async (t) => {
  const lab = new Lab(8, 100)
  const many = Array.from({ length: 50 }, (_, i) => `10.${i}.0.0/16`)
  const others = Array.from({ length: 50 }, (_, i) => `11.${i}.0.0/16`)
  for (const n of [1, 2, 3]) lab.says(n, {}, many)
  lab.settle()
  lab.to.reader.readAll()
  lab.leaves(1, many)
  lab.settle()
  lab.says(1, {}, others)
  lab.settle()
  lab.leaves(2, many)
  lab.settle()
  lab.says(2, {}, others)
  lab.settle()
  lab.says(3, { med: 7 }, many)
  const expected = [...many.map((one) => `${one} 3`), ...others.flatMap((one) => [`${one} 1`, `${one} 2`])]
  t.strictSame(lab.known.map((line) => line.replace(/^\d+>(\S+) via 10.9.0.(\d+)$/, '$1 $2')).toSorted(), expected.toSorted())
})

t.test('nothing is kept of what is gone', async (t) => {
  const lab = new Lab(8)
  for (let round = 0; round < 50; round++) {
    for (const n of [1, 2, 3]) lab.says(n, { med: round })
    lab.settle()
    for (const n of [1, 2, 3]) lab.leaves(n)
    t.strictSame(lab.known, [])
  }
  for (const { reader } of lab.sources) reader.readAll()
  lab.settle()
  t.equal(lab.rib.query({ table: 'out', peer: 'to', limit: 10 }).total, 0)
  t.equal([...lab.rib.reader.prefixes('ipv4-unicast').ids()].length, 0)
})

t.test('the API shows all that is told, with identifiers', async (t) => {
  const lab = new Lab(8)
  for (const n of [1, 2]) lab.says(n)
  lab.settle()
  const [route] = lab.rib.query({ table: 'out', peer: 'to', limit: 10 }).routes
  t.strictSame(route?.paths.map(({ pathId, nextHop }) => `${pathId} ${nextHop}`).toSorted(), ['1 10.9.0.1', '2 10.9.0.2'])
})

const prefixes = ['10.0.0.0/8', '10.1.0.0/16', '10.1.1.0/24', 'fd01::/64']
const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('announce' as const),
      peer: fc.nat(3),
      id: fc.nat(3),
      at: fc.nat(3),
      med: fc.nat(2),
      via: fc.nat(4),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('withdraw' as const), peer: fc.nat(3), id: fc.nat(3), at: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('flush' as const, 'read' as const), peer: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('refresh' as const, 'reset' as const), peer: fc.nat(3) }) },
)

/** Two peers that send identifiers, one that does not, one that sends none but takes all; each is told as it is configured. */
const kinds = [{ addPathReceive: families, addPathSend: families }, { addPathReceive: families }, {}, { addPathSend: families }] as const

t.test('RFC 7911: after any history each peer has sent what is in the table, and knows the best paths of the others', async () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60, size: 'max' }), (steps) => {
      const lab = new RibLab({ ...ribOptions, clusterId: 5, backlogLimit: 60 }, { nextHopMetric: () => 0 })
      const peers = kinds.map((terms, i) =>
        lab.peer(
          `p${i}`,
          { ...client, address: address(`10.9.0.${i}`), addPath: { receive: true, send: 2 } },
          { ...terms, remoteRouterId: i + 1 },
        ),
      )
      /** "peer prefix id" to next hop. */
      const model = new Map<string, string>()
      for (const step of steps) {
        const peer = peers[step.peer] as Peer
        const sendsIds = step.peer < 2
        if (step.type !== 'announce' && step.type !== 'withdraw') {
          if (step.type === 'flush') lab.rib.flush(0)
          if (step.type === 'read') peer.reader.read(200)
          if (step.type === 'refresh') lab.rib.refresh(peer.id, 'ipv4-unicast')
          if (step.type !== 'reset') continue
          lab.rib.sessionDown(peer.id, [])
          peer.up(sessionTerms({ ...kinds[step.peer], remoteRouterId: step.peer + 1 }))
          for (const key of model.keys()) if (key.startsWith(`${step.peer} `)) model.delete(key)
        } else {
          const at = prefixes[step.at] as string
          const id = sendsIds ? step.id : 0
          const nlri = sendsIds ? `${id}>${at}` : at
          const key = `${step.peer} ${at} ${id}`
          const via = at.includes(':') ? 'fd00:9::' : '10.9.1.'
          if (step.type === 'withdraw') {
            peer.withdraw([nlri])
            model.delete(key)
          } else {
            peer.announce([nlri], { nextHop: octets(`${via}${step.via + 1}`), med: step.med })
            model.set(key, `${via}${step.via + 1} ${step.med}`)
          }
        }
      }
      lab.settle()
      const inside: string[] = []
      for (const { prefix, paths } of lab.rib.query({ table: 'in', limit: 100 }).routes)
        for (const { peer, pathId = 0, nextHop, med } of paths) inside.push(`${peer.slice(1)} ${prefix} ${pathId} ${nextHop} ${med}`)
      assert.deepEqual(inside.toSorted(), [...model].map(([key, value]) => `${key} ${value}`).toSorted())
      for (const [number, peer] of peers.entries()) assert.deepEqual(told(peer), expected(model, number), `p${number}`)
    }),
    { numRuns: 300 * Number(process.env.RIB_MODEL_EFFORT ?? 1) },
  )
})

/** "prefix next hop med", for each path that the peer knows. */
function told(peer: Peer): string[] {
  return Object.entries(peer.known)
    .map(([key, text]) => `${key.split('>').at(-1)} ${/via ([^,]+)/.exec(text)?.[1]} ${/med (\d+)/.exec(text)?.[1]}`)
    .toSorted()
}

/** The two best of each prefix, or the best, less those of the peer itself: MED, then BGP Identifier, then path identifier. */
function expected(model: ReadonlyMap<string, string>, to: number): string[] {
  const takesPaths = to === 0 || to === 3
  return prefixes
    .flatMap((prefix) => {
      const all = [...model].filter(([key]) => key.split(' ')[1] === prefix).map(([key, value]) => ({ key, value, from: Number(key[0]) }))
      const rank = ({ key, value }: { key: string; value: string }): number[] => [
        Number(value.split(' ')[1]),
        Number(key[0]),
        Number(key.split(' ')[2]),
      ]
      const ordered = all.toSorted((a, b) => rank(a).reduce((found, part, i) => found || part - (rank(b)[i] as number), 0))
      return ordered
        .slice(0, takesPaths ? 2 : 1)
        .filter(({ from }) => from !== to)
        .map(({ value }) => `${prefix} ${value}`)
    })
    .toSorted()
}
