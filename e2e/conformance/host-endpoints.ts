/** Host endpoints: local traffic of the node, failsafe ports, which endpoint is meant (resource reference §6.5, §6.13). */
import { felix, gnp, hostEndpoint, np, profile, type Scenario } from './scenario.ts'

const labels = '{ host: node }'
const eth0 = hostEndpoint('eth0', labels, 'node: node-c\ninterfaceName: eth0')
const open = hostEndpoint('eth0', labels, 'node: node-c\ninterfaceName: eth0\nprofiles: [projectcalico-default-allow]')
const noFailsafe = felix('failsafeInboundHostPorts: []\nfailsafeOutboundHostPorts: []')
const policy = (name: string, rules: string) => gnp(name, `selector: host == 'node'\n${rules}`)

export const hostEndpoints: readonly Scenario[] = [
  {
    title:
      '§6.5 a host endpoint without policy and profile: nothing in or out but the failsafe ports; forwarded traffic and pods are left alone',
    resources: eth0,
    probes: 'tcp 22 179 6443, udp 67 68',
    expect: ['node <- outside: tcp 22 179 6443, udp 68', 'node -> pods; outside: udp 53 67, tcp 179 6443'],
  },
  {
    title: '§6.13 empty failsafe lists: nothing at all',
    resources: noFailsafe + eth0,
    probes: 'tcp 22 179, udp 67 68',
    expect: ['node <- nothing', 'node -> pods'],
  },
  {
    title: '§6.13 failsafe ports of one’s own, some only for a net',
    resources:
      felix(`failsafeInboundHostPorts:
  - { protocol: TCP, port: 80, net: 10.99.0.0/24 }
  - { protocol: UDP, port: 8080, net: 192.0.2.0/24 }
  - { protocol: SCTP, port: 3868 }
failsafeOutboundHostPorts:
  - { protocol: TCP, port: 8080, net: "fd00:99::/64" }`) + eth0,
    probes: 'tcp 22',
    expect: ['node <- outside: v4 tcp 80, sctp', 'node -> pods; outside: v6 tcp 8080'],
  },
  {
    title: '§6.5 a host endpoint’s profile allows what it says',
    resources: open,
    expect: [],
  },
  {
    title: '§6.5 a profile of one’s own, each direction for itself',
    resources:
      noFailsafe +
      profile('host', 'ingress:\n  - { action: Allow, protocol: UDP }\negress:\n  - { action: Allow, protocol: TCP }') +
      hostEndpoint('eth0', labels, 'node: node-c\ninterfaceName: eth0\nprofiles: [host]'),
    expect: ['node <- outside: udp', 'node -> pods; outside: tcp'],
  },
  {
    title: '§6.3 a global policy selects host endpoints: local traffic in, the other direction is the profile’s',
    resources:
      noFailsafe +
      open +
      policy(
        'in',
        'types: [Ingress]\ningress:\n  - { action: Allow, protocol: TCP, source: { nets: [10.99.0.9/32] }, destination: { ports: [8080] } }\n  - { action: Allow, protocol: ICMPv6 }',
      ),
    expect: ['node <- outside: v4 tcp 8080, icmp6'],
  },
  {
    title: '§6.3 egress of the node itself; forwarded packets are not asked about',
    resources:
      noFailsafe +
      open +
      policy(
        'out',
        'types: [Egress]\negress:\n  - { action: Allow, protocol: UDP, destination: { ports: [53] } }\n  - { action: Reject, protocol: TCP }',
      ),
    expect: ['node -> pods; outside: udp 53; outside: tcp => rejected'],
  },
  {
    title: '§6.13 failsafe ports come before policy: a Deny does not close them',
    resources: open + policy('deny', 'types: [Ingress, Egress]\ningress:\n  - { action: Deny }\negress:\n  - { action: Deny }'),
    probes: 'tcp 22 179',
    expect: ['node <- outside: tcp 22 179', 'node -> pods; outside: udp 53, tcp 179'],
  },
  {
    title: '§6.5 a policy of pods does not concern host endpoints, one of hosts no pods',
    resources:
      open +
      np('shop/web', "selector: app == 'web'\ntypes: [Ingress]") +
      policy('host', 'types: [Ingress]\ningress:\n  - { action: Allow, protocol: TCP }') +
      felix('failsafeInboundHostPorts: []'),
    expect: ['web <- nothing', 'node <- outside: tcp'],
  },
  {
    title: '§6.3 a global policy without selector means pods and host endpoints alike',
    resources: noFailsafe + open + gnp('all', 'types: [Ingress]\ningress:\n  - { action: Allow, protocol: UDP }'),
    expect: ['pods <- all: udp', 'node <- outside: udp'],
  },
  {
    title: '§6.3 namespaceSelector all() of a global policy leaves host endpoints out',
    resources: open + gnp('pods', 'namespaceSelector: all()\ntypes: [Ingress]'),
    expect: ['pods <- nothing'],
  },
  {
    title: '§6.5 a host endpoint of another node has no effect here',
    resources: hostEndpoint('far', labels, 'node: another\ninterfaceName: eth0') + policy('deny', 'types: [Ingress, Egress]'),
    expect: [],
  },
  {
    title: '§6.5 expectedIPs find the interface',
    resources:
      noFailsafe +
      hostEndpoint('by-address', labels, 'node: node-c\nexpectedIPs: [10.99.0.1]') +
      policy('in', 'types: [Ingress, Egress]\ningress:\n  - { action: Allow, protocol: TCP }\negress:\n  - { action: Allow }'),
    expect: ['node <- outside: tcp'],
  },
  {
    title: '§6.5 of two endpoints on one interface the name that sorts first wins',
    resources:
      noFailsafe +
      hostEndpoint('b', '{ host: node }', 'node: node-c\ninterfaceName: eth0') +
      hostEndpoint('a', '{ host: first }', 'node: node-c\ninterfaceName: eth0\nprofiles: [projectcalico-default-allow]') +
      policy('deny', 'types: [Ingress]'),
    expect: [],
  },
  {
    title: '§6.5 a named endpoint wins over the wildcard',
    resources: noFailsafe + hostEndpoint('all', '{ host: wild }', 'node: node-c\ninterfaceName: "*"') + open,
    expect: [],
  },
  {
    title: '§6.5 the wildcard: every interface; pods are reached all the same, and what they may send their node is said elsewhere',
    resources:
      noFailsafe +
      hostEndpoint('all', labels, 'node: node-c\ninterfaceName: "*"') +
      policy(
        'tcp',
        'types: [Ingress, Egress]\ningress:\n  - { action: Allow, protocol: TCP }\negress:\n  - { action: Allow, protocol: UDP }',
      ),
    expect: ['node <- outside: tcp', 'node -> pods; outside: udp'],
  },
  {
    title: '§6.5 the wildcard is not asked about what pods send their node, where defaultEndpointToHostAction lets them',
    resources:
      felix('defaultEndpointToHostAction: Return\nfailsafeInboundHostPorts: []\nfailsafeOutboundHostPorts: []') +
      hostEndpoint('all', labels, 'node: node-c\ninterfaceName: "*"') +
      policy('tcp', 'types: [Ingress]\ningress:\n  - { action: Allow, protocol: TCP }'),
    expect: ['node <- pods; outside: tcp', 'node -> pods'],
  },
  {
    title: '§6.5 named ports of a host endpoint',
    resources:
      noFailsafe +
      hostEndpoint(
        'eth0',
        labels,
        'node: node-c\ninterfaceName: eth0\nexpectedIPs: [10.99.0.1, "fd00:99::1"]\nports: [{ name: api, protocol: TCP, port: 8080 }]\nprofiles: [projectcalico-default-allow]',
      ) +
      policy('api', 'types: [Ingress]\ningress:\n  - { action: Allow, protocol: TCP, destination: { ports: [api] } }'),
    expect: ['node <- outside: tcp 8080'],
  },
  {
    title: '§6.5 expectedIPs are the endpoint’s addresses in selectors: another node’s host as a peer, by namespaceSelector global()',
    resources:
      hostEndpoint('far', '{ role: router }', 'node: another\nexpectedIPs: [10.99.0.9, "fd00:99::9"]') +
      np(
        'shop/web',
        "selector: app == 'web'\ningress:\n  - { action: Allow, source: { selector: role == 'router', namespaceSelector: global() } }",
      ),
    expect: ['web <- outside'],
  },
  {
    title: '§6.5 a host endpoint comes, changes its labels and goes while the node runs',
    resources:
      felix('failsafeInboundHostPorts: []\nfailsafeOutboundHostPorts: []') +
      policy('tcp', 'types: [Ingress, Egress]\ningress:\n  - { action: Allow, protocol: TCP }\negress:\n  - { action: Allow }'),
    expect: [],
    later: [
      { apply: eth0, expect: ['node <- outside: tcp'] },
      { apply: hostEndpoint('eth0', '{ host: other }', 'node: node-c\ninterfaceName: eth0'), expect: ['node <- nothing', 'node -> pods'] },
      { delete: eth0, expect: [] },
    ],
  },
]
