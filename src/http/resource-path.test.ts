import fc from 'fast-check'
import t from 'tap'
import { parseResourcePath } from './resource-path.ts'

const table: [path: string, expected: ReturnType<typeof parseResourcePath>][] = [
  ['/apis/projectcalico.org/v3/tiers', { group: 'projectcalico.org', version: 'v3', plural: 'tiers' }],
  ['/apis/projectcalico.org/v3/tiers/a.b', { group: 'projectcalico.org', version: 'v3', plural: 'tiers', name: 'a.b' }],
  ['/apis/g/v1/namespaces/ns/things', { group: 'g', version: 'v1', namespace: 'ns', plural: 'things' }],
  ['/apis/g/v1/namespaces/ns/things/x', { group: 'g', version: 'v1', namespace: 'ns', plural: 'things', name: 'x' }],
  ['/api/v1/namespaces', { group: '', version: 'v1', plural: 'namespaces' }],
  ['/api/v1/namespaces/shop', { group: '', version: 'v1', plural: 'namespaces', name: 'shop' }],
  ['/api/v1/namespaces/shop/serviceaccounts', { group: '', version: 'v1', namespace: 'shop', plural: 'serviceaccounts' }],
  ['/api/v1/tiers/a%2Fb', { group: '', version: 'v1', plural: 'tiers', name: 'a/b' }],
  ['/api/v1', undefined],
  ['/apis/g/v1', undefined],
  ['/apis/g/v1/tiers/', undefined],
  ['/apis/g/v1/tiers/a/status', undefined],
  ['/apis/g/v1/namespaces/ns/things/x/status', undefined],
  ['/apis//v1/tiers', undefined],
  ['/api/v1/tiers/%zz', undefined],
  ['/v1/apply', undefined],
]
for (const [path, expected] of table)
  t.test(`${path} is ${JSON.stringify(expected)}`, async (t) => t.strictSame(parseResourcePath(path), expected))

t.test('whatever is encoded into a path comes out of it', async (t) => {
  const segment = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text !== 'namespaces')
  fc.assert(
    fc.property(segment, segment, segment, segment, fc.option(segment, { nil: undefined }), (group, version, namespace, plural, name) => {
      const parts = ['apis', group, version, 'namespaces', namespace, plural, ...(name === undefined ? [] : [name])]
      const expected = { group, version, namespace, plural, ...(name !== undefined && { name }) }
      t.strictSame(parseResourcePath(`/${parts.map(encodeURIComponent).join('/')}`), expected)
    }),
    { numRuns: 50 },
  )
})

t.test('noise never throws', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (noise) => parseResourcePath(`/apis/${noise}`) !== null))
})
