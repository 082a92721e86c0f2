/**
 * `npm run bench -- table 200000`: as root, on an idle machine. Each figure is the median of --runs (3).
 * Beside BIRD and FRR, where they are installed (--who=bird,frr,tortie):
 *   table N [--feeders=2]                            feeders with the same prefixes -> speaker -> one sink, N prefixes shaped like the
 *                                                    Internet table
 *   churn N ROUNDS                                   that table announced and withdrawn, again and again: memory after each round
 *   one-change N CHANGES                             one route of a loaded table gets another path: until the sink knows
 *   fib N                                            one feeder -> speaker -> kernel routes
 *   mesh FEEDERS PREFIXES SETS SINKS IBGP BOTH       many peers at once
 * Of the agent alone; with --nftables, policy-sync, policy-change and datapath are of nftables itself, not of iptables-nft:
 *   policy POLICIES                                  one policy changed among so many: from the request to the rule in the kernel
 *   policy-sync POLICIES                             first apply of so many on 100 workloads, as a ratio to the bare tools
 *   policy-change POLICIES                           the rules of one among so many, five rules each, as a ratio to the bare restore
 *   label-change ENDPOINTS                           of one pod among so many of other nodes, as a ratio to the bare ipset restore
 *   endpoint-updates ENDPOINTS                       1,000 of them change each second: cores of the agent and of its tools
 *   datapath POLICIES [--pairs=5]                    throughput and new connections of two pods, ten of the policies on them, as ratios to no policies;
 *                                                    needs iperf3
 *   policy-memory ENDPOINTS POLICIES                 resident memory after storing so much, and after a restart
 *   restart RESOURCES ROUTES                         SIGKILL and start with so much: until ready, and what of the kernel was rewritten
 *   api RESOURCES PREFIXES                           mixed reads with so much stored while a table loads; a change seen by 500 watchers
 */
import { parseArgs } from 'node:util'
import { benchApi } from './api-latency.ts'
import { benchDatapath } from './datapath.ts'
import { benchEndpointUpdates } from './endpoint-updates.ts'
import { benchLabelChange } from './label-change.ts'
import { benchPolicyChange } from './policy-change.ts'
import { benchPolicy } from './policy-latency.ts'
import { benchPolicyMemory } from './policy-memory.ts'
import { benchPolicySync } from './policy-sync.ts'
import { benchRestart } from './restart.ts'
import { compareSpeakers } from './side-by-side.ts'
import type { SpeakerName } from './speakers.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    who: { type: 'string', default: 'bird,frr,tortie' },
    runs: { type: 'string', default: '3' },
    feeders: { type: 'string', default: '1' },
    pairs: { type: 'string', default: '5' },
    nftables: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const felix = values.nftables ? { nftablesMode: 'enabled' } : {}
const speakers = values.who.split(',') as SpeakerName[]
const [mode, ...numbers] = positionals
const everything: readonly (readonly [string, readonly string[]])[] = [
  ['table', ['200000']],
  ['fib', ['100000']],
  ['policy', ['100']],
  ['restart', ['1000', '10000']],
  ['api', ['10000', '200000']],
]
for (const [name, parameters] of mode === undefined ? everything : [[mode, numbers] as const]) await bench(name, parameters)

async function bench(name: string, parameters: readonly string[]): Promise<void> {
  switch (name) {
    case 'table':
    case 'churn':
    case 'one-change':
    case 'fib':
    case 'mesh':
      return compareSpeakers(name, parameters, { speakers, runs, feeders: Number(values.feeders) })
    case 'policy':
      return benchPolicy(parameters, runs)
    case 'policy-change':
      return benchPolicyChange(parameters, runs, values.nftables)
    case 'label-change':
      return benchLabelChange(parameters, runs)
    case 'endpoint-updates':
      return benchEndpointUpdates(parameters, runs)
    case 'policy-sync':
      return benchPolicySync(parameters, runs, values.nftables)
    case 'datapath':
      return benchDatapath(parameters, Number(values.pairs), felix)
    case 'policy-memory':
      return benchPolicyMemory(parameters)
    case 'api':
      return benchApi(parameters, runs)
    case 'restart':
      return benchRestart(parameters, runs)
    default:
      throw new Error(
        `no such load: ${name}; there are table, churn, one-change, fib, mesh, policy, policy-sync, policy-change, label-change, endpoint-updates, datapath, policy-memory, restart and api`,
      )
  }
}
