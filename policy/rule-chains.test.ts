import t from 'tap'
import type { PolicyRule } from '../src/model/rule-shape.ts'
import { chainText } from './chain-text.ts'
import { marksOf } from './marks.ts'
import { defaultLog } from './policy-actions.ts'
import { policyOf } from './read-policy.ts'
import { policyChains, profileChains, type RuleContext } from './rule-chains.ts'
import { noting, setKey } from './sets/set-source.ts'
import { globalPolicy, k8sPolicy, networkPolicy } from './test-resources.ts'

const context: RuleContext = {
  families: [4],
  marks: marksOf(0xffff_0000),
  denied: { type: 'drop' },
  rejected: { type: 'reject' },
  log: defaultLog,
  sets: setKey,
}

function rendered(...ingress: readonly PolicyRule[]): readonly string[] {
  const policy = policyOf(globalPolicy('p', { ingress }))
  return policy === undefined ? [] : policyChains(policy, context).map(chainText)
}

const table: [title: string, rule: PolicyRule, expected: string][] = [
  [
    'the chain returns at its end by itself',
    { action: 'Allow', protocol: 'UDP' },
    '-A tort-pi-gnp/p -p udp -j MARK --set-xmark 0x10000/0x10000 # rule 0',
  ],
  ['Deny drops', { action: 'Deny', protocol: 'UDP' }, '-A tort-pi-gnp/p -p udp -j DROP # rule 0'],
  ['Reject drops and answers', { action: 'Reject', protocol: 'UDP' }, '-A tort-pi-gnp/p -p udp -j REJECT # rule 0'],
  [
    'Log goes on, names its rule, and is limited',
    { action: 'Log', protocol: 'UDP' },
    '-A tort-pi-gnp/p -p udp --limit 10/second --limit-burst 5 -j LOG "tortie p i0: " # rule 0',
  ],
  ['a rule of the other family leaves nothing behind, no RETURN either', { action: 'Allow', ipVersion: 6 }, ':tort-pi-gnp/p'],
  [
    'annotations are the comment, sorted, without what a shell or iptables could trip over',
    { action: 'Deny', metadata: { annotations: { b: 'x "y" `z`', a: '1' } } },
    '-A tort-pi-gnp/p -j DROP # rule 0 a=1 b=x _y_ _z_',
  ],
]
for (const [title, rule, expected] of table) t.test(title, async (t) => t.strictSame(rendered(rule), [expected]))

const beforeAnother: [title: string, rule: PolicyRule, expected: string][] = [
  [
    'Allow marks and returns: it is never terminal',
    { action: 'Allow', protocol: 'UDP' },
    `
-A tort-pi-gnp/p -p udp -j MARK --set-xmark 0x10000/0x10000 # rule 0
-A tort-pi-gnp/p --mark 0x10000/0x10000 -j RETURN`,
  ],
  [
    'Pass marks with another bit and returns',
    { action: 'Pass', protocol: 'UDP' },
    `
-A tort-pi-gnp/p -p udp -j MARK --set-xmark 0x20000/0x20000 # rule 0
-A tort-pi-gnp/p --mark 0x20000/0x20000 -j RETURN`,
  ],
  [
    'alternatives share the one RETURN after them',
    { action: 'Allow', protocol: 'TCP', destination: { ports: [80, 'http'] } },
    `
-A tort-pi-gnp/p -p tcp --dports 80 -j MARK --set-xmark 0x10000/0x10000 # rule 0
-A tort-pi-gnp/p -p tcp --match-set named-ports http dst,dst -j MARK --set-xmark 0x10000/0x10000 # rule 0
-A tort-pi-gnp/p --mark 0x10000/0x10000 -j RETURN`,
  ],
]
t.test('behind alternatives the RETURN stays at the end of a chain too: it counts a packet once that several of them match', async (t) => {
  const [, , rule] = beforeAnother
  t.strictSame(rendered(...(rule === undefined ? [] : [rule[1]])), [rule?.[2].trim()])
})

for (const [title, rule, expected] of beforeAnother) {
  t.test(title, async (t) => t.strictSame(rendered(rule, { action: 'Deny' }), [`${expected.trim()}\n-A tort-pi-gnp/p -j DROP # rule 1`]))
}

t.test('annotations are cut where nft would cut the comment', async (t) => {
  const [text = ''] = rendered({ action: 'Deny', metadata: { annotations: { k: 'v'.repeat(500) } } })
  t.equal(text.split('# ')[1]?.length, 'rule 0 '.length + 110)
})

t.test('only the directions of `types` have chains, each in every family', async (t) => {
  const policy = policyOf(networkPolicy('p', { types: ['Egress'], ingress: [{ action: 'Allow' }] }))
  const chains = policy === undefined ? [] : policyChains(policy, { ...context, families: [4, 6] })
  t.strictSame(
    chains.map(({ family, name, rules }) => [family, name, rules.length]),
    [
      [4, 'tort-po-np/shop/p', 0],
      [6, 'tort-po-np/shop/p', 0],
    ],
  )
})

t.test('a Kubernetes policy keeps its kind in the name of its chain', async (t) => {
  const policy = policyOf(k8sPolicy('p', { podSelector: {} }))
  t.strictSame(policy === undefined ? [] : policyChains(policy, context).map(({ name }) => name), ['tort-pi-knp/shop/p'])
})

t.test('a profile has chains in both directions', async (t) => {
  const chains = profileChains(
    { name: 'kns.shop', ingress: [], egress: [{ index: 0, action: 'Deny', source: {}, destination: {} }] },
    context,
  )
  t.strictSame(chains.map(chainText), [':tort-pri-kns.shop', '-A tort-pro-kns.shop -j DROP # rule 0'])
})

t.test('the sets of a policy are each named once, of the families that are rendered', async (t) => {
  const policy = policyOf(
    globalPolicy('p', {
      ingress: [
        { action: 'Allow', source: { selector: 'has(a)', nets: ['10.0.0.0/8', '11.0.0.0/8'] } },
        { action: 'Allow', source: { selector: 'has(a)', notSelector: 'has(b)' } },
        { action: 'Allow', source: { nets: ['fd00::/16', 'fd01::/16'] } },
        { action: 'Allow', ipVersion: 6, source: { selector: 'has(never)' } },
      ],
    }),
  )
  const keys = (families: readonly (4 | 6)[]) => {
    const { names, asked } = noting(setKey)
    if (policy !== undefined) policyChains(policy, { ...context, families, sets: names })
    return asked().map(setKey)
  }
  t.strictSame(keys([4]), ['nets 10.0.0.0/8 11.0.0.0/8', 'selector has(a)', 'selector has(b)'])
  t.strictSame(keys([4, 6]).slice(3), ['nets fd00::/16 fd01::/16', 'selector has(never)'])
})
