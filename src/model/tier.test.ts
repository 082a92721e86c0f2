import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const tier = (name: string, spec: unknown) => calico('Tier', spec, { name })

t.test('§6.12: a tier denies by default; without order it is the last', async (t) => {
  t.strictSame(stored(tier('mine', {})).spec, { defaultAction: 'Deny' })
  t.strictSame(stored(tier('mine', { order: 1.5, defaultAction: 'Pass' })).spec, { order: 1.5, defaultAction: 'Pass' })
})

t.test('a built-in tier may be written as it is', async (t) => {
  t.strictSame(stored(tier('default', {})).spec, { order: 1_000_000, defaultAction: 'Deny' })
  t.strictSame(stored(tier('kube-admin', { order: 1_000 })).spec, { order: 1_000, defaultAction: 'Pass' })
})

const refused: [title: string, name: string, spec: unknown, problem: [path: string, reason: string]][] = [
  ['§6.17.3 no 23: a name with a dot', 'a.b', {}, ['metadata.name', 'must be a DNS-1123 label: at most 63 of a-z, 0-9 and "-", no dots']],
  [
    '§6.17.3 no 24: the order of a built-in tier',
    'default',
    { order: 1 },
    ['spec.order', 'of the built-in tier default is always 1000000'],
  ],
  [
    'the end of a built-in tier',
    'kube-baseline',
    { defaultAction: 'Deny' },
    ['spec.defaultAction', 'of the built-in tier kube-baseline is always Pass'],
  ],
  ['an unknown end', 'mine', { defaultAction: 'Allow' }, ['spec.defaultAction', 'must be Deny or Pass']],
]
for (const [title, name, spec, problem] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(tier(name, spec)), [problem]))
