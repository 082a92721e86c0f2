import t from 'tap'
import { ruleArguments } from '../../felix/iptables/rule-text.ts'
import { defaultFailsafePorts, type FailsafePorts, failsafeMatches, failsafeReplies } from './failsafe.ts'

const text = (alternatives: ReturnType<typeof failsafeMatches>, family: 4 | 6 = 4) =>
  alternatives.map((match) =>
    ruleArguments({ match, action: { type: 'accept' } }, family)
      .slice(0, -2)
      .join(' '),
  )

t.test('§5.3, §6.13 the default ports, a few rules for all of them', async (t) => {
  t.strictSame(text(failsafeMatches(defaultFailsafePorts, 'ingress', 4)), [
    '-p tcp -m multiport --destination-ports 22,179,2379,2380,5473,6443,6666,6667',
    '-p udp -m multiport --destination-ports 68',
  ])
  t.strictSame(text(failsafeMatches(defaultFailsafePorts, 'egress', 6), 6), [
    '-p udp -m multiport --destination-ports 53,67',
    '-p tcp -m multiport --destination-ports 179,2379,2380,5473,6443,6666,6667',
  ])
})

const own: FailsafePorts = {
  ingress: [
    { protocol: 'TCP', port: 22, net: '192.0.2.7/24' },
    { protocol: 'TCP', port: 22, net: '2001:db8::/32' },
    { protocol: 'SCTP', port: 1 },
    { protocol: 'SCTP', port: 1 },
  ],
  egress: [{ protocol: 'UDP', port: 53, net: '192.0.2.1' }],
}

const table: [title: string, alternatives: ReturnType<typeof failsafeMatches>, family: 4 | 6, expected: readonly string[]][] = [
  [
    'a net is where connections come from, masked; a port named twice is one',
    failsafeMatches(own, 'ingress', 4),
    4,
    ['-p tcp -s 192.0.2.0/24 -m multiport --destination-ports 22', '-p sctp -m multiport --destination-ports 1'],
  ],
  [
    'nets of the other family are left out, never taken for any',
    failsafeMatches(own, 'ingress', 6),
    6,
    ['-p tcp -s 2001:db8::/32 -m multiport --destination-ports 22', '-p sctp -m multiport --destination-ports 1'],
  ],
  ['or where they go', failsafeMatches(own, 'egress', 4), 4, ['-p udp -d 192.0.2.1/32 -m multiport --destination-ports 53']],
  ['nothing of the family, no rule', failsafeMatches(own, 'egress', 6), 6, []],
  [
    'answers to connections from outside leave by the ports they came to',
    failsafeReplies(own, 'egress', 4),
    4,
    ['-p tcp -d 192.0.2.0/24 -m multiport --source-ports 22', '-p sctp -m multiport --source-ports 1'],
  ],
  [
    'answers to the host come from the ports it called',
    failsafeReplies(own, 'ingress', 4),
    4,
    ['-p udp -s 192.0.2.1/32 -m multiport --source-ports 53'],
  ],
]
for (const [title, alternatives, family, expected] of table) t.test(title, async (t) => t.strictSame(text(alternatives, family), expected))

t.test('more ports than one match holds are several', async (t) => {
  const ingress = Array.from({ length: 31 }, (_, i) => ({ protocol: 'UDP' as const, port: 100 - i }))
  const rules = text(failsafeMatches({ ingress, egress: [] }, 'ingress', 4))
  t.equal(rules.length, 3)
  t.match(rules[0], /--destination-ports 70,71/)
})
