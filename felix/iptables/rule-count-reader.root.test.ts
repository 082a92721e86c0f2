/** Counters of real rules, with both kinds of iptables. */
import { pino } from 'pino'
import t from 'tap'
import type { PolicyState } from '../policy-writer.ts'
import { makeNetns } from '../test-netns.ts'
import { PolicyTables } from './policy-tables.ts'

const chain = (family: 4 | 6): PolicyState['chains'][number] => ({
  family,
  table: 'filter',
  name: 'tort-OUTPUT',
  rules: [
    {
      match: [{ type: 'protocol', protocol: family === 4 ? 'icmp' : 'icmpv6' }],
      action: { type: 'set-mark', value: 1, mask: 1 },
      comment: 'rule 0',
    },
    { match: [{ type: 'protocol', protocol: 'tcp' }], action: { type: 'drop' }, comment: 'rule 1 why=not' },
  ],
})
const state: PolicyState = {
  ipSets: [],
  chains: [chain(4), chain(6)],
  hooks: ([4, 6] as const).map((family) => ({
    family,
    table: 'filter',
    kernelChain: 'OUTPUT',
    at: 'insert',
    rule: { match: [], action: { type: 'jump', chain: 'tort-OUTPUT' } },
  })),
}

for (const backend of ['nft', 'legacy'] as const)
  t.test(`${backend}: what rules count is read, at most as often as it costs little`, async (t) => {
    const netns = await makeNetns()
    t.teardown(() => netns.remove())
    let nowMs = 0
    const tables = new PolicyTables(backend, { run: netns.run, nowMs: () => nowMs, log: pino({ enabled: false }) })
    t.strictSame(await tables.ruleCounts(), [], 'nothing is there before the first apply')
    await tables.apply(state, true)
    nowMs += 10_000
    await netns.must('ping', ['-c', '2', '-W', '1', '127.0.0.1'])
    const started = netns.started()
    const counted = await tables.ruleCounts()
    const numbers = counted.map(({ family, chains }) => [
      family,
      chains.get('tort-OUTPUT')?.map(({ note, packets, octets }) => [note, packets, octets]),
    ])
    t.strictSame(numbers, [
      [
        4,
        [
          ['rule 0', 4, 336],
          ['rule 1 why=not', 0, 0],
        ],
      ], // two requests and two answers of 84 octets
      [
        6,
        [
          ['rule 0', 0, 0],
          ['rule 1 why=not', 0, 0],
        ],
      ],
    ])
    t.equal(netns.started() - started, 2, 'only tables with chains of ours are read')
    t.equal(await tables.ruleCounts(), counted)
    t.equal(netns.started() - started, 2)
    nowMs += 10_000
    const [first, second] = await Promise.all([tables.ruleCounts(), tables.ruleCounts()])
    t.not(first, counted)
    t.equal(first, second)
    t.equal(netns.started() - started, 4, 'who asks meanwhile waits for the same')
  })
