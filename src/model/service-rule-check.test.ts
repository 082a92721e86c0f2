import t from 'tap'
import { calico, problemsOf, stored } from './sample-resources.ts'

const kinds = ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy', 'Profile'] as const
const db = { name: 'db', namespace: 'shop' }
const who = 'cannot stand beside services, which says who is meant'
const ports = 'cannot stand beside services, which says the ports'
const missing = 'is required in what is in no namespace itself'

for (const kind of kinds)
  t.test(`${kind}: services are of the other end: the source of ingress, the destination of egress`, async (t) => {
    const rules = {
      ingress: [{ action: 'Allow', protocol: 'TCP', source: { services: db, ports: ['1024:65535'] }, destination: { ports: [80] } }],
      egress: [{ action: 'Deny', source: { selector: 'all()' }, destination: { services: db } }],
    }
    t.match(stored(calico(kind, rules)).spec, rules)
    const reason = (direction: string, here: string) =>
      `has no meaning in an ${direction} rule: the service of the other end is ${here}.services`
    t.strictSame(
      problemsOf(
        calico(kind, {
          ingress: [{ action: 'Allow', destination: { services: db } }],
          egress: [{ action: 'Allow', source: { services: db } }],
        }),
      ),
      [
        ['spec.ingress[0].destination.services', reason('ingress', 'source')],
        ['spec.egress[0].source.services', reason('egress', 'destination')],
      ],
    )
  })

for (const kind of kinds) {
  const namespaced = kind === 'NetworkPolicy' || kind === 'StagedNetworkPolicy'
  t.test(`§6.1 rule 10: the namespace of a service in a ${kind} ${namespaced ? 'may be its own, unsaid' : 'is said'}`, async (t) => {
    const ofNobody = { ingress: [{ action: 'Allow', source: { services: { name: 'db' } } }] }
    t.strictSame(problemsOf(calico(kind, ofNobody)), namespaced ? [] : [['spec.ingress[0].source.services.namespace', missing]])
  })
}

const besides: [title: string, entity: object, problems: readonly (readonly [path: string, reason: string])[]][] = [
  [
    'selectors',
    { selector: 'all()', notSelector: 'has(a)', namespaceSelector: 'all()' },
    [
      ['selector', who],
      ['notSelector', who],
      ['namespaceSelector', who],
    ],
  ],
  ['service accounts', { serviceAccounts: { names: ['a'] } }, [['serviceAccounts', who]]],
  [
    'nets',
    { nets: ['10.0.0.0/8'], notNets: ['10.0.0.0/16'] },
    [
      ['nets', who],
      ['notNets', who],
    ],
  ],
  [
    '§6.1 rule 7: ports of a destination',
    { ports: ['http'], notPorts: ['dns'] },
    [
      ['ports', ports],
      ['notPorts', ports],
    ],
  ],
  ['what is empty', { selector: '', nets: [], ports: [] }, []],
]
for (const [title, entity, problems] of besides)
  t.test(`beside services: ${title}`, async (t) =>
    t.strictSame(
      problemsOf(calico('NetworkPolicy', { egress: [{ action: 'Allow', destination: { services: db, ...entity } }] })),
      problems.map(([path, reason]) => [`spec.egress[0].destination.${path}`, reason]),
    ),
  )

const unnamed: [title: string, services: unknown, problems: readonly (readonly [path: string, reason: string])[]][] = [
  ['no name', { namespace: 'shop' }, [['name', 'is required']]],
  [
    'a name that is none',
    { name: 'DB' },
    [['name', 'must be a DNS-1123 subdomain: at most 253 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit']],
  ],
  ['a port', { name: 'db', port: 80 }, [['port', 'unknown field']]],
]
for (const [title, services, problems] of unnamed)
  t.test(`services with ${title}`, async (t) =>
    t.strictSame(
      problemsOf(calico('NetworkPolicy', { ingress: [{ action: 'Allow', source: { services } }] })),
      problems.map(([path, reason]) => [`spec.ingress[0].source.services.${path}`, reason]),
    ),
  )
