/** Profiles (resource reference §6.6, §6.2.1 rules 5 to 7). */
import { gnp, np, profile, type Scenario, tier } from './scenario.ts'
import { pod } from './world.ts'

export const profiles: readonly Scenario[] = [
  {
    title: '§6.2.1 rule 6: no profile and no policy: neither way, though the node reaches it',
    resources: pod('plain', { profiles: [] }),
    expect: ['plain <- nothing', 'plain -> nothing'],
  },
  {
    title: '§6.6 a namespace’s profile allows both ways',
    resources: pod('plain', { profiles: ['kns.default'] }),
    expect: [],
  },
  {
    title: '§6.6 a service account’s profile has no rules: alone it allows nothing',
    resources: pod('client', { profiles: ['ksa.shop.buyer'] }),
    expect: ['client <- nothing', 'client -> nothing'],
  },
  {
    title: '§6.6 projectcalico-default-allow allows both ways',
    resources: pod('client', { profiles: ['projectcalico-default-allow'] }),
    expect: [],
  },
  {
    title: '§6.6 rules of a profile, each direction for itself',
    resources:
      profile(
        'strict',
        'ingress:\n  - { action: Allow, protocol: TCP, source: { selector: has(role) } }\negress:\n  - { action: Deny, protocol: UDP }\n  - { action: Allow }',
      ) + pod('web', { profiles: ['strict'] }),
    expect: ['web <- client other partner admin: tcp', 'web -> all: all -udp'],
  },
  {
    title: '§6.6 profiles in the order of the endpoint’s list: the first decision wins',
    resources:
      profile('no-tcp', 'ingress:\n  - { action: Deny, protocol: TCP }') +
      profile(
        'tcp-udp',
        'ingress:\n  - { action: Allow, protocol: TCP }\n  - { action: Allow, protocol: UDP }\negress:\n  - { action: Allow }',
      ) +
      pod('web', { profiles: ['no-tcp', 'tcp-udp'] }) +
      pod('db', { profiles: ['tcp-udp', 'no-tcp'] }),
    expect: ['web <- all: udp', 'db <- all: tcp, udp'],
  },
  {
    title: '§6.6 an unknown profile drops everything (fail closed)',
    resources: pod('web', { profiles: ['nobody-wrote-me'] }),
    expect: ['web <- nothing', 'web -> nothing'],
  },
  {
    title: '§6.6 an unknown profile drops at its place: what one before it allows is allowed',
    resources:
      profile('tcp', 'ingress:\n  - { action: Allow, protocol: TCP }') + pod('web', { profiles: ['tcp', 'nobody-wrote-me', 'kns.shop'] }),
    expect: ['web <- all: tcp', 'web -> nothing'],
  },
  {
    title: '§6.6 an unknown profile is written while it is used, changed, and deleted',
    resources: pod('web', { profiles: ['new'] }),
    expect: ['web <- nothing', 'web -> nothing'],
    later: [
      { apply: profile('new', 'ingress:\n  - { action: Allow }'), expect: ['web -> nothing'] },
      { apply: profile('new', 'egress:\n  - { action: Allow }'), expect: ['web <- nothing'] },
      { delete: profile('new', '{}'), expect: ['web <- nothing', 'web -> nothing'] },
    ],
  },
  {
    title: '§6.6 labelsToApply: selectors see them on endpoints that list the profile; own labels win',
    resources:
      profile('tagged', 'labelsToApply: { colour: red, app: tagged }\ningress:\n  - { action: Allow }\negress:\n  - { action: Allow }') +
      pod('plain', { profiles: ['tagged'] }) +
      pod('web', { profiles: ['tagged'] }) +
      gnp('red', "selector: colour == 'red' && app == 'tagged'\ntypes: [Ingress]") +
      gnp('red-peers', "selector: app == 'db'\ningress:\n  - { action: Allow, source: { selector: colour == 'red' } }"),
    expect: ['plain <- nothing', 'db vault <- plain web'],
  },
  {
    title: '§6.6 Log in a profile decides nothing',
    resources:
      profile('logs', 'ingress:\n  - { action: Log, protocol: UDP }\n  - { action: Allow, protocol: UDP }\negress:\n  - { action: Log }') +
      pod('web', { profiles: ['logs'] }),
    expect: ['web <- all: udp', 'web -> nothing'],
  },
  {
    title: '§6.2.1 rule 4: where a tier denies at its end, profiles are not asked',
    resources: np('shop/some', "selector: app == 'web'\ningress:\n  - { action: Allow, protocol: TCP }"),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.2.1 rule 7: a policy of one direction leaves the other to the profiles',
    resources:
      profile('out-udp', 'egress:\n  - { action: Allow, protocol: UDP }') +
      pod('web', { profiles: ['out-udp'] }) +
      np('shop/in', "selector: app == 'web'\ningress:\n  - { action: Allow, protocol: TCP }"),
    expect: ['web <- all: tcp', 'web -> all: udp'],
  },
  {
    title: '§6.2.1 rule 5: what every tier passes, the profiles decide',
    resources:
      tier('soft', 'order: 1\ndefaultAction: Pass') +
      gnp('soft', "tier: soft\nselector: app == 'web'\ningress:\n  - { action: Deny, protocol: ICMP }") +
      profile('tcp', 'ingress:\n  - { action: Allow, protocol: TCP }\n  - { action: Allow, protocol: ICMP }') +
      pod('web', { profiles: ['tcp'] }),
    expect: ['web <- all: tcp', 'web -> nothing'],
  },
  {
    title: '§6.2.1 Pass in the last tier: the profiles decide, also where the tier would deny',
    resources: np(
      'shop/pass',
      "selector: app == 'web'\ningress:\n  - { action: Pass, source: { selector: role == 'client' } }\n  - { action: Allow, protocol: UDP }",
    ),
    expect: ['web <- client; all: udp'],
  },
]
