import t from 'tap'
import { type Token, tokenize } from './tokenize.ts'

const accepted: [title: string, text: string, expected: readonly Token[]][] = [
  ['blank text is only the end', ' \t', [{ type: 'end', position: 2 }]],
  [
    'a label that looks like an operator is a label',
    "in in {'in'}",
    [
      { type: 'label', label: 'in', position: 0 },
      { type: 'operator', operator: 'in', position: 3 },
      { type: '{', position: 6 },
      { type: 'string', value: 'in', position: 7 },
      { type: '}', position: 11 },
      { type: 'end', position: 12 },
    ],
  ],
  [
    'calls are one token each, blanks allowed inside',
    'has( a )&&all( )||global(\t)',
    [
      { type: 'has', label: 'a', position: 0 },
      { type: '&&', position: 8 },
      { type: 'all', position: 10 },
      { type: '||', position: 16 },
      { type: 'global', position: 18 },
      { type: 'end', position: 27 },
    ],
  ],
  [
    'a word operator may touch its string',
    "a ends \twith'b'",
    [
      { type: 'label', label: 'a', position: 0 },
      { type: 'operator', operator: 'ends-with', position: 2 },
      { type: 'string', value: 'b', position: 12 },
      { type: 'end', position: 15 },
    ],
  ],
]
for (const [title, text, expected] of accepted) t.test(title, async (t) => t.strictSame(tokenize(text), expected))

const refused: [title: string, text: string, message: string, position: number][] = [
  ['a line break separates nothing', "a == 'b'\n&& has(c)", 'unexpected line break: only spaces and tabs may separate', 8],
  ['a single = is no operator', '(=', 'unexpected single "="', 1],
  ['a single & is no operator', "a == 'b' & all()", 'unexpected single "&"', 9],
  ['a single | is no operator', "a == 'b' | all()", 'unexpected single "|"', 9],
  ['a single = after a label', "a = 'b'", 'expected an operator after the label', 2],
  ['"! =" is not "!="', "a ! = 'b'", 'expected an operator after the label', 2],
  ['"!=" needs its label', "!='b'", 'expected a label before "!="', 0],
  ['"==" needs its label', "'a' == 'b'", 'expected a label before "=="', 4],
  ['a word operator ends where the word ends', "a containsx 'b'", 'expected an operator after the label', 2],
  ['"has" needs its parenthesis at once', 'has ( a )', 'expected an operator after the label', 4],
  ['a label has no @', "a@b == 'x'", 'expected an operator after the label', 1],
  ['a character outside the language', "ü == 'x'", 'unexpected "ü"', 0],
  ['a string must end', 'a == "b', 'the string has no closing "', 5],
  ['a line break inside a string', "a == 'b\nc'", 'control characters are not allowed in a string', 7],
  ['a control character inside a string', 'a == "\u0000"', 'control characters are not allowed in a string', 6],
  ['half a surrogate pair would share its UTF-8 form with others', 'a == "\ud800"', 'the string is not valid Unicode', 5],
  ['a label of 513 characters', `${'l'.repeat(513)} == 'x'`, 'a label has at most 512 characters', 0],
  ['a label of 513 characters in has()', `has(${'l'.repeat(513)})`, 'a label has at most 512 characters', 0],
]
for (const [title, text, message, position] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(tokenize(text), { type: 'error', message, position }))

t.test('a label may have 512 characters', async (t) => t.ok(Array.isArray(tokenize(`has(${'l'.repeat(512)})`))))

t.test('long noise is read in linear time: a quadratic reader would not come back', async (t) => {
  for (const text of [`has(${' '.repeat(2_000_000)}`, `has(${'a'.repeat(2_000_000)}`, `a not${' '.repeat(2_000_000)}`])
    t.match(tokenize(text), { type: 'error', message: 'expected an operator after the label' })
})
