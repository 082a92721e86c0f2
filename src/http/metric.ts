import type { MonitorStatus, PeerStatus } from '../../bgp/peer.ts'
import type { FlowCounters } from '../flows/flow-log.ts'
import type { RuleTotals } from '../rule-totals.ts'
import type { AgentCounters, AgentStatus } from './agent-face.ts'
import type { LoopLag } from './loop-lag.ts'

/** What one scrape reads of the agent. */
export type Reading = {
  readonly ready: boolean
  readonly status: AgentStatus
  readonly peers: readonly PeerStatus[]
  readonly monitors: MonitorStatus
  readonly counters: AgentCounters
  readonly lag: LoopLag
  readonly rules: RuleTotals
  /** undefined: no flow log is kept. */
  readonly flows: FlowCounters | undefined
}

/** One value, by its labels; a gauge has several of them. */
export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** @property name a counter's ends in `_total`, as Prometheus has it; the others are gauges */
export type Metric = {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  read(reading: Reading): readonly Sample[]
}
