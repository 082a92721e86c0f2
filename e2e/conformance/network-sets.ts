/** NetworkSet and GlobalNetworkSet (resource reference §6.4). */
import { globalSet, gnp, networkSet, np, type Scenario } from './scenario.ts'

const toWeb = (source: string) => np('shop/web', `selector: app == 'web'\ningress:\n  - { action: Allow, source: ${source} }`)
const toWebGlobal = (action: string, source: string) =>
  gnp('web', `selector: app == 'web'\ningress:\n  - { action: ${action}, source: ${source} }\n  - { action: Allow, protocol: ICMP }`)
const outside = '[10.99.0.9, "fd00:99::9/128"]'

export const networkSets: readonly Scenario[] = [
  {
    title: '§6.4 a GlobalNetworkSet selected by a global policy, both families in one set',
    resources: toWebGlobal('Allow', "{ selector: zone == 'out' }") + globalSet('out', '{ zone: out }', outside),
    expect: ['web <- outside; all: icmp4'],
  },
  {
    title: '§6.4 a GlobalNetworkSet is not of a namespace: a namespaced policy without global() does not mean it',
    resources: toWeb("{ selector: zone == 'out' }") + globalSet('out', '{ zone: out }', outside),
    expect: ['web <- nothing'],
  },
  {
    title: '§6.4 a NetworkSet of the policy’s namespace',
    resources: toWeb("{ selector: zone == 'out' }") + networkSet('shop/out', '{ zone: out }', outside),
    expect: ['web <- outside'],
  },
  {
    title: '§6.4 a NetworkSet of another namespace is not meant',
    resources: toWeb("{ selector: zone == 'out' }") + networkSet('bank/out', '{ zone: out }', outside),
    expect: ['web <- nothing'],
  },
  {
    title: '§6.4 a NetworkSet of another namespace by namespaceSelector: it has that namespace’s labels',
    resources: toWeb("{ selector: zone == 'out', namespaceSelector: team == 'b' }") + networkSet('bank/out', '{ zone: out }', outside),
    expect: ['web <- outside'],
  },
  {
    title: '§6.4 one selector means endpoints and sets together',
    resources: toWebGlobal('Allow', "{ selector: role == 'client' || zone == 'out' }") + globalSet('out', '{ zone: out }', outside),
    expect: ['web <- client partner outside; all: icmp4'],
  },
  {
    title: '§6.4 nets with host bits are masked',
    resources:
      toWebGlobal('Allow', "{ selector: zone == 'low' }") + globalSet('low', '{ zone: low }', '[10.244.1.13/30, "fd00:244:1::13/126"]'),
    expect: ['web <- client other partner vault: v4 all; web db client other: v6 all; all: icmp4'],
  },
  {
    title: '§6.4 /0 of both families: everybody, though no set of the kernel can hold it whole',
    resources: toWebGlobal('Allow', "{ selector: zone == 'any' }") + globalSet('any', '{ zone: any }', '[0.0.0.0/0, "::/0"]'),
    expect: [],
  },
  {
    title: '§6.4 /0 in a Deny rule: nobody',
    resources: toWebGlobal('Deny', "{ selector: zone == 'any' }") + globalSet('any', '{ zone: any }', '[0.0.0.0/0]'),
    expect: ['web <- nothing'],
  },
  {
    title: '§6.4 a set is never the subject of a policy: its addresses are not policed',
    resources:
      gnp('sets', "selector: zone == 'pods'\ntypes: [Ingress, Egress]") +
      globalSet('pods', '{ zone: pods }', '[10.244.1.0/24, "fd00:244:1::/64"]'),
    expect: [],
  },
  {
    title: '§6.4 notSelector of a set: everybody else',
    resources:
      toWebGlobal('Allow', "{ notSelector: zone == 'bad' }") + globalSet('bad', '{ zone: bad }', '[10.244.1.12/31, "fd00:99::/64"]'),
    expect: ['web <- all -client -other -outside; client other: v6 all; outside: v4 all; all: icmp4'],
  },
  {
    title: '§6.4 a selector that no set or endpoint has: allows nobody; in a Deny rule closes nothing',
    resources: gnp(
      'nobody',
      "selector: app == 'web'\ningress:\n  - { action: Deny, source: { selector: zone == 'none' } }\n  - { action: Allow, protocol: TCP, source: { selector: zone == 'none' } }\n  - { action: Allow, protocol: UDP }",
    ),
    expect: ['web <- all: udp'],
  },
  {
    title: '§6.4 a net that two sets have stays when one of them goes',
    resources:
      toWebGlobal('Allow', '{ selector: has(zone) }') + globalSet('a', '{ zone: a }', outside) + globalSet('b', '{ zone: b }', outside),
    expect: ['web <- outside; all: icmp4'],
    later: [
      { delete: globalSet('a', '{}', '[]'), expect: ['web <- outside; all: icmp4'] },
      { delete: globalSet('b', '{}', '[]'), expect: ['web <- all: icmp4'] },
    ],
  },
  {
    title: '§6.4 a net inside another: the wider stays when the narrower goes, and the other way round',
    resources:
      toWebGlobal('Allow', '{ selector: has(zone) }') +
      globalSet('wide', '{ zone: w }', '[10.244.1.0/24]') +
      globalSet('narrow', '{ zone: n }', '[10.244.1.12/31]'),
    expect: ['web <- pods: v4 all; all: icmp4'],
    later: [
      { delete: globalSet('wide', '{}', '[]'), expect: ['web <- client other: v4 all; all: icmp4'] },
      {
        apply: globalSet('narrow', '{ zone: n }', '[10.244.1.12/32, 10.99.0.0/24]'),
        expect: ['web <- client outside: v4 all; all: icmp4'],
      },
    ],
  },
  {
    title: '§6.4 a set’s labels change while it is used',
    resources: toWebGlobal('Allow', "{ selector: zone == 'out' }") + globalSet('s', '{ zone: in }', outside),
    expect: ['web <- all: icmp4'],
    later: [
      { apply: globalSet('s', '{ zone: out }', outside), expect: ['web <- outside; all: icmp4'] },
      { apply: globalSet('s', '{ other: out }', outside), expect: ['web <- all: icmp4'] },
    ],
  },
]
