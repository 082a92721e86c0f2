import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const allow = { action: 'Allow' }
const tierLabel = (tier: string) => ({ 'projectcalico.org/tier': tier })

t.test('a NetworkPolicy is stored with its defaults', async (t) => {
  t.strictSame(stored(calico('NetworkPolicy', {})), {
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkPolicy',
    metadata: { name: 'sample', namespace: 'default', labels: tierLabel('default') },
    spec: { tier: 'default', types: ['Ingress'] },
  })
})

t.test('the example of §6.2 is stored as it is written', async (t) => {
  const spec = {
    tier: 'default',
    order: 100,
    selector: "app == 'web'",
    types: ['Ingress', 'Egress'],
    ingress: [
      {
        action: 'Allow',
        protocol: 'TCP',
        source: { selector: "role == 'client'", namespaceSelector: "team in {'a','b'}" },
        destination: { ports: [80, '8000:8010', 'http-alt'] },
      },
      { action: 'Log' },
      { action: 'Deny' },
    ],
    egress: [
      { action: 'Allow', protocol: 'UDP', destination: { ports: [53] } },
      { action: 'Allow', destination: { nets: ['10.0.0.0/8'], notNets: ['10.9.0.0/16'] } },
    ],
  }
  t.strictSame(stored(calico('NetworkPolicy', spec, { name: 'web-in', namespace: 'shop' })), {
    apiVersion: 'projectcalico.org/v3',
    kind: 'NetworkPolicy',
    metadata: { name: 'web-in', namespace: 'shop', labels: tierLabel('default') },
    spec,
  })
})

const types: [title: string, spec: object, expected: readonly string[]][] = [
  ['no rules', {}, ['Ingress']],
  ['empty lists', { ingress: [], egress: [] }, ['Ingress']],
  ['ingress only', { ingress: [allow] }, ['Ingress']],
  ['egress only', { egress: [allow] }, ['Egress']],
  ['both', { ingress: [allow], egress: [allow] }, ['Ingress', 'Egress']],
  ['an empty list of types', { types: [], egress: [allow] }, ['Egress']],
  ['types given', { types: ['Egress', 'Ingress'], egress: [allow] }, ['Egress', 'Ingress']],
]
for (const [title, spec, expected] of types) {
  t.test(`§6.2 types with ${title}: ${expected.join(', ')}`, async (t) => {
    for (const kind of ['NetworkPolicy', 'GlobalNetworkPolicy'])
      t.strictSame(stored(calico(kind, spec)).spec, { tier: 'default', ...spec, types: expected })
  })
}

t.test('the tier is a label of the policy, whatever the user wrote there', async (t) => {
  const { metadata } = stored(
    calico('GlobalNetworkPolicy', { tier: 'security' }, { labels: { a: 'b', 'projectcalico.org/tier': 'default' } }),
  )
  t.strictSame(metadata, { name: 'sample', labels: { a: 'b', ...tierLabel('security') } })
})

t.test('a GlobalNetworkPolicy takes a namespaceSelector, and flags that are off', async (t) => {
  const spec = {
    namespaceSelector: 'all()',
    doNotTrack: false,
    preDNAT: false,
    applyOnForward: true,
    performanceHints: ['AssumeNeededOnEveryNode'],
  }
  t.strictSame(stored(calico('GlobalNetworkPolicy', spec)).spec, { ...spec, tier: 'default', types: ['Ingress'] })
})

t.test('what is stored is taken again and stored the same', async (t) => {
  for (const kind of ['NetworkPolicy', 'GlobalNetworkPolicy']) {
    const once = stored(calico(kind, { egress: [{ action: 'Allow', protocol: 'tcp', source: { nets: ['10.0.0.1'], ports: ['80'] } }] }))
    t.strictSame(stored(once), once)
  }
})

const refused: [title: string, kind: string, spec: unknown, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    '§6.17.3 no 19: preDNAT with egress',
    'GlobalNetworkPolicy',
    { preDNAT: true, applyOnForward: true, egress: [allow] },
    [['spec.egress', 'is not for preDNAT, which is about ingress only']],
  ],
  [
    '§6.17.3 no 20: preDNAT and doNotTrack',
    'GlobalNetworkPolicy',
    { preDNAT: true, doNotTrack: true, applyOnForward: true },
    [['spec.doNotTrack', 'excludes preDNAT']],
  ],
  [
    '§6.17.3 no 21: preDNAT without applyOnForward',
    'GlobalNetworkPolicy',
    { preDNAT: true },
    [['spec.preDNAT', 'needs applyOnForward: true']],
  ],
  ['§6.17.3 no 22: a type twice', 'NetworkPolicy', { types: ['Ingress', 'Ingress'] }, [['spec.types', 'must not have duplicate items']]],
  [
    '§6.17.3 no 14: global() in selectors',
    'GlobalNetworkPolicy',
    { selector: 'global()', namespaceSelector: 'global()', serviceAccountSelector: 'global()' },
    [
      ['spec.selector', 'global() has no meaning here'],
      ['spec.serviceAccountSelector', 'global() has no meaning here'],
      ['spec.namespaceSelector', 'global() has no meaning here'],
    ],
  ],
  [
    '§6.17.3 no 43: 1025 rules',
    'NetworkPolicy',
    { ingress: Array.from({ length: 1_025 }, () => allow) },
    [['spec.ingress', 'must not have more than 1024 items']],
  ],
  [
    'a field of the other kind',
    'NetworkPolicy',
    { namespaceSelector: 'all()' },
    [['spec.namespaceSelector', 'is for GlobalNetworkPolicy only: this policy is about its own namespace']],
  ],
  ['a typo', 'NetworkPolicy', { selecter: 'all()' }, [['spec.selecter', 'unknown field, did you mean "selector"?']]],
  ['an order that is no number', 'NetworkPolicy', { order: Number.NaN }, [['spec.order', 'must be a number']]],
  ['an infinite order', 'NetworkPolicy', { order: Number.POSITIVE_INFINITY }, [['spec.order', 'must be a number']]],
  ['an unknown type', 'NetworkPolicy', { types: ['ingress'] }, [['spec.types[0]', 'must be Ingress or Egress, did you mean "Ingress"?']]],
  ['an empty spec', 'NetworkPolicy', null, [['spec', 'has no value (null): give it one or leave the field out']]],
]
for (const [title, kind, spec, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico(kind, spec)), problems))

t.test('refused: no spec', async (t) => {
  const { spec: _, ...rest } = calico('NetworkPolicy', {})
  t.strictSame(problemsOf(rest), [['spec', 'is required']])
})

const names: [kind: string, name: string, taken: boolean][] = [
  ['NetworkPolicy', 'web', true],
  ['NetworkPolicy', 'security.web', true],
  ['NetworkPolicy', 'knp.default.web.shop.in', true],
  ['NetworkPolicy', 'ossg.default.web', true],
  ['NetworkPolicy', 'a.b.c', false],
  ['NetworkPolicy', 'knp.default.', false],
  ['NetworkPolicy', 'Web', false],
  ['GlobalNetworkPolicy', 'security.web', true],
  ['GlobalNetworkPolicy', 'knp.default.web', false],
]
for (const [kind, name, taken] of names)
  t.test(`§6.0.2 a ${kind} ${taken ? 'may' : 'may not'} be called "${name}"`, async (t) =>
    t.equal(problemsOf(calico(kind, {}, { name })).length === 0, taken),
  )
