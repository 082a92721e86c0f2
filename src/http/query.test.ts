import fc from 'fast-check'
import t from 'tap'
import { cidr, flag, integer, oneOf, readQuery, text } from './query.ts'

const parameters = { flag, number: integer(1, 300), word: oneOf('in', 'out'), net: cidr, text }

t.test('values come out typed; what is absent stays absent', async (t) => {
  const query = { flag: 'false', number: '300', word: 'out', net: '2001:DB8::1/32', text: 'x y' }
  const values = { flag: false, number: 300, word: 'out', net: '2001:db8::/32', text: 'x y' }
  t.strictSame(readQuery(query, parameters), { type: 'values', values })
  t.strictSame(readQuery({}, parameters), { type: 'values', values: {} })
})

const refused: [query: Record<string, string | string[]>, reason: string][] = [
  [{ flag: 'True' }, 'must be true or false'],
  [{ flag: '' }, 'must be true or false'],
  [{ number: '0' }, 'must be an integer from 1 to 300'],
  [{ number: '007' }, 'must be an integer from 1 to 300'],
  [{ number: '99999999999999999999' }, 'must be an integer from 1 to 300'],
  [{ number: ['1', '1'] }, 'given more than once'],
  [{ word: 'best' }, 'must be one of in, out'],
  [{ net: '10.1' }, 'must be a CIDR or an address'],
  [{ text: 'x'.repeat(1025) }, 'must be a text of 1 to 1024 characters'],
  [{ toString: 'x' }, 'unknown parameter; known: flag, number, word, net, text'],
]
for (const [query, reason] of refused)
  t.test(`${JSON.stringify(query).slice(0, 40)}: ${reason}`, async (t) => {
    const [[name, value] = []] = Object.entries(query)
    t.strictSame(readQuery(query, parameters), { type: 'problems', errors: [{ path: `query.${name}`, value, reason }] })
  })

t.test('an endpoint without parameters says so', async (t) => {
  t.match(readQuery({ a: '1' }, {}), { errors: [{ reason: 'unknown parameter; there are none here' }] })
})

t.test('noise never throws, and every integer in the range is read as it is', async () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()))), (query) => readQuery(query, parameters) !== null),
  )
  fc.assert(
    fc.property(fc.integer({ min: -10, max: 400 }), (number) => {
      const read = readQuery({ number: String(number) }, parameters)
      return number >= 1 && number <= 300 ? read.type === 'values' && read.values.number === number : read.type === 'problems'
    }),
  )
})
