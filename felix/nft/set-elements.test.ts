import fc from 'fast-check'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import { containsPrefix, formatPrefix, parseCidr, parsePrefix } from '../../src/net/prefix.ts'
import { elementId, elementsOf, type NftSet, shapeOf, writtenMembers } from './set-elements.ts'

function elements(type: NftSet['type'], member: string): readonly string[] {
  return elementsOf({ type }, member).map(
    ({ key, isEnd, chain }) => Buffer.from(key).toString('hex') + (isEnd ? ' end' : '') + (chain === undefined ? '' : ` ${chain}`),
  )
}

const table: readonly (readonly [NftSet['type'], string, readonly string[]])[] = [
  ['hash:ip', '10.0.0.1', ['0a000001']],
  ['hash:ip', 'fd00::1', ['fd000000000000000000000000000001']],
  ['hash:ip,port', '10.0.0.1,tcp:80', ['0a0000010600000000500000']],
  ['hash:ip,port', 'fd00::1,sctp:65535', ['fd00000000000000000000000000000184000000ffff0000']],
  ['hash:net', '10.0.0.0/8', ['0a000000', '0b000000 end']],
  ['hash:net', '10.0.0.1/32', ['0a000001', '0a000002 end']],
  ['hash:net', '10.255.255.255/32', ['0affffff', '0b000000 end']],
  ['hash:net', '10.0.254.0/23', ['0a00fe00', '0a010000 end']],
  ['hash:net', '0.0.0.0/0', ['00000000']],
  ['hash:net', '128.0.0.0/1', ['80000000']],
  ['hash:net', '255.255.255.255/32', ['ffffffff']],
  ['hash:net', 'fd00::/9', ['fd000000000000000000000000000000', 'fd800000000000000000000000000000 end']],
  ['map', 'tort1 filter-tort-fw-tort1', ['746f7274310000000000000000000000 filter-tort-fw-tort1']],
]
for (const [type, member, expected] of table) t.test(`${member} in ${type}`, async (t) => t.strictSame(elements(type, member), expected))

t.test('the type of keys is said in the numbers of nft', async (t) => {
  const shapes = (['hash:ip', 'hash:net', 'hash:ip,port', 'map'] as const).map((type) => Object.values(shapeOf({ family: 6, type })))
  t.strictSame(shapes, [
    [0, 8, 16, 2],
    [4, 8, 16, 2],
    [0, (8 << 12) | (12 << 6) | 13, 24, 0],
    [8, 41, 16, 1],
  ])
})

t.test('a network inside another says nothing new and is not written', async (t) => {
  const written = (...members: readonly string[]) => [...writtenMembers({ type: 'hash:net', members: new Set(members) })].toSorted()
  t.strictSame(written('10.1.0.0/16', '10.0.0.0/8', '10.0.0.0/9', '11.0.0.0/8'), ['10.0.0.0/8', '11.0.0.0/8'])
  t.strictSame(written('0.0.0.0/0', '10.0.0.1/32'), ['0.0.0.0/0'])
  t.strictSame(written('10.0.0.0/25', '10.0.0.128/25'), ['10.0.0.0/25', '10.0.0.128/25'], 'neighbours both are')
  const members = new Set(['10.0.0.0/8'])
  t.equal(writtenMembers({ type: 'hash:net', members }), members, 'the same object where nothing goes')
  t.equal(writtenMembers({ type: 'hash:ip', members }), members)
})

const network = fc
  .tuple(fc.nat(7), fc.nat(255), fc.integer({ min: 0, max: 32 }))
  .map(([a, b, length]) => parseCidr(`10.${a}.${b}.0/${length}`) as Cidr)

t.test('what is written holds the same addresses, and no two of it overlap', async () => {
  fc.assert(
    fc.property(fc.array(network, { maxLength: 30 }), (nets) => {
      const written = [...writtenMembers({ type: 'hash:net', members: new Set<string>(nets) })].flatMap((net) => parsePrefix(net) ?? [])
      const all = nets.flatMap((net) => parsePrefix(net) ?? [])
      const holds = all.every((net) => written.filter((outer) => containsPrefix(outer, net)).length === 1)
      return holds && written.every((net) => nets.includes(formatPrefix(net)))
    }),
  )
})

t.test('elements are told apart by key, end and chain', async (t) => {
  const key = Uint8Array.of(1, 2)
  const ids = [{ key }, { key, isEnd: true as const }, { key, chain: 'a' }, { key, chain: 'b' }, { key: Uint8Array.of(1) }].map(elementId)
  t.equal(new Set(ids).size, 5)
  t.equal(elementId({ key: new Uint8Array([1, 2]) }), ids[0])
})

for (const [type, member] of [
  ['hash:ip', 'x'],
  ['hash:net', '10.0.0.0/33'],
  ['hash:ip,port', '10.0.0.1,quic:80'],
] as const) {
  t.test(`${member} is no member of ${type}`, async (t) => t.throws(() => elementsOf({ type }, member)))
}
