import fc from 'fast-check'
import t from 'tap'
import { printable } from './printable.ts'

const table: [title: string, given: string | readonly number[], shown: string][] = [
  ['plain words stay', 'maintenance until 04:00', 'maintenance until 04:00'],
  ['other scripts stay', 'Wartung für Köln 東京', 'Wartung für Köln 東京'],
  ['an escape sequence loses its escape', '\u001b[31mred\u001b]0;title\u0007', '[31mred ]0;title'],
  ['a second line becomes the same line', 'one\r\ntwo\u2028three', 'one  two three'],
  ['text that would be shown backwards is not', 'a\u202eb\u200bc', 'a b c'],
  ['NUL is no end', 'a\0b', 'a b'],
  ['what is no UTF-8 is replaced', [0x61, 0xff, 0xc3], 'a\ufffd\ufffd'],
  ['markup is left to whoever shows markup', '<script>alert(1)</script>', '<script>alert(1)</script>'],
]
for (const [title, given, shown] of table)
  t.test(`input 79: ${title}`, async (t) =>
    t.equal(printable(typeof given === 'string' ? Buffer.from(given) : Uint8Array.from(given)), shown),
  )

t.test('input 79: no octets give a control character', async () =>
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(printable(octets)))),
)
