/** What becomes of what policy decides: Reject, Log, and what FelixConfiguration says of it (resource reference §6.1, §6.13). */
import { felix, gnp, np, type Scenario, tier } from './scenario.ts'

const web = (...rules: readonly string[]) =>
  np('shop/web', `selector: app == 'web'\ningress:\n${rules.map((rule) => `  - ${rule}`).join('\n')}`)

export const actions: readonly Scenario[] = [
  {
    title: '§6.1 Reject: as Deny, but the sender is told, in every protocol and both families',
    resources: web('{ action: Reject }'),
    probes: 'other 253',
    expect: ['web <- all => rejected'],
  },
  {
    title: '§6.1 Reject of one rule, Deny of another, and the end of the tier stays silent',
    resources: web(
      '{ action: Reject, protocol: TCP, destination: { ports: [80] } }',
      '{ action: Deny, protocol: UDP }',
      '{ action: Allow, protocol: ICMP }',
    ),
    expect: ['web <- all: icmp4; all: tcp 80 => rejected'],
  },
  {
    title: '§6.1 Reject in egress: the pod itself is told',
    resources: gnp(
      'out',
      "selector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Reject, protocol: TCP }\n  - { action: Allow }",
    ),
    expect: ['client partner -> all: all -tcp; all: tcp => rejected'],
  },
  {
    title: '§6.1 Reject in an early tier is final',
    resources:
      tier('first', 'order: 1') +
      gnp('no', "tier: first\nselector: app == 'web'\ningress:\n  - { action: Reject, protocol: UDP }\n  - { action: Pass }") +
      web('{ action: Allow }'),
    expect: ['web <- all: all -udp; all: udp => rejected'],
  },
  {
    title: '§6.13 iptablesFilterDenyAction Reject: every Deny and every end of a tier is told',
    resources:
      felix('iptablesFilterDenyAction: Reject\nnftablesFilterDenyAction: Reject') +
      web('{ action: Deny, protocol: UDP }', '{ action: Allow, protocol: TCP, destination: { ports: [80] } }'),
    expect: ['web <- all: tcp 80; all => rejected'],
  },
  {
    title: '§6.13 logActionRateLimit: a Log rule beyond its limit still decides nothing',
    resources:
      felix('logActionRateLimit: 1/minute\nlogActionRateLimitBurst: 1\nlogPrefix: "%t %k %n"') +
      web('{ action: Log }', '{ action: Allow, protocol: TCP }'),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.13 iptablesFilterAllowAction Return: what policy allows is left to the rules behind, which here allow all; denied is denied',
    resources: felix('iptablesFilterAllowAction: Return\nnftablesFilterAllowAction: Return') + web('{ action: Allow, protocol: TCP }'),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.13 chainInsertMode Append: where nobody else has rules it decides the same',
    resources: felix('chainInsertMode: Append') + web('{ action: Allow, protocol: TCP }'),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.13 iptablesMarkMask: other bits of the packet mark, the same verdicts, Allow, Pass and both ends among them',
    resources:
      felix('iptablesMarkMask: 0x0000ff00') +
      tier('first', 'order: 1') +
      gnp(
        'pass',
        "tier: first\nselector: app == 'web'\ningress:\n  - { action: Pass, protocol: TCP }\n  - { action: Deny, protocol: UDP }\n  - { action: Allow }",
      ) +
      web('{ action: Allow, protocol: TCP, destination: { ports: [80] } }') +
      np('shop/out', "selector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Allow, protocol: TCP }"),
    expect: ['web <- all: tcp 80, sctp, icmp', 'client -> all: tcp'],
  },
]
