import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { formatPath, joinPath, type PathSegment, parsePath, valueAt } from './path.ts'

/** Any UTF-16 code unit, also control characters and halves of pairs. */
const codeUnit = fc.nat(0xffff).map((code) => String.fromCharCode(code))

const table: [segments: readonly PathSegment[], path: string][] = [
  [[], ''],
  [['spec'], 'spec'],
  [['spec', 'ingress', 0, 'source', 'nets', 1], 'spec.ingress[0].source.nets[1]'],
  [['metadata', 'labels', 'app.kubernetes.io/name'], 'metadata.labels["app.kubernetes.io/name"]'],
  [['a"b', ''], '["a\\"b"][""]'],
  [[0, 'x'], '[0].x'],
  [['1'], '["1"]'],
  [['__proto__'], '__proto__'],
]
for (const [segments, path] of table) {
  t.test(`${JSON.stringify(segments)} is written ${path} and read back`, async (t) => {
    t.equal(formatPath(segments), path)
    t.strictSame(parsePath(path), segments)
  })
}

t.test('every path is read back as it was', async () => {
  const segment = fc.oneof(fc.nat(1_000_000), fc.string({ unit: codeUnit }), fc.constantFrom('spec', 'a.b', '[0]', '"'))
  fc.assert(fc.property(fc.array(segment), (segments) => isDeepStrictEqual(parsePath(formatPath(segments)), segments)))
})

t.test('what is no path is undefined, and nothing throws', async (t) => {
  for (const text of ['.', 'a.', 'a..b', '[x]', '["x]', '[01]', 'a b', '.a', '["\\x"]']) t.equal(parsePath(text), undefined, text)
  fc.assert(
    fc.property(fc.string(), (text) => {
      const segments = parsePath(text)
      return segments === undefined || formatPath(segments) === text
    }),
  )
})

t.test('paths are joined with a dot only before a name', async (t) => {
  t.strictSame(
    [joinPath('', ''), joinPath('a', ''), joinPath('', 'b'), joinPath('a', 'b'), joinPath('a', '[0]'), joinPath('a[1]', 'b')],
    ['', 'a', 'b', 'a.b', 'a[0]', 'a[1].b'],
  )
})

t.test('a value is found by own properties only', async (t) => {
  const value: unknown = JSON.parse('{"a": [{"b": 1}], "__proto__": {"c": 2}}')
  t.equal(valueAt(value, ['a', 0, 'b']), 1)
  t.equal(valueAt(value, ['__proto__', 'c']), 2)
  t.equal(valueAt({}, ['__proto__']), undefined)
  t.equal(valueAt({}, ['toString']), undefined)
  t.equal(valueAt(null, ['a']), undefined)
  t.equal(valueAt([1], [1]), undefined)
})
