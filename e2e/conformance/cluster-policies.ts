/** policy.networking.k8s.io ClusterNetworkPolicy (resource reference §6.16). */
import { cnp, knp, type Scenario } from './scenario.ts'
import { pod } from './world.ts'

const shop = 'subject: { namespaces: { matchLabels: { team: a } } }'
const web = 'subject: { pods: { namespaceSelector: { matchLabels: { team: a } }, podSelector: { matchLabels: { app: web } } } }'
const everybody = 'from: [{ namespaces: {} }]'
const bank = 'from: [{ namespaces: { matchLabels: { team: b } } }]'
const admin = (name: string, priority: number, subject: string, rules: string) =>
  cnp(name, `tier: Admin\npriority: ${priority}\n${subject}\n${rules}`)
const baseline = (name: string, priority: number, subject: string, rules: string) =>
  cnp(name, `tier: Baseline\npriority: ${priority}\n${subject}\n${rules}`)

export const clusterPolicies: readonly Scenario[] = [
  {
    title: '§6.16 Admin Deny is final: a NetworkPolicy cannot open what it closes',
    resources: admin('deny', 10, shop, `ingress:\n  - { action: Deny, ${bank} }`) + knp('shop/open', 'podSelector: {}\ningress: [{}]'),
    expect: ['shop <- all -bank'],
  },
  {
    title: '§6.16 Admin Accept is final: a NetworkPolicy cannot close what it opens',
    resources:
      admin('accept', 10, shop, `ingress:\n  - { action: Accept, ${bank}, protocols: [{ tcp: {} }] }`) +
      knp('shop/closed', 'podSelector: {}'),
    expect: ['shop <- bank: tcp'],
  },
  {
    title: '§6.16 Admin Pass skips the rest of the tier: the NetworkPolicies decide',
    resources:
      admin('pass', 1, shop, `ingress:\n  - { action: Pass, ${bank} }`) +
      admin('deny', 2, shop, `ingress:\n  - { action: Deny, ${everybody} }`) +
      knp('shop/tcp', 'podSelector: { matchLabels: { app: web } }\ningress: [{ ports: [{ protocol: TCP }] }]'),
    expect: ['web <- bank outside: tcp', 'db client other <- bank outside'],
  },
  {
    title: '§6.16 what no Admin rule matches goes on: the tier has no end that drops',
    resources: admin('some', 0, shop, `ingress:\n  - { action: Deny, ${bank}, protocols: [{ udp: {} }] }`),
    expect: ['shop <- all -bank; bank: all -udp'],
  },
  {
    title: '§6.16 a direction without rules is none of the policy’s business',
    resources: admin('out', 5, web, 'egress:\n  - { action: Deny, to: [{ namespaces: {} }] }'),
    expect: ['web -> outside'],
  },
  {
    title: '§6.16 priority: the lower first',
    resources:
      admin('a-late', 200, web, `ingress:\n  - { action: Deny, ${everybody} }`) +
      admin('z-early', 100, web, `ingress:\n  - { action: Accept, ${bank} }`),
    expect: ['web <- bank outside'],
  },
  {
    title: '§6.16 rules of one policy in their order',
    resources: admin(
      'ordered',
      1,
      web,
      `ingress:
  - { action: Accept, ${everybody}, protocols: [{ tcp: { destinationPort: { number: 80 } } }] }
  - { action: Deny, ${everybody}, protocols: [{ tcp: {} }] }`,
    ),
    expect: ['web <- all: all -tcp 8080; outside'],
  },
  {
    title: '§6.16 subject namespaces {} is every pod, subject pods needs both selectors',
    resources:
      admin('all', 1, 'subject: { namespaces: {} }', `ingress:\n  - { action: Deny, ${everybody}, protocols: [{ udp: {} }] }`) +
      admin(
        'some',
        2,
        'subject: { pods: { namespaceSelector: { matchLabels: { env: prod } }, podSelector: { matchLabels: { app: db } } } }',
        `ingress:\n  - { action: Deny, ${everybody}, protocols: [{ tcp: {} }] }`,
      ),
    expect: ['pods -db -vault <- pods: all -udp; outside', 'db vault <- pods: all -udp -tcp; outside'],
  },
  {
    title: '§6.16 peer pods: namespace and pod selector must both hold; several peers are alternatives',
    resources: admin(
      'peers',
      1,
      web,
      `ingress:
  - action: Deny
    from:
      - pods: { namespaceSelector: { matchLabels: { env: prod } }, podSelector: { matchLabels: { role: client } } }
      - namespaces: { matchLabels: { team: ops } }`,
    ),
    expect: ['web <- all -client -partner -ops'],
  },
  {
    title: '§6.16 peer namespaces means pods: a machine outside is never meant',
    resources: admin('pods-only', 1, web, `ingress:\n  - { action: Deny, ${everybody} }`),
    expect: ['web <- outside'],
  },
  {
    title: '§6.16 protocols: a number, a range with both its ends, a whole protocol',
    resources: admin(
      'protocols',
      1,
      web,
      `ingress:
  - action: Deny
    ${everybody}
    protocols:
      - tcp: { destinationPort: { number: 80 } }
      - tcp: { destinationPort: { range: { start: 9000, end: 9010 } } }
      - udp: { destinationPort: { number: 53 } }
      - sctp: {}`,
    ),
    probes: 'tcp 8999 9000 9010 9011',
    expect: ['web <- outside; pods: all -tcp 80 9000-9010 -udp 53 -sctp'],
  },
  {
    title: '§6.16 destinationNamedPort: the number and protocol each pod gives the name',
    resources: admin('named', 1, shop, `ingress:\n  - { action: Deny, ${everybody}, protocols: [{ destinationNamedPort: http }] }`),
    expect: ['web <- outside; pods: all -tcp 8080', 'db <- outside; pods: all -tcp 80'],
  },
  {
    title: '§6.16 egress to networks, of both families',
    resources: admin(
      'networks',
      1,
      web,
      'egress:\n  - { action: Deny, to: [{ networks: [10.99.0.0/24, 10.244.1.12/31, "fd00:99::/64"] }] }',
    ),
    expect: ['web -> all -outside -client -other; client other: v6 all'],
  },
  {
    title: '§6.16 an egress peer that cannot be told by addresses fails closed: Accept opens nothing',
    resources:
      admin('names', 1, web, 'egress:\n  - { action: Accept, to: [{ domainNames: [example.com] }] }') +
      admin('rest', 2, web, 'egress:\n  - { action: Deny, to: [{ networks: [0.0.0.0/0] }] }'),
    expect: ['web -> all: v6 all'],
  },
  {
    title: '§6.16 Baseline decides where no NetworkPolicy selects the pod, and only there',
    resources:
      baseline('deny', 1, shop, `ingress:\n  - { action: Deny, ${everybody} }`) +
      knp('shop/web', 'podSelector: { matchLabels: { app: web } }\ningress: [{ ports: [{ protocol: TCP }] }]'),
    expect: ['web <- all: tcp', 'db client other <- outside'],
  },
  {
    title: '§6.16 Baseline Accept before Baseline Deny, by priority; what neither matches is open',
    resources:
      baseline('late', 9, web, `ingress:\n  - { action: Deny, ${everybody}, protocols: [{ tcp: {} }, { udp: {} }] }`) +
      baseline('early', 8, web, `ingress:\n  - { action: Accept, ${bank} }`),
    expect: ['web <- bank outside; pods: sctp, icmp'],
  },
  {
    title: '§6.16 Baseline Pass leaves the rest of Baseline out',
    resources:
      baseline('pass', 1, web, `ingress:\n  - { action: Pass, ${bank} }`) +
      baseline('deny', 2, web, `ingress:\n  - { action: Deny, ${everybody} }`),
    expect: ['web <- bank outside'],
  },
  {
    title: '§6.16 Admin before NetworkPolicy before Baseline, for one pod',
    resources:
      admin('a', 1, web, `ingress:\n  - { action: Deny, ${everybody}, protocols: [{ udp: {} }] }\n  - { action: Pass, ${bank} }`) +
      knp('shop/n', 'podSelector: { matchLabels: { app: web } }\ningress: [{ ports: [{ port: 80 }, { port: 53, protocol: UDP }] }]') +
      baseline('b', 1, web, `ingress:\n  - { action: Accept, ${everybody} }`),
    expect: ['web <- pods: tcp 80; outside: tcp 80, udp 53'],
  },
  {
    title: '§6.16 Accept of the sender’s egress does not open the taker’s ingress',
    resources:
      admin(
        'out',
        1,
        'subject: { namespaces: { matchLabels: { team: b } } }',
        'egress:\n  - { action: Accept, to: [{ namespaces: {} }] }',
      ) + knp('shop/closed', 'podSelector: {}'),
    expect: ['shop <- nothing'],
  },
  {
    title: '§6.16 only pods of Kubernetes are subjects and peers',
    resources:
      pod('web', { orchestrator: 'cni' }) + admin('deny', 1, 'subject: { namespaces: {} }', `ingress:\n  - { action: Deny, ${everybody} }`),
    expect: ['pods -web <- web outside'],
  },
  {
    title: '§6.16 a priority changes while it is used',
    resources:
      admin('deny', 10, web, `ingress:\n  - { action: Deny, ${bank} }`) +
      admin('accept', 20, web, `ingress:\n  - { action: Accept, ${bank}, protocols: [{ tcp: {} }] }`),
    expect: ['web <- all -bank'],
    later: [
      {
        apply: admin('accept', 5, web, `ingress:\n  - { action: Accept, ${bank}, protocols: [{ tcp: {} }] }`),
        expect: ['web <- all -bank; bank: tcp'],
      },
    ],
  },
]
