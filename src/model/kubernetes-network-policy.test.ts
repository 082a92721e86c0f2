import fc from 'fast-check'
import t from 'tap'
import { checkResource } from './kinds.ts'
import { context, kubernetesPolicy, problemsOf, stored } from './sample-resources.ts'

const accepted: [title: string, spec: object, expected: object][] = [
  ['§6.15 policyTypes default to Ingress', { podSelector: {} }, { podSelector: {}, policyTypes: ['Ingress'] }],
  ['… also with an empty egress', { podSelector: {}, egress: [] }, { podSelector: {}, policyTypes: ['Ingress'], egress: [] }],
  [
    '… and to both with egress rules',
    { podSelector: {}, egress: [{}] },
    { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{}] },
  ],
  ['given policyTypes stay', { podSelector: {}, policyTypes: ['Egress'] }, { podSelector: {}, policyTypes: ['Egress'] }],
  [
    'the protocol of a port defaults to TCP, numbers and names of ports stay',
    { podSelector: {}, ingress: [{ ports: [{ port: 80, endPort: 90 }, { port: 'http', protocol: 'udp' }, {}] }] },
    {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ protocol: 'TCP', port: 80, endPort: 90 }, { protocol: 'UDP', port: 'http' }, { protocol: 'TCP' }] }],
    },
  ],
  [
    'blocks are masked, selectors stay',
    {
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'web' },
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['b'] },
          { key: 'c', operator: 'Exists' },
        ],
      },
      ingress: [{ from: [{ ipBlock: { cidr: '10.1.2.3/8', except: ['10.1.2.3/16'] } }, { podSelector: {}, namespaceSelector: {} }] }],
    },
    {
      podSelector: {
        matchLabels: { 'app.kubernetes.io/name': 'web' },
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['b'] },
          { key: 'c', operator: 'Exists' },
        ],
      },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }, { podSelector: {}, namespaceSelector: {} }] }],
    },
  ],
]
for (const [title, spec, expected] of accepted) {
  t.test(`taken: ${title}`, async (t) => {
    const first = stored(kubernetesPolicy(spec))
    t.strictSame(first, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'sample', namespace: 'default' },
      spec: expected,
    })
    t.strictSame(stored(first), first)
  })
}

const inFrom = (peer: unknown) => ({ podSelector: {}, ingress: [{ from: [peer] }] })
const inPorts = (port: unknown) => ({ podSelector: {}, egress: [{ ports: [port] }] })
const refused: [title: string, spec: object, path: string, reason: string | RegExp][] = [
  ['no podSelector', {}, 'spec.podSelector', 'is required'],
  [
    '§6.17.3 no 50: except outside cidr',
    inFrom({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
    'spec.ingress[0].from[0].ipBlock.except[0]',
    'must lie strictly inside 10.0.0.0/8',
  ],
  [
    'except equal to cidr',
    inFrom({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] } }),
    'spec.ingress[0].from[0].ipBlock.except[0]',
    'must lie strictly inside 10.0.0.0/8',
  ],
  [
    'except of the other family',
    inFrom({ ipBlock: { cidr: '0.0.0.0/0', except: ['fd00::/8'] } }),
    'spec.ingress[0].from[0].ipBlock.except[0]',
    'must lie strictly inside 0.0.0.0/0',
  ],
  [
    'a bad CIDR never becomes "any peer"',
    inFrom({ ipBlock: { cidr: '10.0.0.0/33' } }),
    'spec.ingress[0].from[0].ipBlock.cidr',
    'must be a CIDR or an address',
  ],
  ['a block without cidr', inFrom({ ipBlock: {} }), 'spec.ingress[0].from[0].ipBlock.cidr', 'is required'],
  [
    '§6.17.3 no 50: endPort below port',
    inPorts({ port: 80, endPort: 79 }),
    'spec.egress[0].ports[0].endPort',
    'must be at least the port, 80',
  ],
  [
    '§6.17.3 no 50: endPort with a named port',
    inPorts({ port: 'http', endPort: 80 }),
    'spec.egress[0].ports[0].endPort',
    'needs a numeric port',
  ],
  ['endPort alone', inPorts({ endPort: 80 }), 'spec.egress[0].ports[0].endPort', 'needs a numeric port'],
  [
    '§6.17.3 no 50: ipBlock beside a selector',
    inFrom({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
    'spec.ingress[0].from[0].ipBlock',
    'excludes podSelector and namespaceSelector',
  ],
  ['§6.17.3 no 50: an empty peer', inFrom({}), 'spec.ingress[0].from[0]', 'must have podSelector, namespaceSelector or ipBlock'],
  [
    'an empty value is not "all sources"',
    { podSelector: {}, ingress: [{ from: null }] },
    'spec.ingress[0].from',
    'has no value (null): give it one or leave the field out',
  ],
  ['a port name with only digits', inPorts({ port: '80' }), 'spec.egress[0].ports[0].port', /^must be a port 1 to 65535, or the name/],
  ['port 0', inPorts({ port: 0 }), 'spec.egress[0].ports[0].port', /^must be a port 1 to 65535/],
  ['ICMP', inPorts({ protocol: 'ICMP' }), 'spec.egress[0].ports[0].protocol', 'must be TCP, UDP or SCTP'],
  ['"to" in an ingress rule', { podSelector: {}, ingress: [{ to: [] }] }, 'spec.ingress[0].to', 'unknown field'],
  [
    'an operator in lower case',
    { podSelector: { matchExpressions: [{ key: 'a', operator: 'in', values: ['b'] }] } },
    'spec.podSelector.matchExpressions[0].operator',
    'must be In or NotIn or Exists or DoesNotExist',
  ],
  [
    'In without values',
    { podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: [] }] } },
    'spec.podSelector.matchExpressions[0].values',
    'operator In needs at least one value',
  ],
  [
    'Exists with values',
    { podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } },
    'spec.podSelector.matchExpressions[0].values',
    'operator Exists takes no values',
  ],
  [
    'a label no pod can have',
    { podSelector: { matchLabels: { 'a b': 'c' } } },
    'spec.podSelector.matchLabels["a b"]',
    'the key must be a qualified name: [DNS-subdomain/]name',
  ],
]
for (const [title, spec, path, reason] of refused)
  t.test(`refused: ${title}`, async (t) => t.match(problemsOf(kubernetesPolicy(spec)), [[path, reason]]))

t.test('noise in any place never throws', async () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (a, b) => {
      for (const spec of [a, { podSelector: a, ingress: b }, inFrom(a), inPorts(b), inFrom({ ipBlock: a })])
        checkResource(kubernetesPolicy(spec), context)
    }),
  )
})
