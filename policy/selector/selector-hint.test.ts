import fc from 'fast-check'
import t from 'tap'
import { parseSelector } from './parse.ts'
import { selectorHint } from './selector-hint.ts'

const table: [text: string, hint: string | undefined][] = [
  ["app = 'web'", 'write "=="'],
  ["app === 'web'", 'write "=="'],
  ["app <> 'web'", 'write "!="'],
  ["app is 'web'", 'write "=="'],
  ["app =~ 'web.*'", 'there are no patterns: use contains, starts with or ends with'],
  ["app matches 'web.*'", 'there are no patterns: use contains, starts with or ends with'],
  ['app == web', 'put the value in quotes'],
  ['app == web && has(tier)', 'put the value in quotes'],
  ['app == 5', 'put the value in quotes'],
  ['app in {a, b}', 'put each value of a set in quotes'],
  ["app in ('a', 'b')", 'write a set as {"a", "b"}'],
  ['app in ["a"]', 'write a set as {"a", "b"}'],
  ['app == “web”', 'use straight quotes, \' or "'],
  ["app == 'a' or app == 'b'", 'write "||"'],
  ["app == 'a' | app == 'b'", 'write "||"'],
  ["app == 'a' AND app == 'b'", 'write "&&"'],
  ["app == 'a' & app == 'b'", 'write "&&"'],
  ["app == 'a', app == 'b'", 'write "&&"'],
  ["app == 'a' app == 'b'", 'join two conditions with "&&" or "||"'],
  ["app IN {'a'}", 'write in and not in in lower case'],
  ["app startsWith 'a'", 'write starts with, as in app starts with "web"'],
  ["app endsWith 'a'", 'write ends with, as in app ends with "web"'],
  ["app Contains 'a'", 'write contains in lower case, with a space behind it'],
  ['app: web', 'write LABEL == "value"; a map of labels is for Kubernetes policies'],
  ['app exists', 'write has(LABEL)'],
  ['app', 'write has(app) for a label with any value'],
  ['!app', 'write has(app) for a label with any value'],
  ["has('app')", 'write has(LABEL), without quotes and with no space before "("'],
  ['has (app)', 'write has(LABEL), without quotes and with no space before "("'],
  ['not has(app)', 'write "!" for not, as in !has(app)'],
  ['all', 'write all()'],
  ["global && app == 'a'", 'write global()'],
  ['*', 'write all() for everything'],
  ["'app' == 'web'", 'a label comes first and has no quotes, as in app == "web"'],
  ["app == 'web", 'a string ends with the quote it begins with, and holds no other of its kind'],
  ["{'a', 'b'}", 'a set comes behind in or not in, as in app in {"a", "b"}'],
  ["(app == 'a'", undefined],
]
for (const [text, expected] of table)
  t.test(`${text}: ${expected ?? 'no hint'}`, async (t) => {
    const error = parseSelector(text)
    t.equal(error.type, 'error')
    if (error.type === 'error') t.equal(selectorHint(text, error), expected)
  })

t.test('any text that is no selector has a hint or none, and never throws', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const read = parseSelector(text)
      return read.type !== 'error' || selectorHint(text, read) !== ''
    }),
    { numRuns: 1_000 },
  )
})
