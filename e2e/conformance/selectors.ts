/** The selector language as real endpoints meet it (selector reference §7.1 to §7.3). */
import { gnp, np, type Scenario } from './scenario.ts'
import { pod } from './world.ts'

/** Everything the selector selects takes nothing. */
const closes = (selector: string) => gnp('closed', `selector: ${JSON.stringify(selector)}\ntypes: [Ingress]`)

/** [selector, what it is about, whom it selects]. */
const subjects: readonly (readonly [title: string, selector: string, selected: string])[] = [
  ['§7.3 ==: equal', "role == 'client'", 'client partner'],
  ['§7.3 !=: another value, or none', "role != 'client'", 'pods -client -partner'],
  ['§7.3 in: one of the values', "role in {'client', 'admin', 'nobody'}", 'client partner admin'],
  ['§7.3 not in: none of the values, or no label', "role not in {'client', 'admin'}", 'pods -client -partner -admin'],
  ['§7.3 has: whatever the value', 'has(tier)', 'web db vault'],
  ['§7.3 !has: the label is absent', '!has(app)', 'client other partner plain'],
  ['§7.3 contains: anywhere in the value', "app contains 'eb'", 'web admin'],
  ["§7.3 contains '': every value, but no absent label", "role contains ''", 'client other partner admin'],
  ['§7.3 starts with', "app starts with 'weba'", 'admin'],
  ['§7.3 ends with', "app ends with 'b'", 'web db vault'],
  ['§7.1 && binds tighter than ||', "app == 'web' || has(role) && role == 'other'", 'web other'],
  ['§7.1 parentheses', "(app == 'web' || app == 'db') && tier == 'back'", 'db vault'],
  ['§7.1 ! before parentheses', '!(has(app) || has(role))', 'plain'],
  ['§7.1 !! cancels', '!!has(tier) && !!!has(role)', 'web db vault'],
  ['§7.2 rule 10: in {} is never true, not in {} always', "role in {} || (app not in {} && app == 'db')", 'db vault'],
  ['§7.3 comparison is case-sensitive', "role == 'Client' || app == 'DB'", ''],
  ['§7.1 all()', 'all()', 'pods'],
  ['§6.1.2 the namespace as a label', "projectcalico.org/namespace == 'bank'", 'bank'],
  ['§6.1.2 labels of the namespace, with pcns.', "pcns.env == 'prod' && !has(role)", 'web db vault'],
  ['§6.1.2 the name of the namespace, of one that was never posted too', "pcns.projectcalico.org/name == 'default'", 'plain'],
  ['§6.1.2 the service account as a label', "projectcalico.org/serviceaccount == 'buyer'", 'client partner'],
  ['§6.1.2 labels of the service account, with pcsa.', "pcsa.trusted == 'yes'", 'client'],
  ['§6.1.2 the orchestrator as a label', "projectcalico.org/orchestrator == 'k8s' && role == 'other'", 'other'],
]

export const selectors: readonly Scenario[] = [
  ...subjects.map(
    ([title, selector, selected]): Scenario => ({
      title: `${title}: ${selector}`,
      resources: closes(selector),
      expect: selected === '' ? [] : [`${selected} <- nothing`],
    }),
  ),
  {
    title: '§7.2 rule 3: labels that are called like operators',
    resources: pod('plain', { labels: { in: 'in', has: 'not', all: 'x' } }) + closes("in in {'in'} && has == 'not' && has(all)"),
    expect: ['plain <- nothing'],
  },
  {
    title: '§7.1 labels with a prefix, dots, dashes and underscores; an empty value is a value',
    resources: pod('plain', { labels: { 'example.com/a.b-c_d': '' } }) + closes("example.com/a.b-c_d == ''"),
    expect: ['plain <- nothing'],
  },
  {
    title: '§6.1.2 an endpoint’s own label wins over one it inherits',
    resources: pod('web', { labels: { app: 'web', 'pcns.team': 'own' } }) + closes("pcns.team == 'a'"),
    expect: ['db client other <- nothing'],
  },
  {
    title: '§6.2 without selector a policy is about all of its namespace',
    resources: np('bank/all', 'types: [Ingress, Egress]'),
    expect: ['bank <- nothing', 'bank -> nothing'],
  },
  {
    title: '§6.2 a selector never reaches beyond the policy’s namespace',
    resources: np('shop/db', "selector: app == 'db'\ntypes: [Ingress]"),
    expect: ['db <- nothing'],
  },
  {
    title: '§6.1.1 notSelector of a global policy: all but the selected, unknown addresses too',
    resources: gnp('not', "selector: app == 'web'\ningress:\n  - { action: Allow, source: { notSelector: has(role) } }"),
    expect: ['web <- all -client -other -partner -admin'],
  },
  {
    title: '§6.1.2 rule 4: notSelector of a namespaced policy means its namespace, without the selected',
    resources: np('shop/not', "selector: app == 'web'\ningress:\n  - { action: Allow, source: { notSelector: role == 'client' } }"),
    expect: ['web <- db other'],
  },
  {
    title: '§6.1.1 selector and notSelector in one entity must both hold',
    resources: gnp(
      'both',
      "selector: app == 'web'\ningress:\n  - { action: Allow, source: { selector: app == 'db', notSelector: pcns.team == 'b' } }",
    ),
    expect: ['web <- db'],
  },
  {
    title: '§6.1.1 notSelector in a Deny rule of egress',
    resources: gnp(
      'deny',
      "selector: role == 'client'\ntypes: [Egress]\negress:\n  - { action: Deny, destination: { notSelector: app == 'web' } }\n  - { action: Allow }",
    ),
    expect: ['client partner -> web'],
  },
  {
    title: '§7.3 a peer’s absent label: != and not in let it in, == does not',
    resources: gnp(
      'absent',
      "selector: app == 'web'\ningress:\n  - { action: Allow, protocol: TCP, source: { selector: role != 'client' } }\n  - { action: Allow, protocol: UDP, source: { selector: role == 'client' } }",
    ),
    expect: ['web <- pods -client -partner: tcp; client partner: udp'],
  },
]
