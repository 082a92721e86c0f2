/** A packet on its whole way through a node, hook by hook as the kernel goes (Netfilter's diagram), without a kernel. */
import type { TableName } from '../../felix/kernel.ts'
import { type Packet, type Ruleset, walk } from '../chain-walk.ts'

/**
 * @property verdict `end`: no rule of ours was final in the last chain, its own policy decides there
 * @property at where it was dropped: "mangle PREROUTING"
 * @property untracked conntrack was told to leave it alone
 */
export type Fate = { readonly verdict: 'accept' | 'drop' | 'end'; readonly at?: string; readonly untracked: boolean }

type Step = readonly [table: TableName, kernelChain: string, seen: Packet]

/**
 * A packet that comes in by `inInterface`. With an `outInterface` it is forwarded there, else it is for the host.
 * @param dnat what a rule of others changes in nat PREROUTING
 */
export function arrives(ruleset: Ruleset, packet: Packet, dnat: Partial<Packet> = {}): Fate {
  const routed = { ...packet, ...dnat, dnat: Object.keys(dnat).length > 0 }
  const before: Packet = { ...packet, outInterface: '' }
  const local = packet.outInterface === ''
  return follow(ruleset, packet, [
    ['raw', 'PREROUTING', before],
    ['mangle', 'PREROUTING', before],
    ...(local
      ? [['filter', 'INPUT', routed] as const]
      : [['filter', 'FORWARD', routed] as const, ['mangle', 'POSTROUTING', { ...routed, inInterface: '' }] as const]),
  ])
}

/** A packet that the host sends. @param dnat what nat OUTPUT changes: OUTPUT itself still sees the former interface */
export function leaves(ruleset: Ruleset, packet: Packet, dnat: Partial<Packet> = {}): Fate {
  const sent: Packet = { ...packet, inInterface: '', local: ['source'] }
  const changed = { ...sent, ...dnat, dnat: Object.keys(dnat).length > 0 }
  return follow(ruleset, sent, [
    ['raw', 'OUTPUT', sent],
    ['filter', 'OUTPUT', { ...changed, outInterface: sent.outInterface }],
    ['mangle', 'POSTROUTING', changed],
  ])
}

/** Only a verdict in the filter table counts as one; the mark goes with the packet. */
function follow(ruleset: Ruleset, { mark, state }: Packet, steps: readonly Step[]): Fate {
  let now = { mark, state }
  let verdict: Fate['verdict'] = 'end'
  let untracked = false
  for (const [table, kernelChain, seen] of steps) {
    // raw comes before conntrack, where no state is known
    const result = walk(ruleset, table, kernelChain, { ...seen, mark: now.mark, state: table === 'raw' ? 'UNTRACKED' : now.state })
    if (result.verdict === 'drop') return { verdict: 'drop', at: `${table} ${kernelChain}`, untracked }
    if (table === 'filter') verdict = result.verdict
    untracked ||= result.untracked
    now = { mark: result.mark, state: untracked ? 'UNTRACKED' : now.state }
  }
  return { verdict, untracked }
}
