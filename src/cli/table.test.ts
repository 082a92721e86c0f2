import fc from 'fast-check'
import t from 'tap'
import { table } from './table.ts'

t.test('columns are as wide as their widest cell; the last is not padded; absent is "-"', async (t) => {
  const rows = [
    ['a', 1, undefined],
    ['long name', 22_222, 'x'],
    ['', 0, 'two words'],
  ]
  t.equal(
    table(['NAME', 'AS', 'REST'], rows),
    'NAME       AS     REST\na          1      -\nlong name  22222  x\n-          0      two words',
  )
})

t.test('no rows: the headings', async (t) => t.equal(table(['NAME', 'AS'], []), 'NAME  AS'))

t.test('what a peer or a user wrote cannot move the cursor or make a line', async (t) => {
  t.equal(table(['A'], [['x\u001b[2Jy\nz']]), 'A\nx?[2Jy?z')
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => table(['A', 'B'], [[text, text]]).split('\n').length === 2))
})
