import t from 'tap'
import { Touched } from './touched.ts'

t.test('first all there are, then what is named, then all again when nobody knows', async (t) => {
  const touched = new Touched()
  const now = () => ({ names: [...touched.among(() => ['a', 'b', 'c'])], isAll: touched.isAll, isEmpty: touched.isEmpty })
  const all = { names: ['a', 'b', 'c'], isAll: true, isEmpty: false }
  touched.add('a')
  t.strictSame(now(), all)
  touched.clear()
  t.strictSame(now(), { names: [], isAll: false, isEmpty: true })
  touched.add('b')
  touched.add('b')
  t.strictSame(now(), { names: ['b'], isAll: false, isEmpty: false })
  touched.clear(['c'])
  t.strictSame(now(), { names: ['c'], isAll: false, isEmpty: false }, 'what is left over is looked at next time')
  touched.addAll()
  t.strictSame(now(), all)
})

t.test('those there are are not asked for in vain', async (t) => {
  const touched = new Touched()
  touched.clear(['a'])
  const names = touched.among((): readonly string[] => {
    throw new Error('asked')
  })
  t.strictSame(names, new Set(['a']))
})
