import t from 'tap'
import { checkMetadata, labelName } from './metadata.ts'

const namespaced = { kind: 'NetworkSet', namespaced: true }
const global = { kind: 'GlobalNetworkSet', namespaced: false }

const accepted: [title: string, value: unknown, kind: typeof global, expected: object][] = [
  ['a namespaced kind is in namespace default', { name: 'a' }, namespaced, { name: 'a', namespace: 'default' }],
  ['a given namespace stays', { name: 'a', namespace: 'b' }, namespaced, { name: 'a', namespace: 'b' }],
  ['no labels and no annotations, written as null', { name: 'a', labels: null, annotations: null }, global, { name: 'a' }],
  ['a name of 253 characters', { name: 'a'.repeat(253) }, global, { name: 'a'.repeat(253) }],
  [
    'what only servers set is dropped, resourceVersion and whose it is are kept for comparing',
    {
      name: 'a',
      uid: 'u',
      deletionTimestamp: null,
      deletionGracePeriodSeconds: 30,
      creationTimestamp: null,
      generation: 3,
      managedFields: [{}],
      ownerReferences: [],
      finalizers: [],
      selfLink: '/',
      generateName: 'a-',
      resourceVersion: '7',
    },
    global,
    { name: 'a', resourceVersion: '7', uid: 'u' },
  ],
  [
    'annotations hold any text, their keys in any case; labels a narrower set',
    { name: 'a', labels: { 'example.com/A_b': '', c: 'X.y-Z' }, annotations: { 'Example.com/key': 'line\nline' } },
    global,
    { name: 'a', labels: { 'example.com/A_b': '', c: 'X.y-Z' }, annotations: { 'Example.com/key': 'line\nline' } },
  ],
]
for (const [title, value, kind, expected] of accepted)
  t.test(`taken: ${title}`, async (t) => t.strictSame(checkMetadata(value, kind), { value: expected }))

const key = 'the key must be a qualified name: [DNS-subdomain/]name'
const labelValue = 'a label value has at most 63 of A-Z, a-z, 0-9, "-", "_" and ".", the ends alphanumeric'
const subdomain = 'must be a DNS-1123 subdomain of at most 253 characters'
const refused: [title: string, value: unknown, problems: readonly (readonly [path: string, reason: string])[]][] = [
  ['nothing', undefined, [['metadata', 'is required']]],
  ['null', null, [['metadata', 'has no value (null): give it one or leave the field out']]],
  ['no name', {}, [['metadata.name', 'is required']]],
  ['an empty name', { name: '' }, [['metadata.name', subdomain]]],
  ['§6.17.3 no 46: a name of 254 characters', { name: 'a'.repeat(254) }, [['metadata.name', subdomain]]],
  ['§6.17.3 no 45: a label value of 64 characters', { name: 'a', labels: { b: 'c'.repeat(64) } }, [['metadata.labels.b', labelValue]]],
  ['a label value that is a number', { name: 'a', labels: { b: 1 } }, [['metadata.labels.b', 'must be a string: put it in quotes']]],
  ['a label key with a space', { name: 'a', labels: { 'b c': 'd' } }, [['metadata.labels["b c"]', key]]],
  [
    'a label key that would be a prototype',
    JSON.parse('{"name": "a", "labels": {"__proto__": "b"}}'),
    [['metadata.labels.__proto__', key]],
  ],
  [
    '§6.17.3 no 44: annotations of more than 256 KiB',
    { name: 'a', annotations: { b: 'ü'.repeat(128 * 1024) } },
    [['metadata.annotations', 'annotations have 262145 bytes, at most 262144 are allowed']],
  ],
  ['an annotation key', { name: 'a', annotations: { 'b/': '' } }, [['metadata.annotations["b/"]', key]]],
  [
    'generateName',
    { generateName: 'a-' },
    [
      ['metadata.name', 'is required'],
      ['metadata.generateName', 'is not supported: give the resource a name'],
    ],
  ],
  [
    'every problem at once',
    { name: 'A', namespace: 'b', labels: { c: '-' }, lables: {} },
    [
      ['metadata.lables', 'unknown field, did you mean "labels"?'],
      ['metadata.labels.c', labelValue],
      ['metadata.name', subdomain],
      ['metadata.namespace', 'GlobalNetworkSet is in no namespace'],
    ],
  ],
]
for (const [title, value, problems] of refused) {
  t.test(`refused: ${title}`, async (t) =>
    t.strictSame(
      (checkMetadata(value, global).problems ?? []).map(({ path, reason }) => [path, reason]),
      problems,
    ),
  )
}

t.test('a kind may have its own rule for names', async (t) => {
  t.strictSame(checkMetadata({ name: 'a.b' }, { ...global, name: labelName }), {
    problems: [{ path: 'metadata.name', reason: `must be ${labelName.expected}`, value: 'a.b' }],
  })
})
