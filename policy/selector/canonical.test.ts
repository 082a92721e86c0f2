import t from 'tap'
import { canonical, selectorId } from './canonical.ts'
import { parseSelector } from './parse.ts'
import type { Selector } from './selector.ts'

const table: [text: string, expected: string][] = [
  ['', 'all()'],
  ['all( )', 'all()'],
  ['global()', 'global()'],
  ["a == 'b'", 'a == "b"'],
  [`a=='b'&&c!="d"`, '(a == "b" && c != "d")'],
  ["a == 'b' || c == 'd' && e == 'f'", '(a == "b" || (c == "d" && e == "f"))'],
  ["(a == 'b' && has(c)) && has(d)", '((a == "b" && has(c)) && has(d))'],
  ['!!has(a)', 'has(a)'],
  ['! ( has( a ) )', '!has(a)'],
  ["!(a == 'b' && has(c))", '!(a == "b" && has(c))'],
  ['a in {}', 'a in {}'],
  ["a in {'y','x','y',}", 'a in {"x", "y"}'],
  ["a notin {'b'}", 'a not in {"b"}'],
  ["a contains'b'", 'a contains "b"'],
  ["a startswith 'b'", 'a starts with "b"'],
  ["a endswith 'b'", 'a ends with "b"'],
  [`a == "it's"`, `a == "it's"`],
  [`a == 'say "x"'`, `a == 'say "x"'`],
  ["a in {'\u{1f600}', '\uff5e'}", 'a in {"\uff5e", "\u{1f600}"}'],
]
for (const [text, expected] of table) t.test(`"${text}" prints as ${expected}`, async (t) => t.equal(canonical(read(text)), expected))

t.test('a value with both quotes cannot be printed, and the parser makes none', async (t) => {
  t.throws(() => canonical({ type: 'equal', label: 'a', value: `'"` }), RangeError)
})

// expected: printf 's:a == "b"' | openssl dgst -sha224 -binary | basenc --base64url | tr -d =
t.test('the id is "s:" and the unpadded base64url SHA-224 of "s:" and the canonical text', async (t) => {
  t.equal(selectorId(read("a=='b'")), 's:flMh0m0X_BowkAK_W3j3MgH8oQOsj3WxGDoXCQ')
  t.equal(selectorId(read("a=='b'")), selectorId(read('(a == "b")')))
  t.not(selectorId(read("a=='b'")), selectorId(read("a!='b'")))
})

function read(text: string): Selector {
  const selector = parseSelector(text)
  if (selector.type === 'error') throw new Error(selector.message)
  return selector
}
