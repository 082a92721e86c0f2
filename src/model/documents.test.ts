import fc from 'fast-check'
import t from 'tap'
import { type DocumentFormat, documentLimits } from './document-limits.ts'
import { checkDocuments, nameDocuments, readDocuments } from './documents.ts'
import { context, stored } from './sample-resources.ts'

const read = (text: string, format: DocumentFormat = 'yaml') =>
  readDocuments(text, format).items?.map(({ value, document }) => [document, value])

const tier = { apiVersion: 'projectcalico.org/v3', kind: 'Tier', metadata: { name: 'a' }, spec: {} }

const taken: [title: string, format: DocumentFormat, text: string, expected: readonly unknown[]][] = [
  ['several YAML documents, empty ones left out', 'yaml', '---\na: 1\n---\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
  ['a List', 'yaml', 'kind: List\napiVersion: v1\nitems: [{a: 1}, {b: 2}]', [{ a: 1 }, { b: 2 }]],
  ['a list of one kind among documents', 'yaml', 'a: 1\n---\nkind: TierList\nitems:\n- b: 2\n- c: 3', [{ a: 1 }, { b: 2 }, { c: 3 }]],
  ['a JSON object', 'json', '{"a": 1}', [{ a: 1 }]],
  ['a JSON array, with a List in it', 'json', '[{"a": 1}, {"kind": "List", "items": [{"b": 2}]}]', [{ a: 1 }, { b: 2 }]],
  ['a kind that only sounds like a list', 'json', '{"kind": "AllowList", "items": 1}', [{ kind: 'AllowList', items: 1 }]],
]
for (const [title, format, text, expected] of taken)
  t.test(`items of ${title}`, async (t) =>
    t.strictSame(
      read(text, format),
      expected.map((value, document) => [document, value]),
    ),
  )

const refused: [title: string, format: DocumentFormat, text: string, problem: object][] = [
  ['no text', 'yaml', '', { path: '', reason: 'holds no resource' }],
  ['an empty list', 'json', '[]', { path: '', reason: 'holds no resource' }],
  ['broken YAML', 'yaml', 'a: b: c', { path: '', reason: 'Nested mappings are not allowed in compact mappings', line: 1, document: 0 }],
  ['broken JSON', 'json', '{', { path: '', reason: /^is not JSON/, line: 1 }],
  ['10 MB', 'json', `"${'x'.repeat(10_000_000)}"`, { path: '', reason: `is larger than ${documentLimits.json.maxBytes} bytes` }],
  ['10 MB', 'yaml', `"${'x'.repeat(10_000_000)}"`, { path: '', reason: `is larger than ${documentLimits.yaml.maxBytes} bytes` }],
]
for (const [title, format, text, problem] of refused)
  t.test(`refused: ${title} (${format})`, async (t) => t.match(readDocuments(text, format).problems, [problem]))

t.test("limits are the caller's: bytes are of UTF-8, items counted over all lists", async (t) => {
  const limits = { maxBytes: 20, maxDepth: 3, maxTokens: 30, maxItems: 2, maxItemLength: 9 }
  t.match(readDocuments('"üüüüüüüüüü"', 'json', limits).problems, [{ reason: 'is larger than 20 bytes' }])
  t.match(readDocuments('[[[[1]]]]', 'json', limits).problems, [{ reason: 'is nested deeper than 3 levels' }])
  t.match(readDocuments('[1,2,3]', 'yaml', limits).problems, [{ reason: 'holds more than 2 resources' }])
  t.strictSame(readDocuments('[1,2]', 'yaml', limits).items?.length, 2)
})

const mixed = `apiVersion: projectcalico.org/v3
kind: Tier
metadata: { name: a }
spec:
  order: first
---
apiVersion: v1
kind: List
items:
  - apiVersion: projectcalico.org/v3
    kind: GlobalNetworkPolicy
    metadata:
      name: web
      namespace: shop
    spec:
      ingress:
        - action: Allow
          source:
            nets: [10.0.0.0/8,
                   10.0.0.1/8]
          destination: { ports: [80] }
        - protocol: TCP
  - kind: Tier
`
t.test('every problem of all documents at once, with document and line', async (t) => {
  const { items = [] } = readDocuments(mixed, 'yaml')
  t.strictSame(checkDocuments(items, context).problems, [
    { path: 'spec.order', reason: 'must be a number', value: 'first', document: 0, line: 5 },
    { path: 'metadata.namespace', reason: 'GlobalNetworkPolicy is in no namespace', value: 'shop', document: 1, line: 14 },
    {
      path: 'spec.ingress[0].source.nets[1]',
      reason: 'must be a CIDR whose host bits are zero, or an address, did you mean 10.0.0.0/8?',
      value: '10.0.0.1/8',
      document: 1,
      line: 20,
    },
    { path: 'spec.ingress[1].action', reason: 'is required', document: 1, line: 22 },
    { path: 'apiVersion', reason: 'is required', document: 2, line: 23 },
  ])
})

t.test('the same in JSON', async (t) => {
  const text = `[\n${JSON.stringify(tier)},\n${JSON.stringify({ ...tier, metadata: { name: 'b' }, spec: { order: 'x' } }, null, 1)}\n]`
  const { items = [] } = readDocuments(text, 'json')
  t.strictSame(checkDocuments(items, context).problems, [
    { path: 'spec.order', reason: 'must be a number', value: 'x', document: 1, line: 10 },
  ])
})

t.test('valid documents become resources in their order', async (t) => {
  const { items = [] } = readDocuments(JSON.stringify([tier, { ...tier, metadata: { name: 'b' } }]), 'json')
  t.strictSame(
    checkDocuments(items, context).items?.map(({ resource, document }) => [document, resource]),
    [
      [0, stored(tier)],
      [1, stored({ ...tier, metadata: { name: 'b' } })],
    ],
  )
})

t.test('one resource twice in a request is a mistake: which of them is meant?', async (t) => {
  const { items = [] } = readDocuments(JSON.stringify([tier, { ...tier, spec: { order: 1 } }], null, 1), 'json')
  t.strictSame(checkDocuments(items, context).problems, [
    { path: 'metadata.name', reason: 'the same resource is document 0 already', value: 'a', document: 1, line: 14 },
  ])
})

t.test('names of resources to delete: their specs need not be valid', async (t) => {
  const documents = [
    { ...tier, spec: 'broken' },
    { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'b' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'c', namespace: 'shop' } },
  ]
  const { items = [] } = readDocuments(JSON.stringify(documents), 'json')
  t.strictSame(
    nameDocuments(items).items?.map(({ ref }) => ref),
    [
      { group: 'projectcalico.org', kind: 'Tier', namespace: '', name: 'a' },
      { group: 'networking.k8s.io', kind: 'NetworkPolicy', namespace: 'default', name: 'b' },
      { group: '', kind: 'ServiceAccount', namespace: 'shop', name: 'c' },
    ],
  )
  const bad = readDocuments('kind: Tier\n---\napiVersion: v1\nkind: Namespace\nmetadata: {}', 'yaml')
  t.strictSame(nameDocuments(bad.items ?? []).problems, [
    { path: 'apiVersion', reason: 'is required', document: 0, line: 1 },
    { path: 'metadata.name', reason: 'is required', document: 1, line: 5 },
  ])
})

t.test('one resource has at most 1.5 MiB, however many share a text', async (t) => {
  const filled = (name: string, length: number) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, filler: 'x'.repeat(length) })
  const text = JSON.stringify([filled('a', 1_500_000), filled('b', 1_600_000)])
  t.match(readDocuments(text, 'json').problems, [
    { path: '', reason: /^has 16\d{5} characters, a resource has at most 1572864$/, document: 1 },
  ])
})

t.test('an array of millions is refused at the ten thousand and first', async (t) => {
  const problems = [{ path: '', reason: 'holds more than 10000 resources' }]
  t.strictSame(readDocuments(`[${'1,'.repeat(2_000_000)}1]`, 'json').problems, problems)
})

t.test('ten thousand mistakes are told as a thousand', async (t) => {
  const text = JSON.stringify(Array.from({ length: 10_000 }, () => ({})))
  t.equal(checkDocuments(readDocuments(text, 'json').items ?? [], context).problems?.length, 1_000)
})

t.test('any JSON value, as JSON and as YAML, ends in resources or problems and never throws', async () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom<DocumentFormat>('json', 'yaml'), (text, format) => {
      const { items, problems } = readDocuments(text, format)
      return items === undefined ? problems.length > 0 : checkDocuments(items, context).problems !== undefined
    }),
  )
})
