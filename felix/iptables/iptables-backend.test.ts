import t from 'tap'
import { countRules, decideBackend } from './iptables-backend.ts'

const none = { others: 0, ours: 0, kubelet: false }
const few = { others: 3, ours: 0, kubelet: false }
const many = { others: 30, ours: 0, kubelet: false }
const broken = { others: 0, ours: 0, kubelet: false, problem: 'iptables is not installed' }

const refused = { ...none, problem: 'the kernel refuses nft tables: ENOTSUP' }

type Row = [title: string, args: Parameters<typeof decideBackend>, expected: ReturnType<typeof decideBackend>]
const table: Row[] = [
  [
    'the configured one is taken',
    ['legacy', { nft: many, legacy: none }, 'nft'],
    { backend: 'legacy', reason: 'felix.iptablesBackend is legacy', leftovers: false },
  ],
  [
    'the one with more rules of others',
    ['auto', { nft: few, legacy: many }, 'nft'],
    { backend: 'legacy', reason: 'rules of others: 3 in nft, 30 in legacy', leftovers: false },
  ],
  [
    "kubelet's chain says it, however many rules the other has",
    ['auto', { nft: { ...few, kubelet: true }, legacy: many }, 'legacy'],
    {
      backend: 'nft',
      reason: 'kubelet uses nft: its chain KUBE-IPTABLES-HINT or KUBE-KUBELET-CANARY is there',
      leftovers: false,
    },
  ],
  [
    'where kubelet left it in both, rules are counted',
    ['auto', { nft: { ...few, kubelet: true }, legacy: { ...many, kubelet: true } }, 'nft'],
    { backend: 'legacy', reason: 'rules of others: 3 in nft, 30 in legacy', leftovers: false },
  ],
  [
    'equally many: what the system uses',
    ['auto', { nft: none, legacy: none }, 'legacy'],
    { backend: 'legacy', reason: "the system's iptables is legacy", leftovers: false },
  ],
  [
    'our own rules do not count, but are found where they were left',
    ['auto', { nft: few, legacy: { others: 0, ours: 90, kubelet: false } }, 'legacy'],
    { backend: 'nft', reason: 'rules of others: 3 in nft, 0 in legacy', leftovers: true },
  ],
  [
    'our rules in the chosen one are no leftovers',
    ['nft', { nft: { others: 0, ours: 90, kubelet: false }, legacy: none }, 'nft'],
    { backend: 'nft', reason: 'felix.iptablesBackend is nft', leftovers: false },
  ],
  [
    'auto takes the one that works',
    ['auto', { nft: broken, legacy: none }, 'nft'],
    { backend: 'legacy', reason: 'iptables-nft cannot be used: iptables is not installed', leftovers: false },
  ],
  [
    'auto takes the one that works, the other way round',
    ['auto', { nft: none, legacy: broken }, 'legacy'],
    { backend: 'nft', reason: 'iptables-legacy cannot be used: iptables is not installed', leftovers: false },
  ],
  [
    'none works: the problem is told',
    ['auto', { nft: broken, legacy: broken }, 'nft'],
    { backend: 'nft', reason: "the system's iptables is nft", leftovers: false, problem: 'iptables is not installed' },
  ],
  [
    'the configured one does not work: it is not replaced behind the operator, the problem is told',
    ['nft', { nft: broken, legacy: many }, 'legacy'],
    {
      backend: 'nft',
      reason: 'felix.iptablesBackend is nft',
      leftovers: false,
      problem: 'iptables is not installed; felix.iptablesBackend "legacy" can be used',
    },
  ],
  [
    'the configured one does not work, nor does the other: its own problem is told',
    ['nft', { nft: refused, legacy: broken }, 'legacy'],
    { backend: 'nft', reason: 'felix.iptablesBackend is nft', leftovers: false, problem: refused.problem },
  ],
  [
    "auto leaves what the kernel refuses, though it is the system's",
    ['auto', { nft: refused, legacy: none }, 'nft'],
    { backend: 'legacy', reason: 'iptables-nft cannot be used: the kernel refuses nft tables: ENOTSUP', leftovers: false },
  ],
  [
    'none works, each for another reason: both are told',
    ['auto', { nft: refused, legacy: broken }, 'nft'],
    {
      backend: 'nft',
      reason: "the system's iptables is nft",
      leftovers: false,
      problem: 'iptables-nft: the kernel refuses nft tables: ENOTSUP; iptables-legacy: iptables is not installed',
    },
  ],
]
for (const [title, args, expected] of table) t.test(title, async (t) => t.strictSame(decideBackend(...args), expected))

t.test('rules are counted by owner; policies and chains of others are no rules', async (t) => {
  t.strictSame(
    countRules(`*filter
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:tort-FORWARD - [0:0]
-A FORWARD -m comment --comment "tortie:0123456789abcdef" -j tort-FORWARD
-A FORWARD -j DOCKER
-A DOCKER -j RETURN
-A tort-FORWARD -j DROP
COMMIT
`),
    { others: 2, ours: 3, kubelet: false },
  )
})

for (const chain of ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY']) {
  t.test(`${chain} is kubelet's mark`, async (t) => {
    t.equal(countRules(`*mangle\n:PREROUTING ACCEPT [0:0]\n:${chain} - [0:0]\nCOMMIT\n`).kubelet, true)
    t.equal(countRules(`*mangle\n:X${chain} - [0:0]\n-A PREROUTING -j ${chain}\nCOMMIT\n`).kubelet, false)
  })
}
