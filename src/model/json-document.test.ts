import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { readJson } from './json-document.ts'

const limits = { maxDepth: 64 }

const refused: [title: string, text: string, expected: object][] = [
  ['nothing', '', { path: '', reason: 'is not JSON: Unexpected end of JSON input: it ends too early, is a bracket missing?', line: 1 }],
  ['a text that ends early', '{"a":\n[1', { path: '', reason: /^is not JSON: Expected ',' or ']'/, line: 2 }],
  [
    'a comma too many',
    '{\n"a": 1,\n}',
    {
      path: '',
      reason: 'is not JSON: Expected double-quoted property name: is there a comma or colon too many before it?',
      line: 3,
    },
  ],
  ['YAML', 'a: 1', { path: '', reason: "is not JSON: Unexpected token 'a': names and texts stand in double quotes", line: 1 }],
  [
    'a word, whose surroundings are not repeated',
    '{"a": 1,\n"secret": tru}',
    { path: '', reason: "is not JSON: Unexpected token '}': names and texts stand in double quotes", line: 2 },
  ],
  ['a name twice (RFC 8259 §4)', '{"a": {"b": 1,\n"c": 2,\n"b": 3}}', { path: 'a.b', reason: 'this key is there twice', line: 3 }],
  ['the same name in two spellings', '[{"a": 1, "\\u0061": 2}]', { path: '[0].a', reason: 'this key is there twice', line: 1 }],
  ['a number that is none any more', '{"a": [1,\n{"b":\n 1e999}]}', { path: 'a[1].b', reason: 'is a number beyond 1.8e308', line: 2 }],
  ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`, { path: '', reason: 'is nested deeper than 64 levels', line: 1 }],
  ['100,000 levels that never end', `\n${'[{"a":'.repeat(50_000)}`, { path: '', reason: 'is nested deeper than 64 levels', line: 2 }],
]
for (const [title, text, expected] of refused)
  t.test(`refused: ${title}`, async (t) => t.match(readJson(text, limits).problems, [expected]))

t.test('names in different objects are no duplicates, brackets in strings no levels', async (t) => {
  for (const text of [
    '[{"a":{"a":1}},{"a":2}]',
    `"${'['.repeat(100)}"`,
    `{"${'{'.repeat(100)}": "\\"]"}`,
    `${'['.repeat(64)}${']'.repeat(64)}`,
  ])
    t.strictSame(readJson(text, limits).documents?.[0]?.value, JSON.parse(text), text.slice(0, 30))
})

const lines: [path: string, line: number][] = [
  ['', 1],
  ['spec', 3],
  ['spec.rules', 3],
  ['spec.rules[0]', 4],
  ['spec.rules[0].action', 5],
  ['spec.rules[1].nets[1]', 7],
  ['spec.rules[1].missing', 6],
  ['spec["a b"]', 9],
  ['elsewhere', 1],
]
for (const [path, line] of lines) {
  t.test(`"${path}" is at line ${line}`, async (t) => {
    const text = '{\n"kind": "x", \n"spec": {"rules": [\n{\n"action": "Allow"},\n{"nets": ["a",\n"b"]}\n],\n"a b": 1}}'
    t.equal(readJson(text, limits).documents?.[0]?.lineOf(path), line)
  })
}

t.test('every path of a text without line breaks is at line 1', async (t) => {
  const [document] = readJson('{"kind": "x", "spec": {"rules": [{"action": "Allow"}]}}', limits).documents ?? []
  for (const path of ['', 'kind', 'spec.rules[0].action', 'spec.rules[7]', 'elsewhere']) t.equal(document?.lineOf(path), 1, path)
})

t.test('a name twice is found at whatever place, and nothing else is', async () => {
  const name = fc.constantFrom('a', 'b:', '{"c"', '__proto__', '1', '\\')
  const object = fc.array(fc.tuple(name, fc.constantFrom('1', '"x:y"', '[{"a":2}]', '{"a":{"b:":[]}}')), { maxLength: 5 })
  fc.assert(
    fc.property(object, (members) => {
      const text = `[0,{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}]`
      const isTwice = new Set(members.map(([key]) => key)).size < members.length
      return (readJson(text, limits).problems !== undefined) === isTwice
    }),
  )
})

t.test('every JSON value is read as JSON.parse reads it', async () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(4), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent)
      return isDeepStrictEqual(readJson(spaced, limits).documents?.[0]?.value, JSON.parse(text))
    }),
  )
})

t.test('noise never throws, and is taken exactly if it is JSON without a name twice', async () => {
  const words = ['{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', 'null', ' ', '\n', '"', '\\', 'x']
  const noise = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(noise, (text) => {
      const { documents, problems } = readJson(text, limits)
      if (documents !== undefined) return isDeepStrictEqual(documents[0]?.value, JSON.parse(text))
      return problems.every(({ reason }) => reason.startsWith('is not JSON') || reason === 'this key is there twice')
    }),
    { numRuns: 2_000 },
  )
})
