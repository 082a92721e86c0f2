import t from 'tap'
import { Touched } from './touched.ts'

t.test('first all there are, then what is named, then all again when nobody knows', async (t) => {
  const touched = new Touched()
  const now = () => ({ names: [...touched.among(() => ['a', 'b', 'c'])], named: [...touched.named], isEmpty: touched.isEmpty })
  const all = { names: ['a', 'b', 'c'], named: [], isEmpty: false }
  touched.add('a')
  t.strictSame([now(), touched.isAll], [all, true])
  touched.clear()
  t.strictSame(now(), { names: [], named: [], isEmpty: true })
  touched.add('b')
  touched.add('b')
  t.strictSame(now(), { names: ['b'], named: ['b'], isEmpty: false })
  touched.clear(['c'])
  t.strictSame(now(), { names: ['c'], named: ['c'], isEmpty: false }, 'what is left over is looked at next time')
  touched.addAll()
  t.strictSame([now(), touched.isAll], [all, true])
})

t.test('those there are are not asked for in vain', async (t) => {
  const touched = new Touched()
  touched.clear(['a'])
  const names = touched.among((): readonly string[] => {
    throw new Error('asked')
  })
  t.strictSame(names, new Set(['a']))
})
