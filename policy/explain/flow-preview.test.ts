import t from 'tap'
import type { Resource } from '../../src/model/resource.ts'
import type { IpAddress } from '../../src/net/address.ts'
import { PolicyGraph } from '../graph.ts'
import { endpoint, globalPolicy, hostEndpoint, namespace, networkPolicy, networkSet, profile, tier } from '../test-resources.ts'
import { endpointSlice } from '../test-slices.ts'
import type { PolicyChange } from './changed-view.ts'
import type { Flow } from './flow.ts'
import type { FlowChange } from './flow-changes.ts'
import { type PreviewLimits, type PreviewState, previewLimits } from './flow-preview.ts'

const web = (number: number) =>
  endpoint(`web-${number}`, { interfaceName: `tortw${number}`, ipNetworks: [`10.0.0.${number}/32`, `fd00::${number}/128`] }, { app: 'web' })
const db = endpoint(
  'db-0',
  { node: 'n2', ipNetworks: ['10.0.1.1/32'], ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }] },
  { app: 'db' },
)
const shop = [web(1), web(2), db]

const put = (resource: Resource): PolicyChange => ({ type: 'put', resource })
const deleted = (kind: string, name: string, inNamespace = 'shop'): PolicyChange => ({
  type: 'delete',
  ref: { group: 'projectcalico.org', kind, namespace: inNamespace, name },
})

type Options = { readonly recent?: readonly Flow[]; readonly limits?: Partial<PreviewLimits>; readonly steps?: number }

function preview(resources: readonly Resource[], changes: readonly PolicyChange[], options: Options = {}): PreviewState {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  for (const resource of resources) graph.put(resource)
  const { recent = [], limits = {}, steps = Number.POSITIVE_INFINITY } = options
  const work = graph.preview(changes, { nodeAddresses: [], recent, limits: { ...previewLimits, ...limits } })
  for (let step = 1; step <= steps && work.step(); step++);
  return work.state
}

function lines(changes: readonly FlowChange[]): readonly string[] {
  return changes.map(
    ({ from, to, traffic, before, after, by, flows }) =>
      `${from.join(',')} -> ${to.join(',')} ${traffic.join(',')}: ${before} -> ${after} by ${by} (${flows})`,
  )
}

const toDb = { selector: "app == 'db'", types: ['Ingress' as const] }
const sql = networkPolicy('db', {
  ...toDb,
  ingress: [{ action: 'Allow', protocol: 'TCP', source: { selector: "app == 'web'" }, destination: { ports: ['sql'] } }],
})
const end = 'Tier default ingress'

const blocked = (...nets: readonly string[]) => networkSet('blocked', nets, { bad: 'true' })
const blocking = globalPolicy('block', {
  selector: 'all()',
  ingress: [{ action: 'Deny', source: { selector: "bad == 'true'" } }, { action: 'Allow' }],
})
const byBlock = 'by GlobalNetworkPolicy block ingress rule 0 (6)'
const allowed = `Deny -> Allow by GlobalNetworkPolicy block ingress rule 1 (6)`
const deletedSet: PolicyChange = {
  type: 'delete',
  ref: { group: 'projectcalico.org', kind: 'GlobalNetworkSet', namespace: '', name: 'blocked' },
}

type Case = [title: string, resources: readonly Resource[], changes: readonly PolicyChange[], expected: readonly string[]]

const blocklistCases: Case[] = [
  [
    'a blocklist that comes with the policy that denies it',
    [web(1), web(2)],
    [put(blocked('192.0.2.0/24')), put(blocking)],
    [`GlobalNetworkSet blocked -> shop/web-1,shop/web-2 any traffic: Allow -> Deny ${byBlock}`],
  ],
  [
    'a set that comes to a policy that waits for it',
    [web(1), web(2), blocking],
    [put(blocked('192.0.2.0/24'))],
    [`GlobalNetworkSet blocked -> shop/web-1,shop/web-2 any traffic: Allow -> Deny ${byBlock}`],
  ],
  [
    'a set that goes',
    [web(1), web(2), blocking, blocked('192.0.2.0/24')],
    [deletedSet],
    [`GlobalNetworkSet blocked -> shop/web-1,shop/web-2 any traffic: ${allowed}`],
  ],
  [
    'nets that come to a set, and nets that leave it',
    [web(1), web(2), blocking, blocked('192.0.2.0/24', '198.51.100.0/24')],
    [put(blocked('192.0.2.0/24', '203.0.113.0/24'))],
    [
      `GlobalNetworkSet blocked, nets that come -> shop/web-1,shop/web-2 any traffic: Allow -> Deny ${byBlock}`,
      `GlobalNetworkSet blocked, nets that go -> shop/web-1,shop/web-2 any traffic: ${allowed}`,
    ],
  ],
]

const sqlSlice = (...addresses: string[]) =>
  endpointSlice('sql-a', 'sql', { endpoints: addresses.map((address) => ({ addresses: [address] })), ports: [{ port: 5432 }] })
const toSql = networkPolicy('to-sql', {
  selector: "app == 'web'",
  types: ['Egress'],
  egress: [{ action: 'Allow', destination: { services: { name: 'sql' } } }],
})
const byService = 'by NetworkPolicy shop/to-sql egress rule 0 (2)'
const ofService = 'by Tier default egress'
const noSlice: PolicyChange = {
  type: 'delete',
  ref: { group: 'discovery.k8s.io', kind: 'EndpointSlice', namespace: 'shop', name: 'sql-a' },
}

const serviceCases: Case[] = [
  [
    'a slice that comes opens its ports to who waits for it',
    [...shop, toSql],
    [put(sqlSlice('10.0.1.1'))],
    [`shop/web-1,shop/web-2 -> shop/db-0 tcp/5432: Deny -> Allow ${byService}`],
  ],
  [
    'a slice that changes: who leaves it, and who is in it now, known or not',
    [...shop, toSql, sqlSlice('10.0.1.1')],
    [put(sqlSlice('192.0.2.7'))],
    [
      `shop/web-1,shop/web-2 -> 192.0.2.7 tcp/5432: Deny -> Allow ${byService}`,
      `shop/web-1,shop/web-2 -> shop/db-0 tcp/5432: Allow -> Deny ${ofService} (2)`,
    ],
  ],
  [
    'a slice that goes',
    [...shop, toSql, sqlSlice('10.0.1.1')],
    [noSlice],
    [`shop/web-1,shop/web-2 -> shop/db-0 tcp/5432: Allow -> Deny ${ofService} (2)`],
  ],
  [
    'a policy that names a service leaves its ports open',
    [...shop, sqlSlice('10.0.1.1', '192.0.2.7')],
    [put(toSql)],
    [
      `shop/web-1 -> shop/web-2 any traffic: Allow -> Deny ${ofService} (4)`,
      `shop/web-1,shop/web-2 -> 192.0.2.7,shop/db-0 any other tcp port,any udp port,ping: Allow -> Deny ${ofService} (12)`,
      `shop/web-2 -> shop/web-1 any traffic: Allow -> Deny ${ofService} (4)`,
    ],
  ],
  ['a slice of a service that no rule names', shop, [put(sqlSlice('10.0.1.1'))], []],
]

const table: Case[] = [
  ...serviceCases,
  [
    'a new policy isolates: all but what it allows is denied',
    shop,
    [put(sql)],
    [`shop/web-1,shop/web-2 -> shop/db-0 any other tcp port,any udp port,ping: Allow -> Deny by ${end} (6)`],
  ],
  [
    'a policy that goes opens again',
    [...shop, sql],
    [deleted('NetworkPolicy', 'db')],
    ['shop/web-1,shop/web-2 -> shop/db-0 any other tcp port,any udp port,ping: Deny -> Allow by Profile kns.shop ingress rule 0 (6)'],
  ],
  [
    'a rule that changes says which: ports are cut where rules tell them apart',
    [...shop, sql],
    [
      put(
        networkPolicy('db', {
          ...toDb,
          ingress: [
            { action: 'Deny', protocol: 'TCP', destination: { ports: ['5400:5500'] } },
            { action: 'Allow', protocol: 'TCP' },
          ],
        }),
      ),
    ],
    [
      'shop/web-1,shop/web-2 -> shop/db-0 any other tcp port: Deny -> Allow by NetworkPolicy shop/db ingress rule 1 (2)',
      'shop/web-1,shop/web-2 -> shop/db-0 tcp/5432: Allow -> Deny by NetworkPolicy shop/db ingress rule 0 (2)',
    ],
  ],
  [
    'an endpoint whose labels change loses what they allowed',
    [...shop, sql],
    [put({ ...web(1), metadata: { ...web(1).metadata, labels: {} } })],
    [`shop/web-1 -> shop/db-0 tcp/5432: Allow -> Deny by ${end} (1)`],
  ],
  [
    'so does one whose namespace changes',
    [
      ...shop,
      namespace('shop', { team: 'a' }),
      globalPolicy('db', {
        ...toDb,
        ingress: [{ action: 'Allow', source: { namespaceSelector: "team == 'a'" } }],
      }),
    ],
    [put(namespace('shop', { team: 'b' }))],
    [`shop/web-1,shop/web-2 -> shop/db-0 any traffic: Allow -> Deny by ${end} (8)`],
  ],
  [
    'a network set that changes concerns whom it means, a net of a rule whom it holds',
    [
      ...shop,
      networkSet('office', ['192.0.2.0/24'], { kind: 'office' }),
      globalPolicy('db', { ...toDb, ingress: [{ action: 'Allow', source: { selector: "kind == 'office'" } }] }),
    ],
    [put(networkSet('office', ['192.0.2.0/24'], { kind: 'closed' }))],
    [`GlobalNetworkSet office -> shop/db-0 any traffic: Allow -> Deny by ${end} (4)`],
  ],
  ...blocklistCases,
  [
    'a tier that passes instead of denying',
    [...shop, tier('first', { order: 1, defaultAction: 'Deny' }), globalPolicy('closed', { ...toDb, tier: 'first' })],
    [put(tier('first', { order: 1, defaultAction: 'Pass' }))],
    ['shop/web-1,shop/web-2 -> shop/db-0 any traffic: Deny -> Allow by Profile kns.shop ingress rule 0 (8)'],
  ],
  [
    'the profile of a namespace',
    [db, web(1)],
    [put(profile('kns.shop', { egress: [{ action: 'Allow' }], ingress: [{ action: 'Allow', protocol: 'TCP' }] }))],
    [
      'shop/db-0 -> shop/web-1 any udp port,ping: Allow -> Deny by WorkloadEndpoint shop/web-1 ingress (2)',
      'shop/web-1 -> shop/db-0 any udp port,ping: Allow -> Deny by WorkloadEndpoint shop/db-0 ingress (2)',
    ],
  ],
  [
    'ICMP types and protocols without ports that rules name',
    [db, web(1)],
    [
      put(
        networkPolicy('db', {
          ...toDb,
          ingress: [
            { action: 'Deny', protocol: 'ICMP', icmp: { type: 13 } },
            { action: 'Deny', protocol: 'ICMP', icmp: { type: 3, code: 1 } },
            { action: 'Deny', protocol: 'ICMPv6', icmp: { type: 1 } },
            { action: 'Deny', protocol: 'UDPLite' },
            { action: 'Deny', protocol: 47 },
            { action: 'Allow' },
          ],
        }),
      ),
    ],
    [
      'shop/web-1 -> shop/db-0 icmp/13: Allow -> Deny by NetworkPolicy shop/db ingress rule 0 (1)',
      'shop/web-1 -> shop/db-0 icmp/3/1: Allow -> Deny by NetworkPolicy shop/db ingress rule 1 (1)',
      'shop/web-1 -> shop/db-0 protocol 47: Allow -> Deny by NetworkPolicy shop/db ingress rule 4 (1)',
      'shop/web-1 -> shop/db-0 udplite: Allow -> Deny by NetworkPolicy shop/db ingress rule 3 (1)',
    ],
  ],
  ['a policy that selects nobody changes nothing', shop, [put(networkPolicy('none', { selector: "app == 'none'" }))], []],
  ['nor does one that only says the same again', [...shop, sql], [put(sql)], []],
  [
    'families that fare otherwise are told apart',
    [web(1), web(2)],
    [put(networkPolicy('p', { selector: 'all()', ingress: [{ action: 'Allow', ipVersion: 4 }] }))],
    [
      `shop/web-2 -> shop/web-1 any IPv6 traffic: Allow -> Deny by ${end} (3)`,
      `shop/web-1 -> shop/web-2 any IPv6 traffic: Allow -> Deny by ${end} (3)`,
    ],
  ],
]
for (const [title, resources, changes, expected] of table) {
  t.test(`what a change does to flows: ${title}`, async (t) => {
    const { changes: found, truncated } = preview(resources, changes)
    t.strictSame(lines(found).toSorted(), expected.toSorted())
    t.equal(truncated, false)
  })
}

t.test('flows seen lately are compared one by one, whoever their ends are', async (t) => {
  const flow = (source: string, destinationPort: number): Flow => ({
    source: source as IpAddress,
    destination: '10.0.1.1' as IpAddress,
    protocol: 6,
    sourcePort: 1,
    destinationPort,
  })
  const recent = [flow('192.0.2.1', 5432), flow('10.0.0.1', 5432), flow('10.0.0.1', 22)]
  const state = preview(shop, [put(sql)], { recent })
  t.strictSame(lines(state.recent), [
    `192.0.2.1 -> shop/db-0 tcp/5432: Allow -> Deny by ${end} (1)`,
    `shop/web-1 -> shop/db-0 tcp/22: Allow -> Deny by ${end} (1)`,
  ])
  t.equal(preview(shop, [put(sql)], { recent, limits: { recent: 1 } }).recent.length, 1)
})

t.test('each limit is told: what is left out is truncated', async (t) => {
  t.match(preview(shop, [put(sql)], { limits: { ends: 2 } }), { truncated: true })
  t.match(preview(shop, [put(sql)], { limits: { flows: 5 } }), { truncated: true })
  t.match(preview(shop, [put(sql)], { steps: 3 }), { truncated: true })
  t.match(
    preview(shop, [put(sql)], {
      recent: [{ source: '1.1.1.1' as IpAddress, destination: '1.1.1.2' as IpAddress, protocol: 1 }],
      limits: { recent: 0 },
    }),
    {
      truncated: true,
    },
  )
})

t.test('with few candidates allowed, each kind of endpoint comes before the second of any', async (t) => {
  const many = [1, 2, 3, 4, 5, 6, 7, 8].map(web)
  const { changes, truncated } = preview([...many, db], [put(sql)], { limits: { ends: 2 } })
  t.strictSame(lines(changes), [`shop/web-1 -> shop/db-0 any other tcp port,any udp port,ping: Allow -> Deny by ${end} (3)`])
  t.equal(truncated, true)
})

const [own, outside] = ['192.0.2.1' as IpAddress, '192.0.2.254' as IpAddress]

function hostPreview(resources: readonly Resource[], changes: readonly PolicyChange[]): PreviewState {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  graph.setAddresses(new Map([['eth0', new Set([own])]]))
  for (const resource of resources) graph.put(resource)
  const options = { nodeAddresses: [own], interfaceTo: () => 'eth0', neighbours: [{ interfaceName: 'eth0', address: outside }] }
  const work = graph.preview(changes, { ...options, recent: [], limits: previewLimits })
  while (work.step());
  return work.state
}

const here = hostEndpoint('here', { node: 'n1', interfaceName: 'eth0' }, { host: 'n1' })
const there = hostEndpoint('there', { node: 'n2', interfaceName: 'eth0' }, { host: 'n2' })
const onHosts = (spec: object) => globalPolicy('close', { selector: 'has(host)', ...spec })
const hostRule = 'GlobalNetworkPolicy close ingress rule 0'

const hostCases: Case[] = [
  [
    'a host endpoint that comes closes its node but for failsafe ports, in both directions',
    [],
    [put(here)],
    [
      'HostEndpoint here at eth0 -> others by eth0 tcp/22,udp/68,any other tcp port,any other udp port,ping: Allow -> Deny by HostEndpoint here egress (5)',
      'others by eth0 -> HostEndpoint here at eth0 udp/53,udp/67,any other tcp port,any other udp port,ping: Allow -> Deny by HostEndpoint here ingress (5)',
    ],
  ],
  ['one of another node changes nothing', [], [put(there)], []],
  [
    'a policy of the host that comes: a port opens',
    [here],
    [put(onHosts({ ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80] } }] }))],
    [`others by eth0 -> HostEndpoint here at eth0 tcp/80: Deny -> Allow by ${hostRule} (1)`],
  ],
  [
    'one that goes: it closes',
    [here, onHosts({ ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80] } }] })],
    [deleted('GlobalNetworkPolicy', 'close', '')],
    ['others by eth0 -> HostEndpoint here at eth0 tcp/80: Allow -> Deny by HostEndpoint here ingress (1)'],
  ],
  [
    'labels of the host endpoint that no policy selects any more',
    [here, onHosts({ ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80] } }] })],
    [put({ ...here, metadata: { ...here.metadata, labels: {} } })],
    ['others by eth0 -> HostEndpoint here at eth0 tcp/80: Allow -> Deny by HostEndpoint here ingress (1)'],
  ],
  [
    'what is forwarded to workloads of this node, before routing and behind it',
    [here, web(1), db],
    [put(onHosts({ preDNAT: true, applyOnForward: true, ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: [80] } }] }))],
    [`others by eth0,shop/db-0 -> shop/web-1 tcp/80: Allow -> Deny by ${hostRule} (2)`],
  ],
  [
    'a network set whose members the policy of the host lets in',
    [here, onHosts({ ingress: [{ action: 'Allow', protocol: 'TCP', source: { selector: "bad == 'true'" } }] })],
    [put(blocked('198.51.100.0/24'))],
    [`GlobalNetworkSet blocked -> HostEndpoint here at eth0 any other tcp port: Deny -> Allow by ${hostRule} (1)`],
  ],
]
for (const [title, resources, changes, expected] of hostCases)
  t.test(`§6.3 flows of hosts: ${title}`, async (t) => {
    const { changes: found, hostEndpoints } = hostPreview(resources, changes)
    t.strictSame(lines(found).toSorted(), expected.toSorted())
    t.strictSame(hostEndpoints, [])
  })

t.test('host endpoints of this node whose interfaces have no address are named, since their flows are not compared', async (t) => {
  const [here, there] = [
    hostEndpoint('here', { node: 'n1', interfaceName: 'eth0' }),
    hostEndpoint('there', { node: 'n2', interfaceName: 'eth0' }),
  ]
  const closing = globalPolicy('close', { selector: 'has(host)', ingress: [{ action: 'Deny' }] })
  const early = globalPolicy('early', { selector: 'has(host)', preDNAT: true, applyOnForward: true, ingress: [{ action: 'Deny' }] })
  const named = (resources: readonly Resource[], ...changes: readonly PolicyChange[]) => preview(resources, changes).hostEndpoints
  t.strictSame(named([], put(here), put(there)), ['here'])
  t.strictSame(named([here, there], put(closing)), ['here'])
  t.strictSame(named([here, there], put(early)), ['here'])
  t.strictSame(named([here, closing], deleted('GlobalNetworkPolicy', 'close', '')), ['here'])
  t.strictSame(named([here, ...shop], put(sql)), [])
})
