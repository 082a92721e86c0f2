import type { IpSetView } from './iptables/ip-set-table.ts'
import type { Backend } from './iptables/iptables-tool.ts'
import type { RestoreCounters } from './iptables/restore.ts'
import type { CountedTable } from './iptables/rule-count-reader.ts'
import type { ChainView } from './iptables/table-status.ts'
import type { KernelState, TableReport } from './kernel.ts'
import type { PolicyLimits } from './policy-limits.ts'

/** What policy wants of the kernel. */
export type PolicyState = Pick<KernelState, 'policy' | 'ipSets' | 'chains' | 'hooks'>

/** Through which of the kernel's firewalls: iptables of either kind, or nf_tables itself. */
export type PolicyBackend = Backend | 'nftables'

/** @property problem why it cannot be used: one sentence that says what to do */
export type PolicyChoice = { readonly backend: PolicyBackend; readonly reason: string; readonly problem?: string }

/** Makes the kernel enforce what policy wants, one way or another. */
export interface PolicyWriter {
  /** Undefined before the first `apply`. */
  readonly choice: PolicyChoice | undefined
  /** How many are wanted. */
  readonly counters: { readonly chains: number; readonly ipSets: number }
  /** What writing has cost. */
  readonly restoreCounters: RestoreCounters
  /** When `apply` has something to do without a change, in milliseconds of the clock that all share; infinite if never. */
  readonly dueAtMs: number
  /** From the next `apply` on. */
  setLimits(limits: PolicyLimits): void
  /** Begins to listen for what others change; `dueAtMs` is earlier then. */
  start(): Promise<void>
  /**
   * Never rejects for what the kernel or a tool refuses: that is in the report, and tried again when due.
   * @param prune whether what is ours and not wanted may be changed or removed
   */
  apply(state: PolicyState, prune: boolean): Promise<TableReport>
  /** Removes what nothing refers to any more, after `apply`. Gives how many went. */
  removeUnused(): Promise<number>
  /** Wanted beside programmed. */
  chains(): readonly ChainView[]
  ipSets(): readonly IpSetView[]
  /** What the rules of all chains of ours have counted, as it was read last or, if that may be, now; the same array until it is read anew. */
  ruleCounts(): Promise<readonly CountedTable[]>
  /** The kernel stays as it is. */
  close(): void
}

/** How many chains and sets a state has. */
export function countersOf({ policy, chains, ipSets }: PolicyState): { readonly chains: number; readonly ipSets: number } {
  const tables = Object.values(policy?.chains ?? {})
  const tracked = tables.reduce((sum, families) => sum + families[4].size + families[6].size, 0)
  return { chains: tracked + chains.length, ipSets: (policy?.ipSets.size ?? 0) + ipSets.length }
}
