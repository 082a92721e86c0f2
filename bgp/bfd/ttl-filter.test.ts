import fc from 'fast-check'
import t from 'tap'
import { addressBytes, familyOf, formatAddress, type IpAddress } from '../../src/net/address.ts'
import { dropAll, multihopFilter, singleHopFilter } from './ttl-filter.ts'

const near = '10.0.0.2' as IpAddress
const near6 = 'fd00::2' as IpAddress

const verdicts: [title: string, program: Uint8Array, source: string, ttl: number, passes: boolean][] = [
  ['RFC 5881 §5: TTL 255 passes', singleHopFilter(4), near, 255, true],
  ['RFC 5881 §5: TTL 254 does not', singleHopFilter(4), near, 254, false],
  ['RFC 5881 §5: hop limit 255 passes', singleHopFilter(6), near6, 255, true],
  ['RFC 5881 §5: hop limit 254 does not', singleHopFilter(6), near6, 254, false],
  ['RFC 5883: any TTL passes without a rule', multihopFilter(4, []), near, 1, true],
  ['GTSM: a source with a rule has to keep it', multihopFilter(4, [{ source: near, minTtl: 253 }]), near, 252, false],
  ['GTSM: a source that keeps its rule passes', multihopFilter(4, [{ source: near, minTtl: 253 }]), near, 253, true],
  ['GTSM: another source is not concerned', multihopFilter(4, [{ source: near, minTtl: 253 }]), '10.0.0.3', 1, true],
  ['GTSM: all four words of an IPv6 source count', multihopFilter(6, [{ source: near6, minTtl: 253 }]), 'fd00:0:0:1::2', 1, true],
  ['GTSM: hop limits', multihopFilter(6, [{ source: near6, minTtl: 253 }]), near6, 252, false],
  ['a socket that only sends takes nothing', dropAll(), near, 255, false],
]
for (const [title, program, source, ttl, passes] of verdicts) t.test(title, async (t) => t.equal(run(program, source, ttl), passes))

t.test('with any rules each source is held to its own, in both families', async () => {
  const ttl = fc.integer({ min: 1, max: 255 })
  const size = fc.constantFrom(4, 16)
  const input = size.chain((size) => {
    const source = fc.uint8Array({ minLength: size, maxLength: size, max: 2 }).map((octets) => formatAddress(octets))
    return fc.tuple(fc.uniqueArray(fc.record({ source, minTtl: ttl }), { selector: ({ source }) => source, maxLength: 20 }), source, ttl)
  })
  fc.assert(
    fc.property(input, ([rules, source, ttl]) => {
      const rule = rules.find((rule) => rule.source === source)
      return run(multihopFilter(familyOf(source), rules), source, ttl) === (rule === undefined || ttl >= rule.minTtl)
    }),
  )
})

t.test('more rules than the kernel takes are refused', async (t) => {
  const rules = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ source: `10.0.${i >> 8}.${i & 255}` as IpAddress, minTtl: 250 }))
  t.throws(() => multihopFilter(4, rules(700)), RangeError)
  t.ok(multihopFilter(4, rules(600)).length / 8 <= 4096)
})

/** The kernel's interpreter for what is used of it; the program runs over the IP header alone. @returns whether the packet passes */
function run(program: Uint8Array, source: string, ttl: number): boolean {
  const header = ipHeader(source, ttl)
  const view = new DataView(program.buffer)
  let loaded = 0
  for (let at = 0; ; at++) {
    const operand = view.getUint32(at * 8 + 4, true)
    const jump = (taken: boolean) => view.getUint8(at * 8 + (taken ? 2 : 3))
    switch (view.getUint16(at * 8, true)) {
      case 0x20:
        loaded = header.getUint32(operand - 0xfff0_0000)
        break
      case 0x30:
        loaded = header.getUint8(operand - 0xfff0_0000)
        break
      case 0x15:
        at += jump(loaded === operand)
        break
      case 0x35:
        at += jump(loaded >= operand)
        break
      case 0x06:
        return operand !== 0
      default:
        throw new Error(`instruction ${at} is none of those the kernel is given`)
    }
  }
}

function ipHeader(source: string, ttl: number): DataView {
  const octets = addressBytes(source) ?? new Uint8Array()
  const header = new Uint8Array(40)
  header[octets.length === 4 ? 8 : 7] = ttl
  header.set(octets, octets.length === 4 ? 12 : 8)
  return new DataView(header.buffer)
}
