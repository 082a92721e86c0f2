/** Between a workload and its own node, and what no policy can open (resource reference §6.2.1 rule 9, §6.13). */
import { felix, gnp, np, type Scenario } from './scenario.ts'
import { pod } from './world.ts'

const out = (...rules: readonly string[]) =>
  np('shop/out', `selector: role == 'client'\ntypes: [Egress]\negress:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`)

export const workloadHost: readonly Scenario[] = [
  {
    title: '§6.13 defaultEndpointToHostAction Drop: no policy opens the node to its pods',
    resources: out('{ action: Allow }'),
    expect: [],
  },
  {
    title: '§6.13 defaultEndpointToHostAction Accept: pods reach their node',
    resources: felix('defaultEndpointToHostAction: Accept'),
    expect: ['node <- all'],
  },
  {
    title: '§6.13 defaultEndpointToHostAction Accept: after egress policy, which still decides',
    resources: felix('defaultEndpointToHostAction: Accept') + out('{ action: Allow, protocol: UDP }'),
    expect: ['node <- all', 'client -> all: udp'],
  },
  {
    title: '§6.13 defaultEndpointToHostAction Accept: a policy may name the node by its address',
    resources:
      felix('defaultEndpointToHostAction: Accept') + out('{ action: Deny, destination: { nets: [10.99.0.1/32] } }', '{ action: Allow }'),
    expect: ['node <- all', 'client -> all -node; node: v6 all'],
  },
  {
    title: '§6.13 defaultEndpointToHostAction Return: left to the node’s own rules, which here allow all',
    resources: felix('defaultEndpointToHostAction: Return') + out('{ action: Allow, protocol: TCP }'),
    expect: ['node <- all', 'client -> all: tcp'],
  },
  {
    title: '§6.2.1 rule 9: the node reaches its pods whatever they deny, egress policies of the answers too',
    resources: gnp('locked', 'types: [Ingress, Egress]'),
    expect: ['pods <- nothing', 'pods -> nothing'],
  },
  {
    title: '§6.13 IP-in-IP and VXLAN from a workload are dropped, whatever policy allows, answers too; from elsewhere they are not',
    resources: gnp('open', 'types: [Ingress, Egress]\ningress: [{ action: Allow }]\negress: [{ action: Allow }]'),
    probes: 'other 4, udp 4789',
    expect: ['pods -> all: all -other 4 -udp 4789', 'outside node -> pods: other 4 => one-way; all'],
  },
  {
    title: '§6.13 allowIPIPPacketsFromWorkloads: protocol 4 goes on to policy',
    resources: felix('allowIPIPPacketsFromWorkloads: true') + out('{ action: Deny, protocol: 4 }', '{ action: Allow }'),
    probes: 'other 4, udp 4789',
    expect: ['pods -client -> all: all -udp 4789', 'client -> all: all -udp 4789 -other 4'],
  },
  {
    title: '§6.13 allowVXLANPacketsFromWorkloads: UDP 4789 goes on to policy',
    resources:
      felix('allowVXLANPacketsFromWorkloads: true') +
      out('{ action: Deny, protocol: UDP, destination: { ports: [4789] } }', '{ action: Allow }'),
    probes: 'udp 4789',
    expect: ['client -> all: all -udp 4789'],
  },
  {
    title: '§6.9 an endpoint deleted: its interface is unknown, nothing passes either way; posted again it is as before',
    resources: '',
    expect: [],
    later: [
      { delete: pod('plain'), expect: ['plain <- nothing', 'plain -> nothing', 'node -> all -plain'] },
      { apply: pod('plain'), expect: [] },
    ],
  },
  {
    title: '§6.9 a deleted endpoint leaves the sets it was in; its address is nobody’s',
    resources: np('shop/in', "selector: app == 'web'\ningress:\n  - { action: Allow, source: { selector: has(role) } }"),
    expect: ['web <- client other'],
    later: [
      { delete: pod('other'), expect: ['web <- client', 'other <- nothing', 'other -> nothing', 'node -> all -other'] },
      { apply: pod('other', { labels: {} }), expect: ['web <- client'] },
    ],
  },
  {
    title: '§6.9 labels change: into a policy and out of it, as subject and as peer',
    resources: np('shop/in', "selector: app == 'web'\ningress:\n  - { action: Allow, source: { selector: role == 'client' } }"),
    expect: ['web <- client'],
    later: [
      { apply: pod('other', { labels: { role: 'client' } }) + pod('client', { labels: {} }), expect: ['web <- other'] },
      { apply: pod('web', { labels: {} }) + pod('db', { labels: { app: 'web' } }), expect: ['db <- other'] },
    ],
  },
]
