import fc from 'fast-check'
import t from 'tap'
import { anyU32 } from '../wire/fixture.ts'
import { preferenceOf } from './preference.ts'

const anyTraits = fc.record({
  isLongLivedStale: fc.boolean(),
  localPref: fc.oneof(anyU32, fc.constantFrom(0, 100, 0xffff_ffff)),
  asPathLength: fc.nat(16_384),
  origin: fc.constantFrom(0 as const, 1 as const, 2 as const),
})
type Traits = typeof anyTraits extends fc.Arbitrary<infer Value> ? Value : never

/** Step by step, as RFC 4271 §9.1.2.2 has it. */
function compare(a: Traits, b: Traits): number {
  return (
    Number(a.isLongLivedStale) - Number(b.isLongLivedStale) ||
    b.localPref - a.localPref ||
    a.asPathLength - b.asPathLength ||
    a.origin - b.origin
  )
}

t.test('RFC 4271 §9.1.2.2, RFC 9494 §4.3: the order of the numbers is the order of the steps', async () => {
  const anyPair = fc
    .tuple(anyTraits, anyTraits)
    .chain(([a, b]) => fc.constantFrom([a, b], [a, { ...b, localPref: a.localPref }], [a, { ...a, origin: b.origin }], [a, { ...a }]))
  fc.assert(
    fc.property(
      anyPair,
      ([a, b]) => a === undefined || b === undefined || Math.sign(preferenceOf(a) - preferenceOf(b)) === Math.sign(compare(a, b)),
    ),
    {
      numRuns: 1000,
    },
  )
})

t.test('an exact integer, whatever a peer says', async (t) => {
  const worst = preferenceOf({ isLongLivedStale: true, localPref: 0, asPathLength: 1_000_000, origin: 2 })
  t.ok(Number.isSafeInteger(worst))
  t.equal(worst, 2 ** 50 + (2 ** 32 - 1) * 2 ** 18 + 65535 * 4 + 2)
})
