/** Policy semantics with real packets: pods of one node and a machine outside (resource reference §6.1 to §6.6, §6.15). */
import t, { type Test } from 'tap'
import type { Pod } from './lab/pod.ts'
import type { Probe } from './lab/pod-messages.ts'
import { type PodOptions, SingleNode } from './lab/single-node.ts'

const lab = await SingleNode.create()
t.teardown(() => lab.remove())
await lab.node.start()

const webPorts = [
  { name: 'http', protocol: 'TCP', port: 8080 },
  { name: 'dns', protocol: 'UDP', port: 8080 },
]
const podOptions = {
  web: { name: 'web', host: 10, namespace: 'shop', labels: { app: 'web' }, spec: { ports: webPorts, serviceAccountName: 'server' } },
  client: { name: 'client', host: 11, namespace: 'shop', labels: { role: 'client' }, spec: { serviceAccountName: 'buyer' } },
  other: { name: 'other', host: 12, namespace: 'shop', labels: { role: 'other' }, spec: { serviceAccountName: 'thief' } },
  partner: { name: 'partner', host: 13, namespace: 'bank', labels: { role: 'client' }, spec: { serviceAccountName: 'buyer' } },
} as const satisfies Record<string, PodOptions>
const namespaces = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { team: a } }
---
apiVersion: v1
kind: Namespace
metadata: { name: bank, labels: { team: b } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: buyer, namespace: shop, labels: { trusted: "yes" } }
`
await lab.node.apply(namespaces)
const [web, client, other, partner] = await lab.addPods(podOptions.web, podOptions.client, podOptions.other, podOptions.partner)
const { outside } = lab
for (const port of [9000, 9001, 9010]) await web.listen('tcp', port)
await web.listen('udp', 9000)

const tcp = (to: Pod, port = 8080): Probe => ({ protocol: 'tcp', to: to.address, port })
const udp = (to: Pod, port = 8080): Probe => ({ protocol: 'udp', to: to.address, port })
const icmp = (to: Pod): Probe => ({ protocol: 'icmp', to: to.address })

type Row = readonly [title: string, from: Pod, probe: Probe, through: boolean]

async function verdicts(t: Test, rows: readonly Row[]): Promise<void> {
  const seen = await Promise.all(rows.map(async ([title, from, probe, through]) => [title, await from.isThrough(probe, through)]))
  t.strictSame(
    seen,
    rows.map(([title, , , through]) => [title, through]),
  )
}

const k8s = (name: string, spec: string, namespace = 'shop') => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`
const np = (name: string, spec: string, namespace = 'shop') => `
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}
`
const gnp = (name: string, spec: string) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: ${name} }
spec: ${spec}
`

const cases: readonly (readonly [title: string, documents: readonly string[], rows: readonly Row[]])[] = [
  [
    'no policy: open both ways',
    [],
    [
      ['tcp', client, tcp(web), true],
      ['from outside', outside, udp(web), true],
      ['to outside', web, icmp(outside), true],
    ],
  ],
  [
    '§6.15 default deny ingress, and nothing else: the isolated pod may still send',
    [k8s('deny', '{ podSelector: {} }')],
    [
      ['tcp', client, tcp(web), false],
      ['udp', partner, udp(web), false],
      ['icmp', outside, icmp(web), false],
      ['out of the namespace', web, tcp(partner), true],
      ['to outside', client, icmp(outside), true],
    ],
  ],
  [
    '§6.15 default deny egress: nothing out, everything in',
    [k8s('deny', '{ podSelector: { matchLabels: { app: web } }, policyTypes: [Egress] }')],
    [
      ['in', client, tcp(web), true],
      ['out, tcp', web, tcp(client), false],
      ['out, icmp to outside', web, icmp(outside), false],
    ],
  ],
  [
    '§6.15 podSelector means the policy namespace only',
    [k8s('p', '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { role: client } } }] }] }')],
    [
      ['client', client, tcp(web), true],
      ['without ports also icmp (rule 9)', client, icmp(web), true],
      ['other', other, tcp(web), false],
      ['same labels, other namespace', partner, tcp(web), false],
      ['outside', outside, tcp(web), false],
    ],
  ],
  [
    '§6.15 namespaceSelector by Namespace labels',
    [
      k8s(
        'p',
        '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: b } } }], ports: [{ port: 8080 }] }] }',
      ),
    ],
    [
      ['partner', partner, tcp(web), true],
      ['other port', partner, tcp(web, 9000), false],
      ['udp is not tcp', partner, udp(web), false],
      ['own namespace', client, tcp(web), false],
    ],
  ],
  [
    '§6.15 namespaceSelector and podSelector in one peer: both; two peers: either; matchExpressions',
    [
      k8s(
        'p',
        `{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [
          { namespaceSelector: { matchExpressions: [{ key: team, operator: NotIn, values: [b] }, { key: kubernetes.io/metadata.name, operator: Exists }] }, podSelector: { matchLabels: { role: other } } },
          { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: bank } } } ] }] }`,
      ),
    ],
    [
      ['other', other, tcp(web), true],
      ['partner', partner, tcp(web), true],
      ['client', client, tcp(web), false],
    ],
  ],
  [
    '§6.15 ipBlock with except',
    [
      k8s(
        'p',
        '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.244.1.12/32, 10.244.1.13/32] } }] }] }',
      ),
    ],
    [
      ['inside', client, tcp(web), true],
      ['excepted', other, tcp(web), false],
      ['excepted too', partner, icmp(web), false],
      ['outside the pods, inside the block', outside, tcp(web), true],
    ],
  ],
  [
    '§6.15 endPort and named ports, also of egress',
    [
      k8s('in', '{ podSelector: { matchLabels: { app: web } }, ingress: [{ ports: [{ port: 9000, endPort: 9005 }, { port: http }] }] }'),
      k8s(
        'out',
        '{ podSelector: { matchLabels: { role: other } }, policyTypes: [Egress], egress: [{ ports: [{ port: http }, { protocol: UDP, port: dns }] }] }',
      ),
    ],
    [
      ['first of the range', client, tcp(web, 9000), true],
      ['inside the range', client, tcp(web, 9001), true],
      ['behind the range', client, tcp(web, 9010), false],
      ['named', client, tcp(web), true],
      ['another protocol', client, udp(web), false],
      ['egress named', other, tcp(web), true],
      ['egress of a pod without such a name', other, tcp(client), false],
      ['egress of another port, though ingress allows it', other, tcp(web, 9000), false],
      ['egress allows, ingress does not', other, udp(web), false],
    ],
  ],
  [
    '§6.15 both ends must allow; policies add up',
    [
      k8s(
        'in-client',
        '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { role: client } } }] }] }',
      ),
      k8s(
        'in-other',
        '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { role: other } } }], ports: [{ port: 9000 }] }] }',
      ),
      k8s('out', '{ podSelector: { matchLabels: { role: client } }, policyTypes: [Egress], egress: [{ ports: [{ port: 8080 }] }] }'),
    ],
    [
      ['client 8080: both', client, tcp(web), true],
      ['client 9000: its egress forbids', client, tcp(web, 9000), false],
      ['other 9000: both', other, tcp(web, 9000), true],
      ['other 8080: ingress forbids', other, tcp(web), false],
    ],
  ],
  [
    '§6.2.1 lower order first, Deny before Allow and the other way round; ties by name',
    [
      gnp('late', "{ order: 20, selector: app == 'web', ingress: [{ action: Allow }] }"),
      gnp('early', "{ order: 10.5, selector: app == 'web', ingress: [{ action: Deny, protocol: TCP, destination: { ports: [8080] } }] }"),
      np(
        'first',
        "{ order: 1, selector: app == 'web', ingress: [{ action: Allow, protocol: TCP, source: { selector: role == 'client' } }] }",
      ),
      gnp('tie-b', "{ order: 5, selector: app == 'web', ingress: [{ action: Allow, protocol: UDP }] }"),
      gnp('tie-a', "{ order: 5, selector: app == 'web', ingress: [{ action: Deny, protocol: UDP, destination: { ports: [9000] } }] }"),
    ],
    [
      ['order 1 allows before order 10.5 denies', client, tcp(web), true],
      ['order 10.5 denies before order 20 allows', other, tcp(web), false],
      ['order 1 is about the namespace only', partner, tcp(web), false],
      ['what order 10.5 leaves', other, tcp(web, 9000), true],
      ['tie-a before tie-b', client, udp(web, 9000), false],
      ['tie-b', client, udp(web), true],
    ],
  ],
  [
    '§6.1 nets with notNets, not ranges alone',
    [
      gnp(
        'nets',
        "{ selector: app == 'web', ingress: [{ action: Allow, source: { nets: [10.244.1.0/28, 10.99.0.0/24], notNets: [10.244.1.12] } }] }",
      ),
      gnp('out', "{ selector: role == 'client', egress: [{ action: Allow, destination: { notNets: [10.99.0.0/24] } }] }"),
    ],
    [
      ['in a net', client, tcp(web), true],
      ['in a net and in notNets', other, tcp(web), false],
      ['in the other net', outside, icmp(web), true],
      ['egress, not in notNets', client, tcp(partner), true],
      ['egress, in notNets', client, tcp(outside), false],
    ],
  ],
  [
    '§6.1 more than 15 ports, ranges, notPorts',
    [
      np(
        'many',
        `{ selector: app == 'web', ingress: [
          { action: Allow, protocol: TCP, source: { selector: role == 'client' }, destination: { ports: [1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,"8070:8090"] } },
          { action: Allow, protocol: TCP, source: { selector: role == 'other' }, destination: { notPorts: [1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,"9000:9005"] } } ] }`,
      ),
    ],
    [
      ['in the last range', client, tcp(web), true],
      ['in none', client, tcp(web, 9000), false],
      ['not excluded', other, tcp(web), true],
      ['excluded', other, tcp(web, 9001), false],
      ['not excluded, behind the range', other, tcp(web, 9010), true],
    ],
  ],
  [
    '§6.1 protocol numbers and notProtocol',
    [
      gnp(
        'in',
        "{ selector: app == 'web', ingress: [{ action: Allow, protocol: 17, destination: { ports: [8080] } }, { action: Allow, protocol: 1 }] }",
      ),
      gnp('out', "{ selector: role == 'other', egress: [{ action: Allow, notProtocol: TCP }] }"),
    ],
    [
      ['17 is UDP', client, udp(web), true],
      ['of that port', client, udp(web, 9000), false],
      ['1 is ICMP', client, icmp(web), true],
      ['6 was not named', client, tcp(web), false],
      ['not TCP: UDP', other, udp(partner), true],
      ['not TCP: ICMP', other, icmp(partner), true],
      ['not TCP: TCP', other, tcp(partner), false],
    ],
  ],
  [
    '§6.1 ICMP by type, and its negation',
    [
      gnp('in', "{ selector: app == 'web', ingress: [{ action: Allow, protocol: ICMP, icmp: { type: 8, code: 0 } }] }"),
      gnp('in-not', "{ selector: role == 'other', ingress: [{ action: Allow, protocol: ICMP, notICMP: { type: 8 } }] }"),
      gnp('in-wrong', "{ selector: role == 'client', ingress: [{ action: Allow, protocol: ICMP, icmp: { type: 13 } }] }"),
    ],
    [
      ['echo request', client, icmp(web), true],
      ['no tcp with it', client, tcp(web), false],
      ['anything but echo request', web, icmp(other), false],
      ['another type', web, icmp(client), false],
    ],
  ],
  [
    '§6.1.1 selector, notSelector (also of unknown addresses), namespaceSelector all() and global()',
    [
      np(
        'in',
        `{ selector: app == 'web', ingress: [
          { action: Allow, protocol: TCP, destination: { ports: [8080] }, source: { notSelector: role == 'client' } },
          { action: Allow, protocol: TCP, destination: { ports: [9000] }, source: { namespaceSelector: all(), selector: role == 'client' } },
          { action: Allow, protocol: TCP, destination: { ports: [9001] }, source: { namespaceSelector: global(), selector: has(zone) } } ] }`,
      ),
      gnp('in-g', "{ selector: role == 'other', ingress: [{ action: Allow, source: { notSelector: role == 'client' } }] }"),
      `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: { name: world, labels: { zone: out } }
spec: { nets: [10.99.0.9/32, 10.244.1.13] }
---
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: { name: shop-only, namespace: shop, labels: { zone: in } }
spec: { nets: [10.244.1.12] }
`,
    ],
    [
      ['notSelector in a namespace: the namespace itself', other, tcp(web), true],
      ['notSelector in a namespace: excluded', client, tcp(web), false],
      ['notSelector in a namespace: not of it', outside, tcp(web), false],
      ['all(): own namespace', client, tcp(web, 9000), true],
      ['all(): another namespace', partner, tcp(web, 9000), true],
      ['all(): no endpoint', outside, tcp(web, 9000), false],
      ['global(): a global network set', outside, tcp(web, 9001), true],
      ['global(): its other member', partner, tcp(web, 9001), true],
      ['global(): not the set of a namespace', other, tcp(web, 9001), false],
      ['notSelector, global: unknown address', outside, icmp(other), true],
      ['notSelector, global: excluded', client, icmp(other), false],
    ],
  ],
  [
    '§6.4 NetworkSets beside endpoints, with host bits and /0',
    [
      np('in', "{ selector: app == 'web', ingress: [{ action: Allow, source: { selector: zone == 'in' || role == 'other' } }] }"),
      gnp('out', "{ selector: role == 'other', egress: [{ action: Allow, destination: { selector: zone == 'any' } }] }"),
      gnp(
        'out-none',
        "{ selector: role == 'client' && projectcalico.org/namespace == 'bank', egress: [{ action: Deny, destination: { selector: zone == 'any' } }] }",
      ),
      `
apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata: { name: some, namespace: shop, labels: { zone: in } }
spec: { nets: [10.99.0.77/24, "fd00::1/64"] }
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: { name: any, labels: { zone: any } }
spec: { nets: [0.0.0.0/0] }
`,
    ],
    [
      ['by the set', outside, tcp(web), true],
      ['by its label', other, tcp(web), true],
      ['by neither', client, tcp(web), false],
      ['/0 allows all', other, tcp(outside), true],
      ['/0 denies all', partner, tcp(outside), false],
    ],
  ],
  [
    '§6.1.2 service accounts, by name and by label; as subject',
    [
      np('in', "{ selector: app == 'web', ingress: [{ action: Allow, source: { serviceAccounts: { names: [thief] } } }] }"),
      np('in2', `{ selector: app == 'web', ingress: [{ action: Allow, source: { serviceAccounts: { selector: 'trusted == "yes"' } } }] }`),
      np(
        'subject',
        `{ serviceAccountSelector: 'projectcalico.org/name == "thief"', types: [Egress], egress: [{ action: Allow, protocol: TCP }] }`,
      ),
    ],
    [
      ['by name', other, tcp(web), true],
      ['by label', client, tcp(web), true],
      ['the same account name elsewhere', partner, tcp(web), false],
      ['subject may tcp', other, tcp(client), true],
      ['subject may not udp', other, udp(client), false],
      ['not the subject', client, udp(other), true],
    ],
  ],
  [
    '§6.12 tiers: Pass goes on, the end of a tier drops, defaultAction Pass does not; Log decides nothing',
    [
      `
apiVersion: projectcalico.org/v3
kind: Tier
metadata: { name: security }
spec: { order: 10 }
---
apiVersion: projectcalico.org/v3
kind: Tier
metadata: { name: soft }
spec: { order: 5, defaultAction: Pass }
`,
      gnp(
        'soft',
        "{ tier: soft, selector: app == 'web', ingress: [{ action: Log, protocol: TCP }, { action: Deny, protocol: UDP, destination: { ports: [9000] } }] }",
      ),
      gnp(
        'security',
        "{ tier: security, selector: app == 'web', ingress: [{ action: Pass, source: { selector: role == 'client' } }, { action: Allow, protocol: ICMP }] }",
      ),
      np(
        'app',
        "{ selector: app == 'web', ingress: [{ action: Allow, protocol: TCP, destination: { ports: [8080] } }, { action: Allow, protocol: UDP }] }",
      ),
    ],
    [
      ['passed, then allowed', client, tcp(web), true],
      ['passed, then end of the last tier', client, tcp(web, 9000), false],
      ['passed, then not allowed', client, icmp(web), false],
      ['allowed in the first tier', other, icmp(web), true],
      ['not passed: end of tier', other, tcp(web), false],
      ['denied before', client, udp(web, 9000), false],
      ['not denied before', client, udp(web), true],
    ],
  ],
]

for (const [title, documents, rows] of cases) {
  t.test(title, async (t) => {
    const yaml = documents.join('\n---\n')
    if (documents.length > 0) await lab.node.apply(yaml)
    await verdicts(t, rows)
    if (documents.length > 0) await lab.node.delete(yaml)
  })
}

t.test('every policy deleted: open again, and no set or chain of a policy is left', async (t) => {
  await verdicts(t, [['tcp', other, tcp(web), true]])
  t.strictSame(
    (await lab.rules()).filter((rule) => /tort-p[io]-|match-set/.test(rule)),
    [],
  )
})
