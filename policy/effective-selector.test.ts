import t from 'tap'
import type { EntityRule } from '../src/model/rule-shape.ts'
import { entitySelectors, nodesTerm, subjectSelector } from './effective-selector.ts'
import { matches } from './selector/evaluate.ts'
import type { Selector } from './selector/selector.ts'

const own = 'projectcalico.org/namespace == "shop"'

/** Rows of §6.1.2: the entity, then its positive selector in a NetworkPolicy of "shop" and in a global policy. */
const entities: [title: string, entity: EntityRule, namespaced: string | undefined, global: string | undefined][] = [
  ['nothing set is any address', {}, undefined, undefined],
  ['nets and ports alone are any endpoint', { nets: ['10.0.0.0/8'], ports: [80] }, undefined, undefined],
  ['blank text counts as not set', { selector: ' ', namespaceSelector: '' }, undefined, undefined],
  ['selector', { selector: "a == 'b'" }, `(${own} && a == "b")`, 'a == "b"'],
  ['selector all() is somebody known, not anybody', { selector: 'all()' }, own, 'all()'],
  ['namespaceSelector', { namespaceSelector: "team in {'b','a'}" }, 'pcns.team in {"a", "b"}', 'pcns.team in {"a", "b"}'],
  ['namespaceSelector all()', { namespaceSelector: 'all()' }, 'has(projectcalico.org/namespace)', 'has(projectcalico.org/namespace)'],
  [
    'namespaceSelector global()',
    { namespaceSelector: 'global()' },
    '!has(projectcalico.org/namespace)',
    '!has(projectcalico.org/namespace)',
  ],
  [
    'both',
    { selector: "a == 'b' && has(c)", namespaceSelector: '!has(x)' },
    '(!has(pcns.x) && a == "b" && has(c))',
    '(!has(pcns.x) && a == "b" && has(c))',
  ],
  ['an alternative keeps its parentheses', { selector: "a == 'b' || has(c)" }, `(${own} && (a == "b" || has(c)))`, '(a == "b" || has(c))'],
  [
    'service accounts by name, sorted',
    { serviceAccounts: { names: ['z', 'a', 'z'] } },
    `(${own} && projectcalico.org/serviceaccount in {"a", "z"})`,
    'projectcalico.org/serviceaccount in {"a", "z"}',
  ],
  [
    'service accounts by names that none can have, of a store from before they were refused, are nobody',
    { serviceAccounts: { names: [`a'b"c`] } },
    `(${own} && projectcalico.org/serviceaccount in {})`,
    'projectcalico.org/serviceaccount in {}',
  ],
  ['service accounts by label', { serviceAccounts: { selector: "l != '1'" } }, `(${own} && pcsa.l != "1")`, 'pcsa.l != "1"'],
  ['empty service accounts are not set', { serviceAccounts: { names: [] } }, undefined, undefined],
  ['notSelector alone restricts a namespaced policy to its namespace', { notSelector: "a == 'b'" }, own, undefined],
]
for (const [title, entity, namespaced, global] of entities) {
  t.test(`§6.1.2: ${title}`, async (t) => {
    t.equal(entitySelectors(entity, 'shop').positive?.text, namespaced)
    t.equal(entitySelectors(entity, '').positive?.text, global)
  })
}

t.test('§6.1.2 rule 4: notSelector is not restricted by namespace itself', async (t) => {
  t.equal(entitySelectors({ notSelector: "a == 'b'" }, 'shop').negative?.text, 'a == "b"')
  t.equal(entitySelectors({ selector: "a == 'b'" }, 'shop').negative, undefined)
})

const subjects: [title: string, spec: Parameters<typeof subjectSelector>[0], namespace: string, expected: string][] = [
  ['§6.2: no selector is all of the namespace', {}, 'shop', own],
  ['§6.2: a selector within the namespace', { selector: "a == 'b'" }, 'shop', `(${own} && a == "b")`],
  ['§6.2: the service account by its labels', { serviceAccountSelector: 'has(r)' }, 'shop', `(${own} && has(pcsa.r))`],
  ['§6.3: a global policy selects everywhere', {}, '', 'all()'],
  ['§6.3: namespaceSelector all() is only what has a namespace', { namespaceSelector: 'all()' }, '', 'has(projectcalico.org/namespace)'],
  ['§6.3: namespaceSelector by labels', { namespaceSelector: "t == '1'", selector: 'has(a)' }, '', '(pcns.t == "1" && has(a))'],
]
for (const [title, spec, namespace, expected] of subjects)
  t.test(title, async (t) => t.equal(subjectSelector(spec, namespace).text, expected))

t.test('§6.16: a selector of nodes means what is marked as a Node; others never do, also where labels are absent', async (t) => {
  const node = new Map([
    ['node ', ''],
    ['node gpu', 'yes'],
  ])
  const hasGpu: Selector = { type: 'equal', label: 'gpu', value: 'yes' }
  t.equal(nodesTerm(hasGpu).text, 'nodes: gpu == "yes"')
  t.ok(matches(nodesTerm(hasGpu).selector, node))
  t.ok(matches(nodesTerm({ type: 'all' }).selector, node))
  t.notOk(matches(nodesTerm({ type: 'all' }).selector, { gpu: 'yes' }))
  for (const selector of ['all()', '!has(gpu)', "gpu != 'no'", 'has(gpu) || !has(app)', "gpu == 'yes'"]) {
    const { positive } = entitySelectors({ selector }, '')
    t.notOk(positive === undefined || matches(positive.selector, node), selector)
  }
})

t.test('a selector that does not parse is our bug: it was checked when it was stored', async (t) => {
  t.throws(() => entitySelectors({ selector: 'a = b' }, ''), /^selector "a = b": /)
})
