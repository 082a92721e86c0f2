/** Where policy of host endpoints stands: forwarded traffic, before DNAT, before conntrack (resource reference §6.3). */
import { felix, gnp, hostEndpoint, np, type Scenario } from './scenario.ts'

const eth0 =
  felix('failsafeInboundHostPorts: []\nfailsafeOutboundHostPorts: []') +
  hostEndpoint('eth0', '{ host: node }', 'node: node-c\ninterfaceName: eth0\nprofiles: [projectcalico-default-allow]')
const policy = (name: string, rules: string) => gnp(name, `selector: host == 'node'\n${rules}`)

export const hostStages: readonly Scenario[] = [
  {
    title: '§6.3 without applyOnForward a host policy does not see what is forwarded',
    resources: eth0 + policy('local', 'types: [Ingress, Egress]'),
    expect: ['node <- nothing', 'node -> pods'],
  },
  {
    title: '§6.3 applyOnForward, ingress: what comes in through the interface, for the node and for its pods; the way out is left alone',
    resources:
      eth0 +
      policy(
        'forward',
        'applyOnForward: true\ntypes: [Ingress]\ningress:\n  - { action: Allow, protocol: UDP }\n  - { action: Allow, protocol: TCP, destination: { ports: [8080] } }',
      ),
    expect: ['outside -> all: udp, tcp 8080'],
  },
  {
    title: '§6.3 applyOnForward, egress: what leaves through the interface, from the node and from its pods',
    resources: eth0 + policy('forward', 'applyOnForward: true\ntypes: [Egress]\negress:\n  - { action: Allow, protocol: TCP }'),
    expect: ['outside <- all: tcp'],
  },
  {
    title: '§6.3 applyOnForward: the host’s policy and the pod’s must both allow',
    resources:
      eth0 +
      policy('forward', 'applyOnForward: true\ntypes: [Ingress]\ningress:\n  - { action: Allow, protocol: TCP }') +
      np(
        'shop/web',
        "selector: app == 'web'\ningress:\n  - { action: Allow, destination: { ports: [80, 53] }, protocol: TCP }\n  - { action: Allow, protocol: UDP }",
      ),
    expect: ['outside -> all: tcp', 'web <- all: tcp 80, udp'],
  },
  {
    title: '§6.3 applyOnForward with a Deny: that, and then the end of the tier, also for what is forwarded',
    resources:
      eth0 +
      policy(
        'forward',
        "applyOnForward: true\ntypes: [Ingress]\ningress:\n  - { action: Deny, protocol: TCP, destination: { selector: app == 'web' } }\n  - { action: Allow }",
      ),
    expect: ['web <- all -outside; outside: all -tcp'],
  },
  {
    title: '§6.3 preDNAT Deny: before everything, for the node and what it forwards; there is no end that drops',
    resources:
      eth0 +
      policy(
        'pre',
        'preDNAT: true\napplyOnForward: true\ntypes: [Ingress]\ningress:\n  - { action: Deny, protocol: TCP, destination: { ports: [80] } }',
      ),
    expect: ['outside -> all: all -tcp 80'],
  },
  {
    title: '§6.3 preDNAT Allow is final for the host: its other policies are not asked; the pod’s own are',
    resources:
      eth0 +
      policy('pre', 'preDNAT: true\napplyOnForward: true\ntypes: [Ingress]\norder: 1\ningress:\n  - { action: Allow, protocol: TCP }') +
      policy('deny', 'applyOnForward: true\ntypes: [Ingress]\ningress:\n  - { action: Deny }') +
      np('shop/web', "selector: app == 'web'\ningress:\n  - { action: Allow, protocol: TCP, destination: { ports: [80] } }"),
    expect: ['outside -> all: tcp', 'web <- all: tcp 80'],
  },
  {
    title:
      '§6.3 doNotTrack Deny, ingress: before conntrack, for the node and what it forwards, and answers, which it cannot tell; no end that drops',
    resources:
      eth0 +
      policy(
        'raw',
        'doNotTrack: true\napplyOnForward: true\ntypes: [Ingress]\ningress:\n  - { action: Deny, protocol: UDP, source: { nets: [10.99.0.0/24] } }',
      ),
    expect: ['outside -> all: all -v4 udp', 'outside <- all: v4 udp => one-way; all'],
  },
  {
    title: '§6.3 doNotTrack: both directions allowed explicitly, and the answer comes',
    resources:
      felix('failsafeInboundHostPorts: []\nfailsafeOutboundHostPorts: []') +
      hostEndpoint('eth0', '{ host: node }', 'node: node-c\ninterfaceName: eth0') +
      policy(
        'raw',
        'doNotTrack: true\napplyOnForward: true\ntypes: [Ingress, Egress]\ningress:\n  - { action: Allow, protocol: UDP, destination: { ports: [53] } }\negress:\n  - { action: Allow, protocol: UDP, source: { ports: [53] } }',
      ),
    expect: ['node <- outside: udp 53', 'node -> pods'],
  },
  {
    title: '§6.3 doNotTrack in one direction only: the packet comes, its answer is no connection’s and meets the policy of new ones',
    resources:
      felix('failsafeInboundHostPorts: []\nfailsafeOutboundHostPorts: []') +
      hostEndpoint('eth0', '{ host: node }', 'node: node-c\ninterfaceName: eth0') +
      policy(
        'raw',
        'doNotTrack: true\napplyOnForward: true\ntypes: [Ingress]\ningress:\n  - { action: Allow, protocol: UDP, destination: { ports: [53] } }',
      ),
    expect: ['node <- outside: udp 53 => one-way', 'node -> pods'],
  },
  {
    title: '§6.3 the stages are asked in their order: doNotTrack before preDNAT before normal policy',
    resources:
      eth0 +
      policy('normal', 'types: [Ingress]\norder: 1\ningress:\n  - { action: Allow }') +
      policy(
        'pre',
        'preDNAT: true\napplyOnForward: true\norder: 2\ntypes: [Ingress]\ningress:\n  - { action: Allow, protocol: UDP }\n  - { action: Deny, protocol: TCP }',
      ) +
      policy(
        'raw',
        'doNotTrack: true\napplyOnForward: true\norder: 3\ntypes: [Ingress]\ningress:\n  - { action: Deny, protocol: UDP, destination: { ports: [8080] } }',
      ),
    expect: ['outside -> all: all -tcp -udp 8080'],
  },
]
