import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const allow = { action: 'Allow' }

const taken: [title: string, kind: string, spec: object, metadata: object, expected: unknown][] = [
  [
    'a staged policy has the defaults of the policy it stands for (§6.7)',
    'StagedNetworkPolicy',
    { egress: [allow] },
    { namespace: 'shop' },
    { egress: [allow], tier: 'default', types: ['Egress'], stagedAction: 'Set' },
  ],
  [
    'a staged global policy',
    'StagedGlobalNetworkPolicy',
    { stagedAction: 'learn', tier: 'default', order: 1, selector: 'all()', types: ['Ingress'] },
    {},
    { order: 1, selector: 'all()', tier: 'default', types: ['Ingress'], stagedAction: 'Learn' },
  ],
  [
    'a deletion names its tier and nothing else',
    'StagedGlobalNetworkPolicy',
    { stagedAction: 'Delete' },
    {},
    { tier: 'default', stagedAction: 'Delete' },
  ],
  [
    'a staged Kubernetes policy',
    'StagedKubernetesNetworkPolicy',
    { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] },
    {},
    { podSelector: {}, ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }], policyTypes: ['Ingress'], stagedAction: 'Set' },
  ],
  ['its deletion', 'StagedKubernetesNetworkPolicy', { stagedAction: 'Delete' }, {}, { stagedAction: 'Delete' }],
]
for (const [title, kind, spec, metadata, expected] of taken)
  t.test(`taken: ${title}`, async (t) => {
    const first = stored(calico(kind, spec, { ...metadata }))
    t.strictSame(first.spec, expected)
    t.strictSame(stored(first), first, 'and taken again')
  })

const notForDelete = 'is not for stagedAction Delete: leave it out'
const refused: [title: string, kind: string, spec: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    'a deletion with rules',
    'StagedNetworkPolicy',
    { stagedAction: 'Delete', selector: 'all()', ingress: [allow] },
    [
      ['spec.selector', notForDelete],
      ['spec.ingress', notForDelete],
    ],
  ],
  [
    'a deletion of a Kubernetes policy with rules',
    'StagedKubernetesNetworkPolicy',
    { stagedAction: 'Delete', podSelector: {} },
    [['spec.podSelector', notForDelete]],
  ],
  ['a Kubernetes policy for no pods', 'StagedKubernetesNetworkPolicy', {}, [['spec.podSelector', 'is required']]],
  [
    'an action of nobody',
    'StagedNetworkPolicy',
    { stagedAction: 'Try' },
    [['spec.stagedAction', 'must be Set or Delete or Learn or Ignore']],
  ],
  ['flags of a global policy', 'StagedGlobalNetworkPolicy', { preDNAT: true }, [['spec.preDNAT', 'needs applyOnForward: true']]],
  [
    'rules are checked',
    'StagedGlobalNetworkPolicy',
    { ingress: [{ action: 'Allow', destination: { ports: [80] } }] },
    [['spec.ingress[0].destination.ports[0]', 'a port number needs a protocol: TCP, UDP or SCTP']],
  ],
]
for (const [title, kind, spec, problems] of refused)
  t.test(`refused: ${title}`, async (t) => t.strictSame(problemsOf(calico(kind, spec)), problems))
