import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { linesOf } from './lines.ts'

t.test('however a text is cut, its lines are the same', async (t) => {
  const text = fc.array(fc.constantFrom('a', 'bc', '\n', ' ', '{"x":1}'), { maxLength: 20 }).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(20)), async (whole, cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length]
      const chunks = places.map((place, i) => whole.slice(place, places[i + 1] ?? whole.length))
      const expected = whole.slice(0, whole.lastIndexOf('\n') + 1).split('\n')
      t.strictSame(
        await Readable.from(linesOf(Readable.from(chunks))).toArray(),
        expected.filter((line) => line !== ''),
      )
    }),
    { numRuns: 50 },
  )
})
