import t from 'tap'
import type { CleanupReport } from '../felix/cleanup/cleanup.ts'
import { type CleanupOutcome, outcomeOf, runCleanup } from './cleanup-command.ts'
import { openEmbedded } from './datastore/embedded.ts'

const none = { routes: 0, tunnelAddresses: 0, chains: 0, hooks: 0, ipSets: 0, nftTables: 0 }
const table: [title: string, report: CleanupReport, expected: CleanupOutcome][] = [
  [
    'what went is told by kind',
    { removed: { routes: 3, tunnelAddresses: 1, chains: 16, hooks: 1, ipSets: 2, nftTables: 2 }, left: [] },
    {
      exitCode: 0,
      lines: ['removed 3 routes, 1 tunnel address, 1 rule in the chains of the kernel, 16 chains, 2 IP sets, 2 tables of nftables'],
      problems: [],
    },
  ],
  [
    'nothing to do is no failure',
    { removed: none, left: [] },
    { exitCode: 0, lines: ['nothing of Tortie was in the kernel'], problems: [] },
  ],
  [
    'what is left is a failure, beside what went',
    { removed: { ...none, routes: 1 }, left: ['chain tort-in (filter, IPv4, nft): rules of others jump to it'] },
    {
      exitCode: 1,
      lines: ['removed 1 route'],
      problems: ['left: chain tort-in (filter, IPv4, nft): rules of others jump to it'],
    },
  ],
  [
    'where nothing can be told, nothing is claimed',
    { removed: none, left: ['ipset: Operation not permitted'] },
    { exitCode: 1, lines: [], problems: ['left: ipset: Operation not permitted'] },
  ],
]
for (const [title, report, expected] of table) t.test(title, async (t) => t.strictSame(outcomeOf(report), expected))

t.test('beside an agent nothing is touched', async (t) => {
  const path = t.testdir()
  const opened = await openEmbedded(path)
  if (opened.type === 'problem') throw new Error(opened.problem)
  t.teardown(() => opened.datastore.close())
  const felix = { routeProtocol: 116 } as const
  t.strictSame(await runCleanup({ felix, datastore: { type: 'embedded', path } }), {
    exitCode: 1,
    lines: [],
    problems: [`an agent runs on ${path} and would put everything back: stop it first, then clean up`],
  })
})
