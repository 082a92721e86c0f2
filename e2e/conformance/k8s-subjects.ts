/** networking.k8s.io/v1 NetworkPolicy: whom a policy isolates, in which direction (resource reference §6.15). */
import { knp, type Scenario } from './scenario.ts'
import { pod } from './world.ts'

export const k8sSubjects: readonly Scenario[] = [
  {
    title: '§6.15 rule 2: what no policy selects takes and sends everything, in both families',
    resources: '',
    expect: [],
  },
  {
    title: '§6.15 podSelector {} isolates every pod of the namespace and none of another; rule 4: the node still reaches them',
    resources: knp('shop/deny', 'podSelector: {}'),
    expect: ['shop <- nothing'],
  },
  {
    title: '§6.15 policyTypes [Egress] without rules: nothing leaves, what comes in is answered (rule 3)',
    resources: knp('shop/deny', 'podSelector: { matchLabels: { app: web } }\npolicyTypes: [Egress]'),
    expect: ['web -> nothing'],
  },
  {
    title: '§6.15 policyTypes [Ingress, Egress] without rules: neither way',
    resources: knp('bank/deny', 'podSelector: {}\npolicyTypes: [Ingress, Egress]'),
    expect: ['bank <- nothing', 'bank -> nothing'],
  },
  {
    title: '§6.15 an empty ingress rule allows everybody, beside a policy that isolates',
    resources: knp('shop/deny', 'podSelector: {}') + knp('shop/open', 'podSelector: { matchLabels: { app: web } }\ningress: [{}]'),
    expect: ['db client other <- nothing'],
  },
  {
    title: '§6.15 an empty egress rule allows everything out; without policyTypes it isolates ingress too',
    resources: knp('shop/out', 'podSelector: { matchLabels: { role: client } }\negress: [{}]'),
    expect: ['client <- nothing'],
  },
  {
    title: '§6.15 policyTypes [Ingress] makes egress rules of the same policy meaningless',
    resources: knp(
      'shop/in-only',
      'podSelector: { matchLabels: { app: web } }\npolicyTypes: [Ingress]\negress: [{ ports: [{ port: 80 }] }]',
    ),
    expect: ['web <- nothing'],
  },
  {
    title: '§6.15 ingress rules with policyTypes [Egress] do not isolate ingress',
    resources: knp(
      'shop/out-only',
      'podSelector: { matchLabels: { app: web } }\npolicyTypes: [Egress]\ningress: [{ ports: [{ port: 80 }] }]',
    ),
    expect: ['web -> nothing'],
  },
  {
    title: '§6.15 matchLabels are ANDed: one label that differs and the pod is not selected',
    resources:
      knp('shop/both', 'podSelector: { matchLabels: { app: web, tier: front } }') +
      knp('shop/one-wrong', 'podSelector: { matchLabels: { app: db, tier: front } }'),
    expect: ['web <- nothing'],
  },
  {
    title: '§6.15 matchExpressions In: any of the values',
    resources: knp('shop/in', 'podSelector: { matchExpressions: [{ key: app, operator: In, values: [web, db, cache] }] }'),
    expect: ['web db <- nothing'],
  },
  {
    title: '§6.15 matchExpressions NotIn also selects pods without the key',
    resources: knp('shop/not-in', 'podSelector: { matchExpressions: [{ key: app, operator: NotIn, values: [web] }] }'),
    expect: ['db client other <- nothing'],
  },
  {
    title: '§6.15 matchExpressions Exists: whatever the value',
    resources: knp('shop/exists', 'podSelector: { matchExpressions: [{ key: role, operator: Exists }] }'),
    expect: ['client other <- nothing'],
  },
  {
    title: '§6.15 matchExpressions DoesNotExist',
    resources: knp('shop/absent', 'podSelector: { matchExpressions: [{ key: role, operator: DoesNotExist }] }'),
    expect: ['web db <- nothing'],
  },
  {
    title: '§6.15 matchLabels and several matchExpressions must all hold',
    resources: knp(
      'shop/all-of',
      `podSelector:
  matchLabels: { tier: back }
  matchExpressions:
    - { key: app, operator: Exists }
    - { key: app, operator: NotIn, values: [web] }`,
    ),
    expect: ['db <- nothing'],
  },
  {
    title: '§6.15 rule 1: policies add up; a pod gets the union of what each allows',
    resources:
      knp(
        'shop/a',
        'podSelector: { matchLabels: { app: web } }\ningress: [{ from: [{ podSelector: { matchLabels: { role: client } } }] }]',
      ) + knp('shop/b', 'podSelector: { matchLabels: { tier: front } }\ningress: [{ ports: [{ port: 53, protocol: UDP }] }]'),
    expect: ['web <- client; all: udp 53'],
  },
  {
    title: '§6.15 several rules of one policy are alternatives, each with its own peers and ports',
    resources: knp(
      'shop/two',
      `podSelector: { matchLabels: { app: web } }
ingress:
  - { from: [{ podSelector: { matchLabels: { role: client } } }], ports: [{ port: 80 }] }
  - { from: [{ podSelector: { matchLabels: { role: other } } }], ports: [{ port: 8080 }] }`,
    ),
    expect: ['web <- client: tcp 80; other: tcp 8080'],
  },
  {
    title: '§6.15 rule 10: the sender and the taker must both allow',
    resources:
      knp('shop/in', 'podSelector: { matchLabels: { app: web } }\ningress: [{ ports: [{ port: 80 }, { port: 8080 }] }]') +
      knp(
        'shop/out',
        'podSelector: { matchLabels: { role: client } }\npolicyTypes: [Egress]\negress: [{ ports: [{ port: 8080 }, { port: 53, protocol: UDP }] }]',
      ),
    expect: ['web <- all: tcp 80 8080', 'client -> all: tcp 8080, udp 53'],
  },
  {
    title: '§6.15 conversion: only workloads of Kubernetes are selected, as subject and as peer',
    resources:
      pod('web', { orchestrator: 'cni' }) +
      knp(
        'shop/deny',
        'podSelector: {}\ningress: [{ from: [{ podSelector: { matchLabels: { app: web } } }, { podSelector: { matchLabels: { app: db } } }] }]',
      ),
    expect: ['db client other <- db'],
  },
  {
    title: '§6.15 a policy deleted: open again; the other stays',
    resources: knp('shop/a', 'podSelector: { matchLabels: { app: web } }') + knp('shop/b', 'podSelector: { matchLabels: { app: db } }'),
    expect: ['web db <- nothing'],
    later: [{ delete: knp('shop/a', 'podSelector: {}'), expect: ['db <- nothing'] }],
  },
  {
    title: '§6.15 a policy replaced: what it no longer selects is open, what it selects now is closed',
    resources: knp('shop/p', 'podSelector: { matchLabels: { app: web } }'),
    expect: ['web <- nothing'],
    later: [{ apply: knp('shop/p', 'podSelector: { matchLabels: { app: db } }\npolicyTypes: [Egress]'), expect: ['db -> nothing'] }],
  },
]
