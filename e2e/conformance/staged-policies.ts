/** Staged policies decide nothing (resource reference §6.7). */
import { document, gnp, np, type Scenario, tier } from './scenario.ts'

const staged = (kind: string, where: string, spec: string) => document('projectcalico.org/v3', kind, where, spec)

export const stagedPolicies: readonly Scenario[] = [
  {
    title: '§6.7 a StagedNetworkPolicy denies nothing and isolates nobody',
    resources: staged('StagedNetworkPolicy', 'shop/s', 'types: [Ingress, Egress]\ningress: [{ action: Deny }]'),
    expect: [],
  },
  {
    title: '§6.7 a StagedGlobalNetworkPolicy allows nothing that others deny, whatever its order',
    resources:
      staged('StagedGlobalNetworkPolicy', 's', "order: 1\nselector: app == 'web'\ningress: [{ action: Allow }]") +
      np('shop/d', "order: 2\nselector: app == 'web'\ningress: [{ action: Allow, protocol: TCP }]"),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.7 a StagedKubernetesNetworkPolicy isolates nobody',
    resources: staged('StagedKubernetesNetworkPolicy', 'shop/s', 'podSelector: {}\npolicyTypes: [Ingress, Egress]'),
    expect: [],
  },
  {
    title: '§6.7 a tier in which every policy of the endpoint is staged has no end that drops',
    resources:
      tier('trial', 'order: 1') +
      staged('StagedGlobalNetworkPolicy', 's', 'tier: trial\nselector: all()\ningress: [{ action: Allow, protocol: UDP }]') +
      gnp('db', "tier: trial\nselector: app == 'db'\ningress: [{ action: Allow, protocol: TCP }]"),
    expect: ['db vault <- all: tcp'],
  },
  {
    title: '§6.7 stagedAction Delete: the policy it names stays enforced',
    resources:
      np('shop/p', "selector: app == 'web'\ningress: [{ action: Allow, protocol: TCP }]") +
      staged('StagedNetworkPolicy', 'shop/p', 'stagedAction: Delete'),
    expect: ['web <- all: tcp'],
  },
  {
    title: '§6.7 a staged policy of the same name beside the enforced one changes nothing of it; enforced, it does',
    resources:
      gnp('p', "selector: app == 'web'\ningress: [{ action: Allow, protocol: TCP }]") +
      staged('StagedGlobalNetworkPolicy', 'p', "selector: app == 'web'\ningress: [{ action: Allow, protocol: UDP }]"),
    expect: ['web <- all: tcp'],
    later: [{ apply: gnp('p', "selector: app == 'web'\ningress: [{ action: Allow, protocol: UDP }]"), expect: ['web <- all: udp'] }],
  },
]
