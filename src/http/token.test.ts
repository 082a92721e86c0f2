import fc from 'fast-check'
import t from 'tap'
import { isBearer, makeToken } from './token.ts'

const token = makeToken('t0ken')
if (token === undefined) throw new Error('"t0ken" is a token')

const table: [header: string | undefined, expected: boolean][] = [
  ['Bearer t0ken', true],
  ['bearer t0ken', true], // RFC 9110 §11.1: the scheme is case-insensitive
  ['Bearer   t0ken', true],
  ['Bearer t0keN', false],
  ['Bearer t0ken2', false],
  ['Bearer t0ken t0ken', false],
  ['Bearer', false],
  ['Bearer ', false],
  ['Basic t0ken', false],
  ['t0ken', false],
  ['', false],
  [undefined, false],
]
for (const [header, expected] of table)
  t.test(`RFC 6750 §2.1: "${header}" ${expected ? 'is' : 'is not'} the token`, async (t) => t.equal(isBearer(header, token), expected))

t.test('a token is one word of visible ASCII', async (t) => {
  for (const text of ['', ' ', 'two words', 'two\nlines', 'naïve', 'nul\0']) t.equal(makeToken(text), undefined, text)
})

t.test('every token is known by itself alone, and cannot be read back', async () => {
  const word = fc.string({ minLength: 1, unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(word, word, (own, other) => {
      const token = makeToken(own)
      if (token === undefined) return false
      return isBearer(`Bearer ${own}`, token) && isBearer(`Bearer ${other}`, token) === (own === other) && token.length === 32
    }),
  )
  fc.assert(fc.property(fc.string(), (noise) => !isBearer(noise, token) || noise.endsWith('t0ken')))
})
