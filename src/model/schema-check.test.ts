import fc from 'fast-check'
import t from 'tap'
import Type from 'typebox'
import { checkSchema, closedObject, crossChecked, text } from './schema-check.ts'

const upper = text((value) => (/^[a-z]+$/i.test(value) ? value.toUpperCase() : undefined), 'letters')
const pair = crossChecked(closedObject({ low: Type.Integer(), high: Type.Integer() }), ({ low, high }) =>
  low <= high ? [] : [{ path: 'high', reason: `is below ${low}`, value: high }],
)
const schema = closedObject(
  {
    word: upper,
    kind: Type.Optional(Type.Enum(['a', 'b'])),
    pairs: Type.Optional(Type.Array(pair, { maxItems: 2 })),
    words: Type.Optional(Type.Record(Type.String(), upper)),
    on: Type.Optional(Type.Boolean()),
  },
  { http: 'is not supported' },
)

const table: [title: string, value: unknown, expected: unknown][] = [
  ['a valid value in its canonical form', { word: 'ab', words: { 'x.y/z': 'c' } }, { value: { word: 'AB', words: { 'x.y/z': 'C' } } }],
  ['a missing field', {}, { problems: [{ path: 'base.word', reason: 'is required' }] }],
  ['no object', [], { problems: [{ path: 'base', reason: 'must be an object' }] }],
  ['null', null, { problems: [{ path: 'base', reason: 'has no value (null): give it one or leave the field out' }] }],
  [
    'every problem at once, each with its path and value',
    {
      word: 'a1',
      knid: 'a',
      http: {},
      kind: 'c',
      on: 'yes',
      words: { 'x y': '1' },
      pairs: [
        { low: 'x', high: 1, zz: 2 },
        { low: 2, high: 1 },
      ],
    },
    {
      problems: [
        { path: 'base.knid', reason: 'unknown field, did you mean "kind"?' },
        { path: 'base.http', reason: 'is not supported' },
        { path: 'base.word', reason: 'must be letters', value: 'a1' },
        { path: 'base.kind', reason: 'must be a or b', value: 'c' },
        { path: 'base.pairs[0].zz', reason: 'unknown field' },
        { path: 'base.pairs[0].low', reason: 'must be a whole number', value: 'x' },
        { path: 'base.pairs[1].high', reason: 'is below 2', value: 1 },
        { path: 'base.words["x y"]', reason: 'must be letters', value: '1' },
        { path: 'base.on', reason: 'must be true or false: write true', value: 'yes' },
      ],
    },
  ],
  [
    'a list that is too long',
    { word: 'a', pairs: Array.from({ length: 3 }, () => ({ low: 1, high: 1 })) },
    { problems: [{ path: 'base.pairs', reason: 'must not have more than 2 items' }] },
  ],
  [
    'a long text is cut in the problem',
    { word: '1'.repeat(300) },
    { problems: [{ path: 'base.word', reason: 'must be letters', value: `${'1'.repeat(200)}…` }] },
  ],
]
for (const [title, value, expected] of table) t.test(title, async (t) => t.strictSame(checkSchema(schema, value, 'base'), expected))

t.test('what was given is not changed', async (t) => {
  const value = { word: 'ab', pairs: [{ low: 1, high: 2 }] }
  const { value: checked } = checkSchema(schema, value)
  t.strictSame(value, { word: 'ab', pairs: [{ low: 1, high: 2 }] })
  t.not(checked?.pairs, value.pairs)
})

t.test('a cross check sees the canonical form, and a second one adds to the first', async (t) => {
  const twice = crossChecked(
    crossChecked(closedObject({ word: upper }), ({ word }) => (word === 'A' ? [{ path: 'word', reason: `first ${word}` }] : [])),
    ({ word }) => (word === word.toUpperCase() && word !== 'C' ? [{ path: '', reason: `second ${word}` }] : []),
  )
  t.strictSame(checkSchema(twice, { word: 'a' }), {
    problems: [
      { path: 'word', reason: 'first A' },
      { path: '', reason: 'second A' },
    ],
  })
  t.strictSame(checkSchema(twice, { word: 'c' }), { value: { word: 'C' } })
})

t.test('names of every object are unknown fields like others', async (t) => {
  const value: unknown = JSON.parse('{"word": "a", "__proto__": {"word": "b"}, "constructor": 1}')
  t.strictSame(checkSchema(schema, value).problems, [
    { path: '__proto__', reason: 'unknown field' },
    { path: 'constructor', reason: 'unknown field' },
  ])
})

t.test('a thousand problems are told, not eight', async (t) => {
  const words = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`w${i}`, '1']))
  t.equal(checkSchema(schema, { word: 'a', words }).problems?.length, 900)
})

t.test('noise never throws, and has a value or problems', async () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const { value: checked, problems } = checkSchema(schema, value)
      return (checked === undefined) === (problems !== undefined && problems.length > 0)
    }),
  )
})

t.test('a schema that is checked against often, and is compiled then, says the same as at first', async (t) => {
  const values = [{ word: 'ab' }, { word: 'a1' }, {}, null, { word: 'a', pairs: [{ low: 2, high: 1 }] }, { word: 'a', http: {} }]
  const first = values.map((value) => checkSchema(schema, value))
  for (let times = 0; times < 1_000; times++) checkSchema(schema, { word: 'ab' })
  t.strictSame(
    values.map((value) => checkSchema(schema, value)),
    first,
  )
})
