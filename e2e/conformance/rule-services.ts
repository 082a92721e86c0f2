/** Rules that name a service: the addresses and ports of its EndpointSlices (resource reference §6.1.1). */
import { felix, gnp, hostEndpoint, np, profile, type Scenario } from './scenario.ts'
import { outsideAddresses, type PodName, pod, podAddresses } from './world.ts'

/** @param where "namespace/name" @param endpoints, @param ports flow YAML */
function slice(where: string, service: string, endpoints: string, ports: string, addressType = 'IPv4'): string {
  const [namespace, name] = where.split('/')
  return [
    '---',
    'apiVersion: discovery.k8s.io/v1',
    'kind: EndpointSlice',
    `metadata: { name: ${name}, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${service} } }`,
    `addressType: ${addressType}`,
    `endpoints: ${endpoints}`,
    `ports: ${ports}`,
    '',
  ].join('\n')
}

/** Endpoints of IPv4, ready. */
function of(...names: readonly PodName[]): string {
  return `[${names.map((name) => `{ addresses: [${podAddresses(name)[4]}], conditions: { ready: true } }`).join(', ')}]`
}

const http = '{ name: http, protocol: TCP, port: 8080 }'
const dns = '{ name: dns, protocol: UDP, port: 53 }'
const fromClient = (...rules: readonly string[]) =>
  np('shop/client', `selector: role == 'client'\ntypes: [Egress]\negress:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`)
const toService = '{ action: Allow, destination: { services: { name: web } } }'
const fromService = (rest = '') =>
  np('shop/web', `selector: app == 'web'\ningress:\n  - { action: Allow, source: { services: { name: friends } }${rest} }`)

export const ruleServices: readonly Scenario[] = [
  {
    title: '§6.1.1 egress to a service: its addresses at its ports, TCP and UDP, and nothing else of them',
    resources: fromClient(toService) + slice('shop/web-a', 'web', of('web', 'db'), `[${http}, ${dns}]`),
    expect: ['client -> web db: v4 tcp 8080, v4 udp 53'],
  },
  {
    title: '§6.1.1 ingress from a service: its addresses, whatever its ports are',
    resources: fromService() + slice('shop/friends-a', 'friends', of('client', 'vault'), '[{ port: 1 }]'),
    expect: ['web <- client vault: v4 all'],
  },
  {
    title: '§6.1.1 ingress from a service to ports of the taker',
    resources: fromService(', protocol: TCP, destination: { ports: [80] }') + slice('shop/friends-a', 'friends', of('client'), `[${http}]`),
    expect: ['web <- client: v4 tcp 80'],
  },
  {
    title: '§6.1.1 a service of both families has a slice of each: one of IPv6 says nothing of IPv4',
    resources:
      fromClient(toService) +
      slice('shop/web-4', 'web', of('web'), `[${http}]`) +
      slice('shop/web-6', 'web', `[{ addresses: ["${podAddresses('db')[6]}"] }]`, '[{ port: 80 }]', 'IPv6'),
    expect: ['client -> web: v4 tcp 8080; db: v6 tcp 80'],
  },
  {
    title: '§6.1.1 endpoints that are not ready, or are going, count',
    resources:
      fromClient(toService) +
      slice(
        'shop/web-a',
        'web',
        `[{ addresses: [${podAddresses('web')[4]}], conditions: { ready: false } }, { addresses: [${podAddresses('db')[4]}], conditions: { ready: false, serving: true, terminating: true } }]`,
        `[${http}]`,
      ),
    expect: ['client -> web db: v4 tcp 8080'],
  },
  {
    title: '§6.1.1 a global policy names the namespace: the service of the same name elsewhere is another',
    resources:
      gnp(
        'clients',
        "selector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Allow, destination: { services: { name: store, namespace: bank } } }",
      ) +
      slice('bank/store-a', 'store', of('vault'), '[{ port: 80 }]') +
      slice('shop/store-a', 'store', of('db'), '[{ port: 80 }]'),
    expect: ['client partner -> vault: v4 tcp 80'],
  },
  {
    title: '§6.1.1 a policy of a namespace means its own service unless it names another namespace',
    resources:
      fromClient(toService, '{ action: Allow, destination: { services: { name: web, namespace: bank } } }') +
      slice('shop/web-a', 'web', of('web'), '[{ port: 80 }]') +
      slice('bank/web-a', 'web', of('vault'), `[${http}]`) +
      slice('ops/web-a', 'web', of('admin'), `[${http}]`),
    expect: ['client -> web: v4 tcp 80; vault: v4 tcp 8080'],
  },
  {
    title: '§6.1.1 a service that nobody knows is nobody, until it has a slice and when it has none any more',
    resources: fromClient(toService) + slice('shop/other-a', 'other', of('web'), `[${http}]`),
    expect: ['client -> nothing'],
    later: [
      { apply: slice('shop/web-a', 'web', of('web'), `[${http}]`), expect: ['client -> web: v4 tcp 8080'] },
      { apply: slice('shop/web-a', 'other', of('web'), `[${http}]`), expect: ['client -> nothing'] },
      { apply: slice('shop/other-a', 'web', of('db'), `[${http}]`), expect: ['client -> db: v4 tcp 8080'] },
      { delete: slice('shop/other-a', 'web', '[]', '[]'), expect: ['client -> nothing'] },
    ],
  },
  {
    title: '§6.1.1 a slice changes: endpoints and ports come and go, and what another slice has stays',
    resources: fromClient(toService) + slice('shop/web-a', 'web', of('web', 'db'), `[${http}]`),
    expect: ['client -> web db: v4 tcp 8080'],
    later: [
      {
        apply: slice('shop/web-b', 'web', of('db', 'vault'), `[${http}, ${dns}]`),
        expect: ['client -> web: v4 tcp 8080; db vault: v4 tcp 8080, v4 udp 53'],
      },
      {
        apply: slice('shop/web-a', 'web', of('other'), `[${http}]`),
        expect: ['client -> other: v4 tcp 8080; db vault: v4 tcp 8080, v4 udp 53'],
      },
      { apply: slice('shop/web-b', 'web', of('db', 'vault'), `[${dns}]`), expect: ['client -> other: v4 tcp 8080; db vault: v4 udp 53'] },
    ],
  },
  {
    title: '§6.1.1 SCTP, a port that says no protocol (TCP), and one without a number, which is none',
    resources:
      fromClient(toService) +
      slice('shop/web-a', 'web', of('web'), '[{ protocol: SCTP, port: 3868 }, { port: 80 }, { name: any, protocol: UDP }]'),
    expect: ['client -> web: v4 sctp 3868, v4 tcp 80'],
  },
  {
    title: '§6.1.1 a protocol beside a service: of its ports those of the protocol',
    resources:
      fromClient('{ action: Allow, protocol: UDP, destination: { services: { name: web } } }') +
      slice('shop/web-a', 'web', of('web'), `[${http}, ${dns}]`),
    expect: ['client -> web: v4 udp 53'],
  },
  {
    title: '§6.1.1 a Deny rule of egress denies the service and no more',
    resources:
      fromClient('{ action: Deny, destination: { services: { name: web } } }', '{ action: Allow }') +
      slice('shop/web-a', 'web', of('web'), `[${http}]`),
    expect: ['client -> all -web; web: all -v4 tcp 8080'],
  },
  {
    title: '§6.1.1 a service whose endpoints are no pods',
    resources: fromClient(toService) + slice('shop/web-a', 'web', `[{ addresses: [${outsideAddresses[4]}] }]`, `[${http}]`),
    expect: ['client -> outside: v4 tcp 8080'],
  },
  {
    title: '§6.1.1 a slice without ports: its addresses may come, and nobody may go there',
    resources:
      fromClient(toService) +
      fromService() +
      slice('shop/web-a', 'web', of('web'), 'null') +
      slice('shop/f', 'friends', of('other'), 'null'),
    expect: ['client -> nothing', 'web <- other: v4 all'],
  },
  {
    title: '§6.5 what the node itself may reach is a service',
    resources:
      felix('failsafeOutboundHostPorts: []') +
      hostEndpoint('eth0', '{ host: node }', 'node: node-c\ninterfaceName: eth0\nprofiles: [projectcalico-default-allow]') +
      gnp(
        'out',
        "selector: host == 'node'\ntypes: [Egress]\negress:\n  - { action: Allow, destination: { services: { name: far, namespace: ops } } }",
      ) +
      slice('ops/far', 'far', `[{ addresses: ["${outsideAddresses[6]}"] }]`, `[${dns}]`, 'IPv6'),
    expect: ['node -> pods; outside: v6 udp 53'],
  },
  {
    title: '§6.6 a profile names services',
    resources:
      pod('client', { profiles: ['p'] }) +
      profile(
        'p',
        'ingress: [{ action: Allow }]\negress:\n  - { action: Allow, destination: { services: { name: web, namespace: shop } } }',
      ) +
      slice('shop/web-a', 'web', of('web'), `[${http}]`),
    expect: ['client -> web: v4 tcp 8080'],
  },
]
