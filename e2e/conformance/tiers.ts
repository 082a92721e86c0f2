/** Tiers, Pass, and the order of policies (resource reference §6.2.1, §6.12). */
import { gnp, knp, np, type Scenario, tier } from './scenario.ts'

const web = (rules: readonly string[]) => `selector: app == 'web'\ningress:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`

export const tiers: readonly Scenario[] = [
  {
    title: '§6.2.1 rule 2: tiers by order, the lower first, whatever their names',
    resources:
      tier('a-late', 'order: 200') +
      tier('z-early', 'order: 100') +
      gnp('late', `tier: a-late\n${web(['{ action: Allow }'])}`) +
      gnp('early', `tier: z-early\n${web(['{ action: Deny, protocol: TCP }', '{ action: Pass }'])}`),
    expect: ['web <- all: all -tcp'],
  },
  {
    title: '§6.2.1 rule 2: tiers of equal order by name',
    resources:
      tier('b', 'order: 100') +
      tier('a', 'order: 100') +
      gnp('in-b', `tier: b\n${web(['{ action: Allow, protocol: TCP }'])}`) +
      gnp('in-a', `tier: a\n${web(['{ action: Deny, protocol: TCP }', '{ action: Allow, protocol: UDP }', '{ action: Pass }'])}`),
    expect: ['web <- all: udp'],
  },
  {
    title: '§6.12 a tier without order comes after those with one, the default tier too',
    resources:
      tier('last', '{}') +
      gnp('last', `tier: last\n${web(['{ action: Deny, protocol: TCP }', '{ action: Allow }'])}`) +
      gnp('default', `${web(['{ action: Allow, protocol: TCP, destination: { ports: [80] } }', '{ action: Pass }'])}`),
    expect: ['web <- all: tcp 80, udp, sctp, icmp'],
  },
  {
    title: '§6.2.1 rule 1: a tier whose policies do not select the endpoint does not count, however early',
    resources:
      tier('first', 'order: 1') + gnp('db-only', "tier: first\nselector: app == 'db'\ningress:\n  - { action: Allow, protocol: TCP }"),
    expect: ['db vault <- all: tcp'],
  },
  {
    title: '§6.2.1 rule 1: a tier counts for each direction by itself',
    resources:
      tier('first', 'order: 1') +
      gnp('in', `tier: first\n${web(['{ action: Allow, protocol: TCP }'])}`) +
      gnp('out', "selector: app == 'web'\ntypes: [Egress]\negress:\n  - { action: Allow, protocol: UDP }"),
    expect: ['web <- all: tcp', 'web -> all: udp'],
  },
  {
    title: '§6.2.1 rule 3: Pass ends the tier and goes on to the next',
    resources:
      tier('first', 'order: 1') +
      gnp('pass', `tier: first\norder: 1\n${web(["{ action: Pass, source: { selector: role == 'client' } }"])}`) +
      gnp('deny', `tier: first\norder: 2\n${web(['{ action: Deny }'])}`) +
      np('shop/app', web(['{ action: Allow, protocol: TCP }'])),
    expect: ['web <- client partner: tcp'],
  },
  {
    title: '§6.2.1 rule 4: the end of a tier drops what nobody in it matched, whatever later tiers say',
    resources:
      tier('first', 'order: 1') +
      gnp('some', `tier: first\n${web(['{ action: Pass, protocol: UDP }'])}`) +
      np('shop/app', web(['{ action: Allow }'])),
    expect: ['web <- all: udp'],
  },
  {
    title: '§6.12 defaultAction Pass: what nobody in the tier matched goes to the next',
    resources:
      tier('soft', 'order: 1\ndefaultAction: Pass') +
      gnp('soft', `tier: soft\n${web(['{ action: Deny, protocol: UDP }'])}`) +
      np('shop/app', web(['{ action: Allow, protocol: TCP }', '{ action: Allow, protocol: UDP }'])),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.2.1 rule 3: Allow in an early tier is final',
    resources:
      tier('first', 'order: 1') +
      gnp('allow', `tier: first\n${web(['{ action: Allow, protocol: TCP }', '{ action: Pass }'])}`) +
      np('shop/deny', web(['{ action: Deny }'])),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.2.1 Allow of the sender’s tiers is not Allow of the taker’s',
    resources:
      tier('first', 'order: 1') +
      gnp('out', "tier: first\nselector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Allow }") +
      np('shop/in', web(['{ action: Allow, protocol: TCP }'])),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.2.1 Pass of the sender is not Pass of the taker',
    resources:
      gnp('out', "selector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Pass }") +
      np('shop/in', web(['{ action: Deny, protocol: TCP }', '{ action: Allow }'])),
    expect: ['web <- all: all -tcp'],
  },
  {
    title: '§6.2.1 rule 3: Log logs and goes on, wherever it stands',
    resources: np('shop/log', web(['{ action: Log }', '{ action: Allow, protocol: TCP }', '{ action: Log, protocol: UDP }'])),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.2 order of policies: the lower first, fractions and negative numbers too',
    resources:
      gnp('a', `order: 10.5\n${web(['{ action: Allow, protocol: TCP }'])}`) +
      gnp('b', `order: 10.25\n${web(['{ action: Deny, protocol: TCP, destination: { ports: [80] } }'])}`) +
      gnp('c', `order: -1\n${web(["{ action: Allow, protocol: TCP, source: { selector: role == 'client' } }"])}`),
    expect: ['web <- client partner: tcp; all: tcp 8080'],
  },
  {
    title: '§6.2 a policy without order comes last',
    resources: gnp('a-last', web(['{ action: Deny }'])) + gnp('z-first', `order: 100000\n${web(['{ action: Allow, protocol: TCP }'])}`),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.2.1 rule 2: policies of equal order by name',
    resources: gnp('b', `order: 5\n${web(['{ action: Allow }'])}`) + gnp('a', `order: 5\n${web(['{ action: Deny, protocol: UDP }'])}`),
    expect: ['web <- all: all -udp'],
  },
  {
    title: '§6.2.1 rule 2: policies without order by name too',
    resources: gnp('b', web(['{ action: Deny }'])) + gnp('a', web(['{ action: Allow, protocol: SCTP }'])),
    expect: ['web <- all: sctp'],
  },
  {
    title: '§6.2.1 policies of several kinds are in one order: global, namespaced',
    resources:
      np('shop/m', `order: 20\n${web(['{ action: Deny }'])}`) + gnp('m', `order: 10\n${web(['{ action: Allow, protocol: TCP }'])}`),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.15 conversion: a Kubernetes policy has order 1000 in the default tier',
    resources:
      gnp('before', `order: 999\n${web(['{ action: Deny, protocol: UDP }'])}`) +
      knp('shop/k', 'podSelector: { matchLabels: { app: web } }\ningress: [{ ports: [{ port: 80 }, { port: 53, protocol: UDP }] }]') +
      gnp('after', `order: 1001\n${web(['{ action: Allow, protocol: SCTP }', '{ action: Deny }'])}`),
    expect: ['web <- all: tcp 80, sctp'],
  },
  {
    title: '§6.12 tiers around the default one: before order 1000000, and behind it',
    resources:
      tier('before', 'order: 999999') +
      tier('behind', 'order: 1000001') +
      gnp('b', `tier: before\n${web(['{ action: Deny, protocol: UDP }', '{ action: Pass }'])}`) +
      np('shop/d', web(['{ action: Allow, protocol: TCP }', '{ action: Pass, protocol: ICMP }', '{ action: Allow, protocol: UDP }'])) +
      gnp('z', `tier: behind\n${web(['{ action: Allow, protocol: ICMP }'])}`),
    expect: ['web <- all: tcp, icmp4'],
  },
  {
    title: '§6.12 the tiers of ClusterNetworkPolicy take other policies: kube-admin before default, kube-baseline behind, both passing',
    resources:
      gnp('admin', `tier: kube-admin\n${web(['{ action: Deny, protocol: UDP }'])}`) +
      gnp('base', `tier: kube-baseline\n${web(['{ action: Deny, protocol: TCP, destination: { ports: [80] } }'])}`),
    expect: ['web <- all: sctp, icmp, tcp 8080'],
  },
  {
    title: '§6.12 the order of tiers changes while they are used',
    resources:
      tier('x', 'order: 1') +
      tier('y', 'order: 2') +
      gnp('x', `tier: x\n${web(['{ action: Allow, protocol: TCP }'])}`) +
      gnp('y', `tier: y\n${web(['{ action: Allow, protocol: UDP }'])}`),
    expect: ['web <- all: tcp'],
    later: [
      { apply: tier('x', 'order: 3'), expect: ['web <- all: udp'] },
      { apply: tier('y', 'order: 2\ndefaultAction: Pass'), expect: ['web <- all: udp, tcp'] },
    ],
  },
  {
    title: '§6.12 a policy moves to another tier',
    resources:
      tier('x', 'order: 1') + gnp('p', `tier: x\n${web(['{ action: Allow, protocol: TCP }'])}`) + np('shop/d', web(['{ action: Allow }'])),
    expect: ['web <- all: tcp'],
    later: [
      {
        apply:
          gnp('p', `order: 5000\n${web(['{ action: Deny }'])}`) + np('shop/d', `order: 1\n${web(['{ action: Allow, protocol: UDP }'])}`),
        expect: ['web <- all: udp'],
      },
    ],
  },
  {
    title: '§6.2.1 rule 3: of a dozen policies in one tier the first that decides is the last that is asked',
    resources:
      tier('early', 'order: 10') +
      Array.from({ length: 12 }, (_, order) => {
        const rules = new Map([
          [4, ['{ action: Allow, protocol: UDP }']],
          [5, ['{ action: Pass, protocol: TCP, destination: { ports: [80] } }']],
          [6, ['{ action: Deny, protocol: TCP }', '{ action: Deny, protocol: UDP }']],
          [11, ['{ action: Allow }']],
        ])
        return gnp(`p${order}`, `tier: early\norder: ${order}\n${web(rules.get(order) ?? ['{ action: Log }'])}`)
      }).join('') +
      np('shop/web', web(["{ action: Allow, protocol: TCP, source: { selector: role == 'client' } }"])),
    expect: ['web <- client: tcp 80, udp, sctp, icmp; all: udp, sctp, icmp'],
  },
  {
    title: '§6.2 types [Egress] with ingress rules only: nothing out, ingress untouched',
    resources: gnp('odd', "selector: app == 'web'\ntypes: [Egress]\ningress:\n  - { action: Deny }"),
    expect: ['web -> nothing'],
  },
  {
    title: '§6.2 types are derived: no rules is Ingress, egress rules alone Egress, both both',
    resources:
      np('shop/none', "selector: app == 'web'") +
      np('shop/out', "selector: app == 'db'\negress:\n  - { action: Allow, protocol: TCP }") +
      np(
        'shop/both',
        "selector: role == 'client'\ningress:\n  - { action: Allow, protocol: TCP }\negress:\n  - { action: Allow, protocol: UDP }",
      ),
    expect: ['web <- nothing', 'db -> all: tcp', 'client <- all: tcp', 'client -> all: udp'],
  },
]
