import fc from 'fast-check'
import t from 'tap'
import { jsonMistake } from './json-mistake.ts'

const quotes = ': names and texts stand in double quotes'
const comma = ': is a comma missing before it?'
const tooMany = ': is there a comma or colon too many before it?'

/** The text, with ▸ where the mistake is. */
const table: readonly (readonly [text: string, hint: string])[] = [
  ['{"a": ▸tru}', quotes],
  ['{"a": 1,\n ▸}', tooMany],
  ['[1, ▸]', tooMany],
  ['{"a":▸}', tooMany],
  ['{"a": 1\n ▸"b": 2}', comma],
  ['[1 ▸2]', comma],
  ['{▸a: 1}', quotes],
  ["{▸'a': 1}", quotes],
  ['{"a" ▸1}', ': a colon stands behind a name'],
  ['▸// all\n{}', ': JSON has no comments'],
  ['{} ▸{}', comma],
  ['{"a": [1▸}', ''],
  ['{"a": ▸"x\ny"}', ': a text ends on its line, with a quote; \\ only stands before what it escapes'],
  ['{"a": 1▸', ': it ends too early, is a bracket missing?'],
  ['▸', ': it ends too early, is a bracket missing?'],
  ['[▸010]', quotes],
  ['[▸NaN]', quotes],
  ['[▸,1]', ''],
]
for (const [marked, hint] of table)
  t.test(`RFC 8259: the place of a mistake and what was meant: ${JSON.stringify(marked)}`, async (t) =>
    t.strictSame(jsonMistake(marked.replace('▸', '')), { offset: marked.indexOf('▸'), hint }),
  )

const megabytes = 8_000_000
const long: readonly (readonly [what: string, text: string])[] = [
  ['text', `"${'é'.repeat(megabytes)}"`],
  ['text of escapes', `"${'\\n'.repeat(megabytes / 2)}"`],
  ['number', '1'.repeat(megabytes)],
  ['gap', `1${' '.repeat(megabytes)}`],
]
for (const [what, text] of long)
  t.test(`behind a ${what} of megabytes the mistake is found as well`, async (t) => {
    t.strictSame(jsonMistake(`[${text},x]`), { offset: text.length + 2, hint: quotes })
  })

t.test('a text of megabytes that does not end begins where the mistake is', async (t) => {
  t.equal(jsonMistake(`["${'a'.repeat(megabytes)}`)?.offset, 1)
})

t.test('what is JSON has no mistake', async () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.constantFrom(undefined, 1, '\t'),
      (json, indent) => jsonMistake(JSON.stringify(JSON.parse(json), null, indent)) === undefined,
    ),
  )
})

t.test('a text has a mistake exactly where the runtime refuses it, whatever was changed in it', async () => {
  const noise = fc.constantFrom(
    '',
    ',',
    ':',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '\\',
    '\n',
    'x',
    '0',
    '-',
    '.',
    'e',
    ' ',
    '/',
    'é',
    '\0',
    '\x7f',
    '\u0085',
  )
  fc.assert(
    fc.property(fc.json(), fc.nat(), fc.nat(3), noise, (json, place, cut, put) => {
      const at = place % (json.length + 1)
      const changed = json.slice(0, at) + put + json.slice(at + cut)
      return (jsonMistake(changed) === undefined) === isJson(changed)
    }),
    { numRuns: 2_000 },
  )
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
