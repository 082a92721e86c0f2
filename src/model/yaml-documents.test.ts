import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { readYaml } from './yaml-documents.ts'

/** Any UTF-16 code unit, also control characters and halves of pairs. */
const codeUnit = fc.nat(0xffff).map((code) => String.fromCharCode(code))

const limits = { maxDepth: 64, maxTokens: 1_000_000 }
const values = (text: string) => readYaml(text, limits).documents?.map(({ value }) => value)

const accepted: [title: string, text: string, expected: readonly unknown[]][] = [
  ['nothing', '', []],
  ['comments and empty documents', '# a\n---\n---\n# b\n', []],
  ['several documents', 'a: 1\n---\n- b\n---\nc\n', [{ a: 1 }, ['b'], 'c']],
  [
    'the 1.2 core schema: "yes", dates and clock times are text',
    'a: yes\nb: 2026-01-01\nc: 12:30:00\nd: 0o17\ne: ~',
    [{ a: 'yes', b: '2026-01-01', c: '12:30:00', d: 15, e: null }],
  ],
  ['a directive of version 1.2', '%YAML 1.2\n---\na: 1', [{ a: 1 }]],
  ['"<<" is a key like others', '"<<": {a: 1}', [{ '<<': { a: 1 } }]],
  ['keys that are numbers become names', '1: a\ntrue: b', [{ 1: 'a', true: 'b' }]],
  ['an anchor nobody refers to', 'a: &x 1', [{ a: 1 }]],
  ['a byte order mark', '\ufeffa: 1', [{ a: 1 }]],
]
for (const [title, text, expected] of accepted) t.test(`taken: ${title}`, async (t) => t.strictSame(values(text), expected))

const refused: [title: string, text: string, problems: readonly object[]][] = [
  [
    'a syntax error, at its line and document',
    'a: 1\n---\nb:\n\t- c',
    [{ path: '', reason: 'Tabs are not allowed as indentation: indent with spaces', line: 4, document: 1 }],
  ],
  ['an open bracket', '[1,\n2', [{ path: '', reason: 'Flow sequence must end with a ]', line: 2, document: 0 }]],
  [
    'an alias',
    'a: &x [1]\nb: {c: *x}',
    [
      {
        path: 'b.c',
        reason: 'aliases are not taken: write the value out, or put one that begins with "*" in quotes',
        line: 2,
        document: 0,
      },
    ],
  ],
  [
    'an alias to nothing',
    'a: *x',
    [{ path: 'a', reason: 'aliases are not taken: write the value out, or put one that begins with "*" in quotes', line: 1, document: 0 }],
  ],
  ...['.inf', '-.Inf', '.nan', '1e999'].map((text): [string, string, object[]] => [
    `${text}, which JSON has not`,
    `a: 1\nb: [2, ${text}]`,
    [
      {
        path: 'b[1]',
        reason: 'must be a number that JSON has, which .inf, .nan and one beyond 1.8e308 are not: put it in quotes if it is a text',
        line: 2,
        document: 0,
      },
    ],
  ]),
  [
    'a tag',
    'a: [1, !!binary aGk=]',
    [
      {
        path: 'a[1]',
        reason: 'tags are not taken (tag:yaml.org,2002:binary): put a value that begins with "!" in quotes',
        line: 1,
        document: 0,
      },
    ],
  ],
  ['a tag of a key', '!!str a: 1', [{ path: 'a', reason: 'tags are not taken (tag:yaml.org,2002:str)', line: 1, document: 0 }]],
  ['a key twice', 'a:\n  b: 1\n  c: 2\n  b: 3', [{ path: 'a.b', reason: 'this key is there twice', line: 4, document: 0 }]],
  [
    'a number and a text that become the same name',
    '1: a\n"1": b',
    [{ path: '["1"]', reason: 'this key is there twice', line: 2, document: 0 }],
  ],
  ['a list as a key', '? [a]\n: b', [{ path: '', reason: 'a key must be a text or a number', line: 1, document: 0 }]],
  [
    'YAML 1.1, where "no" is a boolean',
    '%YAML 1.1\n---\na: no',
    [{ path: '', reason: 'YAML 1.1 reads some values in another way: only YAML 1.2 is taken', line: 1, document: 0 }],
  ],
]
for (const [title, text, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(readYaml(text, limits).problems, problems))

const lines: [path: string, line: number][] = [
  ['', 2],
  ['spec', 3],
  ['spec.rules', 4],
  ['spec.rules[0]', 5],
  ['spec.rules[0].action', 5],
  ['spec.rules[1].nets[1]', 8],
  ['spec.rules[1].nets[7]', 7],
  ['spec.rules[1].missing.deeper', 6],
  ['spec["a b"]', 9],
  ['elsewhere', 2],
  ['not a path', 2],
]
for (const [path, line] of lines) {
  t.test(`"${path}" is at line ${line}: of its key, its item, or the deepest part that is there`, async (t) => {
    const text =
      '# comment\nkind: x\nspec:\n  rules:\n    - action: Allow\n    - action: Deny\n      nets:\n        [a, b]\n  a b: >\n    text\n'
    t.equal(readYaml(text, limits).documents?.[0]?.lineOf(path), line)
  })
}

t.test('the second document knows its own lines', async (t) => {
  const documents = readYaml('a: 1\n---\n\nb: 2', limits).documents
  t.equal(documents?.[1]?.lineOf('b'), 4)
})

t.test('64 levels are taken, 65 are not, 20,000 are refused before they cost anything', async (t) => {
  const flow = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  const block = (levels: number) => Array.from({ length: levels }, (_, i) => `${' '.repeat(i)}a:\n`).join('')
  t.equal(readYaml(flow(64), limits).problems, undefined)
  t.equal(readYaml(block(63), limits).problems, undefined)
  const bombs = [flow(65), block(65), '['.repeat(20_000), '- '.repeat(20_000), '? '.repeat(20_000), 'a: {'.repeat(20_000), block(3_000)]
  for (const text of bombs) t.match(readYaml(text, limits).problems, [{ reason: 'is nested deeper than 64 levels' }], text.slice(0, 8))
})

t.test('an alias bomb is refused at its first alias', async (t) => {
  const level = (i: number) => `l${i}: &l${i} [${Array.from({ length: 9 }, () => `*l${i - 1}`).join(',')}]\n`
  const bomb = `l0: &l0 [x]\n${Array.from({ length: 30 }, (_, i) => level(i + 1)).join('')}`
  t.match(readYaml(bomb, limits).problems?.[0], {
    path: 'l1[0]',
    reason: 'aliases are not taken: write the value out, or put one that begins with "*" in quotes',
    line: 2,
  })
})

t.test('many keys are checked in linear time: a quadratic check would not come back', async (t) => {
  const text = Array.from({ length: 50_000 }, (_, i) => `k${i}: 1`).join('\n')
  t.equal(Object.keys(values(text)?.[0] ?? {}).length, 50_000)
})

t.test('a key __proto__ is a field like others', async (t) => {
  const [value] = values('__proto__: {polluted: 1}') ?? []
  t.strictSame(JSON.stringify(value), '{"__proto__":{"polluted":1}}')
  t.equal(Object.getPrototypeOf(value), Object.prototype)
})

t.test('what is written as YAML is read back', async () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true }), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value)) // JSON has no -0, YAML does
      return isDeepStrictEqual(values(stringify(plain, { aliasDuplicateObjects: false }))?.[0], plain)
    }),
  )
})

t.test('noise never throws', async () => {
  const words = [
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '&x',
    '*x',
    '!t ',
    '|',
    '>',
    '"',
    "'",
    '#',
    '---\n',
    '...\n',
    '%YAML 1.2\n',
    '\t',
    '\u0000',
  ]
  const noise = fc.oneof(
    fc.string({ unit: codeUnit }),
    fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(noise, (text) => {
      const { documents, problems } = readYaml(text, limits)
      return (documents === undefined) === (problems !== undefined && problems.length > 0)
    }),
    { numRuns: 2_000 },
  )
})

t.test('a text of more tokens than allowed is refused before it is understood', async (t) => {
  const text = `a: [${'x,'.repeat(1_000)}]\n`
  t.strictSame(readYaml(`b: 1\n${text}`, { maxDepth: 64, maxTokens: 1_000 }).problems, [
    { path: '', reason: 'has too many values: send it in several requests', line: 2 },
  ])
})
