import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { BgpError } from '../wire/bgp-error.ts'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import { external, internal, old } from '../wire/fixture.ts'
import type { AttributeSet } from './attribute-set.ts'
import { AttributeTable, type ContextId } from './attribute-table.ts'
import { attributesOf, octets, path, type Sent } from './fixture.ts'
import { NextHopTable } from './next-hop-table.ts'

function block(sent: Sent): Uint8Array {
  return encodeAttributes(attributesOf(sent), { fourOctetAs: true, internal: false })
}

function tables() {
  const asked: string[] = []
  const notes: string[] = []
  const nextHops = new NextHopTable({ metricOf: (address) => asked.push(address), isConnected: () => true })
  const options = { asNumber: 65000, routerId: 1, clusterId: 2, ownAddresses: ['10.0.0.1'] }
  const table = new AttributeTable(options, nextHops)
  const context = table.contextOf(external)
  const intern = (bytes: Uint8Array, in_: ContextId = context) => table.intern(in_, bytes, 0, bytes.length, (all) => notes.push(...all))
  /** Held once. */
  const hold = (bytes: Uint8Array, in_?: ContextId): AttributeSet => {
    const id = intern(bytes, in_)
    if (id instanceof BgpError || id < 0) throw new Error('no attributes', { cause: id })
    table.hold(id)
    return table.get(id)
  }
  return { table, nextHops, asked, notes, context, intern, hold }
}

t.test('the same octets are the same set, decoded once, wherever they stand', async (t) => {
  const { table, notes, hold, context } = tables()
  const bytes = block({ med: 5, localPref: 7 })
  const set = hold(bytes)
  const elsewhere = Uint8Array.of(1, 2, 3, ...bytes, 4)
  t.equal(
    table.intern(context, elsewhere, 3, 3 + bytes.length, () => t.fail('decoded again')),
    set.id,
  )
  t.strictSame([table.size, set.attributes.med, notes], [1, 5, []])
})

t.test('the block is copied: its buffer may be written again', async (t) => {
  const { hold, intern } = tables()
  const bytes = block({ med: 5, communities: [1, 2], unknown: [{ flags: 0xe0, type: 99, data: Uint8Array.of(1) }] })
  const set = hold(bytes)
  const before = structuredClone(set.attributes)
  const copy = bytes.slice()
  bytes.fill(0xff)
  t.strictSame(set.attributes, before)
  t.equal(intern(copy), set.id)
})

t.test('RFC 6793, RFC 7606: the same octets mean something else in another context', async (t) => {
  const { table, context, hold } = tables()
  t.equal(table.contextOf({ ...external }), context)
  const inside = table.contextOf(internal)
  t.not(inside, context)
  t.not(table.contextOf(old), context)
  t.strictSame(table.contextAt(inside), internal)
  const bytes = encodeAttributes(attributesOf({ localPref: 7 }), { fourOctetAs: true, internal: true })
  const [a, b] = [hold(bytes), hold(bytes, inside)]
  t.not(a, b)
  t.strictSame([a.attributes.localPref, b.attributes.localPref], [undefined, 7])
})

t.test('RFC 7606 §2: notes are told once for each block decoded; what is treated as withdraw is not kept', async (t) => {
  const { table, notes, hold, intern } = tables()
  const withLocalPref = encodeAttributes(attributesOf({ localPref: 7 }), { fourOctetAs: true, internal: true })
  hold(withLocalPref)
  intern(withLocalPref)
  t.equal(notes.length, 1)
  t.equal(intern(Uint8Array.of(0x40, 1, 1, 0)), -1)
  t.ok(intern(Uint8Array.of(0x40, 200, 0)) instanceof BgpError)
  t.equal(table.size, 1)
})

t.test('a set that nobody holds is gone, its number and next hop are free', async (t) => {
  const { table, asked, hold } = tables()
  const first = hold(block({ med: 1 }))
  table.hold(first.id)
  table.release(first.id)
  t.equal(table.get(first.id), first)
  table.release(first.id)
  t.throws(() => table.get(first.id), new Error(`attribute set ${first.id} is not in use`))
  const second = hold(block({ med: 2 }))
  t.strictSame([second.id, table.size, table.get(first.id) === second], [first.id, 1, true])
  t.strictSame(asked, ['10.0.0.2', '10.0.0.2'], 'the next hop was forgotten, too')
})

t.test('next hops are shared by sets, and asked for once', async (t) => {
  const { asked, hold, nextHops } = tables()
  const [a, b, c] = [hold(block({ med: 1 })), hold(block({ med: 2 })), hold(block({ nextHop: octets('10.9.0.1') }))]
  t.equal(a.nextHop, b.nextHop)
  t.not(a.nextHop, c.nextHop)
  t.strictSame([asked, a.nextHop?.uses], [['10.0.0.2', '10.9.0.1'], 2])
  t.equal(nextHops.refresh(), true)
  t.strictSame([a.nextHop?.metric, c.nextHop?.metric], [3, 4])
})

for (const [title, sent, expected] of [
  ['RFC 4271 §9.1.2: our AS anywhere in the path', { asPath: path('65001 7 65000 8') }, false],
  ['RFC 4271 §5.1.3: our address as next hop', { nextHop: octets('10.0.0.1') }, false],
  ['RFC 4456 §8: from outside ORIGINATOR_ID and CLUSTER_LIST are nothing', { originatorId: 1, clusterList: [2] }, true],
  ['nothing special', {}, true],
] as const)
  t.test(`${title}: ${expected ? 'may' : 'must not'} be used`, async (t) => t.equal(tables().hold(block(sent)).eligible, expected))

t.test('churn of 100,000 distinct sets leaves nothing behind', async (t) => {
  const { table, asked, hold } = tables()
  const kept = Array.from({ length: 10 }, (_, i) => hold(block({ med: i })))
  const window: AttributeSet[] = []
  let highest = 0
  const bytes = block({ med: 0, communities: [1] })
  const medAt = bytes.length - 11
  t.strictSame([...bytes.subarray(medAt - 3, medAt)], [0x80, 4, 4])
  for (let i = 0; i < 100_000; i++) {
    new DataView(bytes.buffer).setUint32(medAt, i)
    const set = hold(bytes)
    highest = Math.max(highest, set.id)
    if (window.push(set) > 100) table.release((window.shift() as AttributeSet).id)
  }
  t.equal(window.at(-1)?.attributes.med, 99_999)
  for (const set of window) table.release(set.id)
  t.ok(highest < 111)
  t.equal(table.size, kept.length)
  for (const [i, set] of kept.entries()) t.equal(hold(block({ med: i })).id, set.id)
  t.strictSame(asked, ['10.0.0.2'])
})

t.test('after any holding and releasing each set is found by its octets, whatever moved in between', async () => {
  const anyStep = fc.record({ key: fc.nat(30), size: fc.nat(60), release: fc.boolean() })
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 200, size: 'max' }), (steps) => {
      const { table, hold } = tables()
      const held = new Map<string, AttributeSet>()
      for (const { key, size, release } of steps) {
        const name = `${key} ${size}`
        const bytes = block({ med: key, communities: Array.from({ length: size * 5 }, (_, i) => key * i) })
        const known = held.get(name)
        if (release) {
          const [victim, set] = [...held][key % Math.max(1, held.size)] ?? []
          if (victim !== undefined && set !== undefined) {
            held.delete(victim)
            table.release(set.id)
          }
        } else if (known === undefined) held.set(name, hold(bytes))
        else {
          assert.equal(hold(bytes), known)
          table.release(known.id)
        }
      }
      assert.equal(table.size, held.size)
      for (const [name, set] of held) {
        const [key = 0, size = 0] = name.split(' ').map(Number)
        assert.equal(hold(block({ med: key, communities: Array.from({ length: size * 5 }, (_, i) => key * i) })), set)
        assert.equal(set.attributes.med, key)
      }
    }),
    { numRuns: 50 },
  )
})

for (const [title, nextHop] of [
  ['IPv4', octets('10.9.0.1')],
  ['IPv6, global and link-local', Uint8Array.from([...octets('2001:db8::2'), ...octets('fe80::2')])],
] as const)
  t.test(`attributes that somebody made read back as they are: ${title}`, async (t) => {
    const { table } = tables()
    const attributes = attributesOf({ nextHop, localPref: 200, med: 5, communities: [1, 2], asPath: path('7 8') })
    const base = table.intern(table.contextOf(external), block({}), 0, block({}).length, () => {}) as number
    table.hold(base)
    const id = table.internDerived(attributes, base, 'ipv6-unicast')
    t.equal(table.internDerived(structuredClone(attributes), base, 'ipv6-unicast'), id)
    table.hold(id)
    t.strictSame(table.get(id).attributes, attributes)
    t.match(table.get(id), { localPref: 200, med: 5, asPathLength: 2, neighborAs: 7, eligible: true })
  })
