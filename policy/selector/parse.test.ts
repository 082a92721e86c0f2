import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { canonical } from './canonical.ts'
import { parseSelector } from './parse.ts'
import type { Selector } from './selector.ts'
import { selectorTrees } from './selector-samples.ts'

/** Any UTF-16 code unit, also control characters and halves of pairs. */
const codeUnit = fc.nat(0xffff).map((code) => String.fromCharCode(code))

const a: Selector = { type: 'equal', label: 'a', value: 'b' }
const c: Selector = { type: 'equal', label: 'c', value: 'd' }
const e: Selector = { type: 'equal', label: 'e', value: 'f' }
const hasA: Selector = { type: 'has', label: 'a' }

const accepted: [text: string, expected: Selector][] = [
  ['', { type: 'all' }],
  [' \t ', { type: 'all' }],
  ['all()', { type: 'all' }],
  ['global( )', { type: 'global' }],
  ["a == 'b'", a],
  [`a=='b'&&c!="d"`, { type: 'and', operands: [a, { type: 'not-equal', label: 'c', value: 'd' }] }],
  ['a == "b" || c == "d" && e == "f"', { type: 'or', operands: [a, { type: 'and', operands: [c, e] }] }],
  ['(a == "b" || c == "d") && e == "f"', { type: 'and', operands: [{ type: 'or', operands: [a, c] }, e] }],
  ['a == "b" && c == "d" && e == "f"', { type: 'and', operands: [a, c, e] }],
  ['!!has(a)', hasA],
  ['!(!has(a))', hasA],
  ['! ! !has(a)', { type: 'not', operand: hasA }],
  ["! (a == 'b')", { type: 'not', operand: a }],
  ['((((has(a)))))', hasA],
  ['a in {}', { type: 'in', label: 'a', values: [] }],
  ["a in {'x',}", { type: 'in', label: 'a', values: ['x'] }],
  ["a in{'y', 'x','y'}", { type: 'in', label: 'a', values: ['x', 'y'] }],
  ["a notin {'b'}", { type: 'not-in', label: 'a', values: ['b'] }],
  ["a not   in {'b'}", { type: 'not-in', label: 'a', values: ['b'] }],
  ["a startswith 'b'", { type: 'starts-with', label: 'a', value: 'b' }],
  ["a starts  with 'b'", { type: 'starts-with', label: 'a', value: 'b' }],
  ["a contains'x'", { type: 'contains', label: 'a', value: 'x' }],
  ['has( a )', hasA],
  ["in in {'in'}", { type: 'in', label: 'in', values: ['in'] }],
  ["all == 'x'", { type: 'equal', label: 'all', value: 'x' }],
  ["has == 'x'", { type: 'equal', label: 'has', value: 'x' }],
  ["not not in {'x'}", { type: 'not-in', label: 'not', values: ['x'] }],
  ["a.b/c-d_e == 'x'", { type: 'equal', label: 'a.b/c-d_e', value: 'x' }],
  [`a == "it's"`, { type: 'equal', label: 'a', value: "it's" }],
  ['all() && global()', { type: 'and', operands: [{ type: 'all' }, { type: 'global' }] }],
]
for (const [text, expected] of accepted) t.test(`"${text}" is read`, async (t) => t.strictSame(parseSelector(text), expected))

const refused: [text: string, message: string, position: number][] = [
  ['a', 'expected an operator after the label', 1],
  ['a in {,}', 'expected a string in quotes or "}"', 6],
  ["a in {'x',,}", 'expected a string in quotes or "}"', 10],
  ["a in {'x' 'y'}", 'expected "," or "}"', 10],
  ["a in {'x'", 'expected "," or "}"', 9],
  ["a in {'x',", 'expected a string in quotes or "}"', 10],
  ["a in 'x'", 'expected "{"', 5],
  ["a starts 'b'", 'expected an operator after the label', 2],
  ['has ( a )', 'expected an operator after the label', 4],
  ["a@b == 'x'", 'expected an operator after the label', 1],
  ['a == b', 'expected a string in quotes', 5],
  ["a == 'it''s'", 'expected "&&", "||" or the end', 9],
  ["(a == 'b'", 'expected ")"', 9],
  ["a == 'b')", 'expected "&&", "||" or the end', 8],
  ["a == 'b' c", 'expected "&&", "||" or the end', 9],
  ["a == 'b' &&", 'expected a label, has(…), all(), "!" or "("', 11],
  ["|| a == 'b'", 'expected a label, has(…), all(), "!" or "("', 0],
  ['()', 'expected a label, has(…), all(), "!" or "("', 1],
  ['!', 'expected a label, has(…), all(), "!" or "("', 1],
  ['has()', 'expected an operator after the label', 3],
]
for (const [text, message, position] of refused)
  t.test(`"${text}" is refused at ${position}`, async (t) => t.strictSame(parseSelector(text), { type: 'error', message, position }))

t.test('64 levels of parentheses are read, 65 are not', async (t) => {
  t.strictSame(parseSelector(`${'('.repeat(64)}has(a)${')'.repeat(64)}`), hasA)
  t.strictSame(parseSelector(`${'('.repeat(65)}has(a)${')'.repeat(65)}`), {
    type: 'error',
    message: 'nested deeper than 64 levels',
    position: 64,
  })
})

t.test('groups count as levels too, so that the canonical text of what is read can be read', async (t) => {
  const nested = (levels: number) => `${'has(a) || (has(a) && ('.repeat(levels)}has(a)${'))'.repeat(levels)}`
  const read = parseSelector(nested(31))
  t.strictSame(read.type === 'error' ? read : parseSelector(canonical(read)), read)
  t.equal(parseSelector(nested(33)).type, 'error')
})

t.test('a million "!" need no stack', async (t) => t.strictSame(parseSelector(`${'!'.repeat(1_000_000)}has(a)`), hasA))

t.test('the canonical text of every tree is read as that tree', async () => {
  fc.assert(
    fc.property(selectorTrees(), (tree) => isDeepStrictEqual(parseSelector(canonical(tree)), tree)),
    { numRuns: 500 },
  )
})

t.test('noise never throws, and an error points into the text', async () => {
  const words = [
    'a',
    ' ',
    '\t',
    '==',
    '!=',
    '!',
    '(',
    ')',
    '{',
    '}',
    ',',
    "'x'",
    '"',
    'in',
    'not',
    'starts',
    'with',
    'has(',
    'all()',
    '&&',
    '||',
    '\n',
  ]
  const noise = fc.oneof(
    fc.string({ unit: codeUnit }),
    fc.array(fc.constantFrom(...words)).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(noise, (text) => {
      const read = parseSelector(text)
      return read.type !== 'error' || (read.position >= 0 && read.position <= text.length && read.message !== '')
    }),
    { numRuns: 2_000 },
  )
})
