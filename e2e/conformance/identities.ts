/** Peers and subjects by namespace and service account (resource reference §6.1.1, §6.1.2, §6.2, §6.3). */
import { globalSet, gnp, np, type Scenario } from './scenario.ts'
import { pod, serviceAccount } from './world.ts'

const toWeb = (source: string) => np('shop/web', `selector: app == 'web'\ningress:\n  - { action: Allow, source: ${source} }`)
const toWebGlobal = (source: string) => gnp('web', `selector: app == 'web'\ningress:\n  - { action: Allow, source: ${source} }`)

export const identities: readonly Scenario[] = [
  {
    title: '§6.1.2 a selector in a namespaced policy means endpoints of the namespace',
    resources: toWeb("{ selector: role == 'client' }"),
    expect: ['web <- client'],
  },
  {
    title: '§6.1.2 a selector in a global policy means endpoints of every namespace',
    resources: toWebGlobal("{ selector: role == 'client' }"),
    expect: ['web <- client partner'],
  },
  {
    title: '§6.1.2 namespaceSelector by label of the namespace',
    resources: toWeb(`{ namespaceSelector: "team in {'b', 'ops'}" }`),
    expect: ['web <- bank ops'],
  },
  {
    title: '§6.1.2 namespaceSelector by name',
    resources: toWeb("{ namespaceSelector: projectcalico.org/name == 'ops' }"),
    expect: ['web <- ops'],
  },
  {
    title: '§6.1.2 namespaceSelector and selector must both hold',
    resources: toWeb("{ namespaceSelector: env == 'prod', selector: role == 'client' }"),
    expect: ['web <- client partner'],
  },
  {
    title: '§6.1.2 namespaceSelector all(): endpoints of any namespace, nobody else',
    resources: toWeb('{ namespaceSelector: all() }'),
    expect: ['web <- pods'],
  },
  {
    title: '§6.1.2 namespaceSelector global(): what is in no namespace, so no pod',
    resources: toWeb('{ namespaceSelector: global() }') + globalSet('out', '{ zone: out }', '[10.99.0.9/32, "fd00:99::9/128"]'),
    expect: ['web <- outside'],
  },
  {
    title: '§6.1.2 a namespaceSelector in a global policy’s rule',
    resources: toWebGlobal("{ namespaceSelector: has(team) && team != 'a' }"),
    expect: ['web <- bank ops'],
  },
  {
    title: '§6.3 a global policy without namespaceSelector is about pods of all namespaces',
    resources: gnp('all', 'types: [Egress]\negress:\n  - { action: Allow, protocol: UDP }'),
    expect: ['pods -> all: udp'],
  },
  {
    title: '§6.3 a global policy’s own namespaceSelector restricts whom it is about',
    resources: gnp('prod', "namespaceSelector: env == 'prod'\nselector: has(role)\ntypes: [Ingress]"),
    expect: ['client other partner <- nothing'],
  },
  {
    title: '§6.3 namespaceSelector all() of a global policy: every pod',
    resources: gnp('every', 'namespaceSelector: all()\ntypes: [Ingress]'),
    expect: ['pods <- nothing'],
  },
  {
    title: '§6.3 namespaceSelector != also means namespaces without the label',
    resources: gnp('not-prod', "namespaceSelector: env != 'prod'\ntypes: [Ingress]"),
    expect: ['admin plain <- nothing'],
  },
  {
    title: '§6.1.1 serviceAccounts.names: in the policy’s namespace',
    resources: toWeb('{ serviceAccounts: { names: [buyer, store] } }'),
    expect: ['web <- client db'],
  },
  {
    title: '§6.1.1 serviceAccounts.names in a global policy: in every namespace',
    resources: toWebGlobal('{ serviceAccounts: { names: [buyer] } }'),
    expect: ['web <- client partner'],
  },
  {
    title: '§6.1.1 serviceAccounts.selector: labels of the account, and its name',
    resources: toWebGlobal("{ serviceAccounts: { selector: has(trusted) || projectcalico.org/name == 'thief' } }"),
    expect: ['web <- client partner other'],
  },
  {
    title: '§6.1.1 serviceAccounts names and selector must both hold',
    resources: toWebGlobal(`{ serviceAccounts: { names: [buyer, keeper], selector: trusted == 'no' } }`),
    expect: ['web <- partner'],
  },
  {
    title: '§6.1.2 namespaceSelector, serviceAccounts and selector all at once',
    resources: toWeb(
      "{ namespaceSelector: all(), serviceAccounts: { names: [buyer, root] }, selector: role == 'client', notSelector: pcns.team == 'a' }",
    ),
    expect: ['web <- partner'],
  },
  {
    title: '§6.1.1 serviceAccounts of the destination, in egress',
    resources: np(
      'shop/out',
      "selector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Allow, destination: { serviceAccounts: { names: [server] } } }",
    ),
    expect: ['client -> web'],
  },
  {
    title: '§6.2 serviceAccountSelector: the subject’s own account, ANDed with selector',
    resources: np(
      'shop/by-account',
      "serviceAccountSelector: projectcalico.org/name in {'buyer', 'server'}\nselector: has(role)\ntypes: [Ingress]",
    ),
    expect: ['client <- nothing'],
  },
  {
    title: '§6.3 serviceAccountSelector of a global policy, by label',
    resources: gnp('trusted', 'serviceAccountSelector: has(trusted)\ntypes: [Ingress]'),
    expect: ['client partner <- nothing'],
  },
  {
    title: '§6.9 a pod changes its service account while it runs',
    resources: toWeb('{ serviceAccounts: { names: [buyer] } }'),
    expect: ['web <- client'],
    later: [{ apply: pod('other', { serviceAccountName: 'buyer' }), expect: ['web <- client other'] }],
  },
  {
    title: '§6.1.2 a service account’s labels change while its pods run',
    resources: toWebGlobal("{ serviceAccounts: { selector: trusted == 'yes' } }"),
    expect: ['web <- client'],
    later: [
      { apply: serviceAccount('bank/buyer', '{ trusted: "yes" }'), expect: ['web <- client partner'] },
      { apply: serviceAccount('shop/buyer', '{ }'), expect: ['web <- partner'] },
    ],
  },
]
