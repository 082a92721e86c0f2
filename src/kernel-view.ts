/** Felix as the API shows it: wanted beside programmed, page by page. */
import type { Felix } from '../felix/felix.ts'
import type { AgentCounters, AgentStatus, FelixItem, FelixPage, FelixQuery, RepairStatus, StatusProblem } from './http/agent-face.ts'
import type { KernelView } from './node-view.ts'

/** What the view reads of felix. */
export type ShownKernel = Pick<
  Felix,
  | 'problems'
  | 'counters'
  | 'routeCounters'
  | 'policyCounters'
  | 'restoreCounters'
  | 'iptablesBackend'
  | 'repairs'
  | 'chains'
  | 'ipSets'
  | 'tunnels'
  | 'routes'
>

export class FelixView implements KernelView {
  readonly #felix: ShownKernel

  constructor(felix: ShownKernel) {
    this.#felix = felix
  }

  problems(): readonly StatusProblem[] {
    return this.#felix.problems()
  }

  routeCounts(): Readonly<Record<string, number>> {
    return this.#felix.routeCounters
  }

  policyCounts(): Readonly<Record<string, number>> {
    return this.#felix.policyCounters
  }

  iptables(): AgentStatus['iptables'] {
    const choice = this.#felix.iptablesBackend
    return choice && { backend: choice.backend, reason: choice.reason }
  }

  repairs(): RepairStatus {
    const { total, last } = this.#felix.repairs
    return { total, last }
  }

  counters(): Pick<AgentCounters, 'changes' | 'repairs' | 'lock'> {
    const tables = Object.entries(this.#felix.counters)
    const { lockWaits, lockWaitSeconds } = this.#felix.restoreCounters
    return {
      changes: Object.fromEntries(tables.map(([table, { changes }]) => [table, changes])),
      repairs: Object.fromEntries(tables.map(([table, { repairs }]) => [table, repairs])),
      lock: { waits: lockWaits, seconds: lockWaitSeconds },
    }
  }

  routes({ limit, cursor }: FelixQuery): FelixPage | undefined {
    const after = cursor === undefined ? undefined : position(cursor)
    if (cursor !== undefined && after === undefined) return undefined
    const { routes, next } = this.#felix.routes(limit, after)
    const items = routes.map(({ destination, status, ...route }): FelixItem => ({ name: destination, ...route, status }))
    return { items, total: this.#felix.routeCounters.programmed, ...(next !== undefined && { cursor: String(next) }) }
  }

  chains(query: FelixQuery): FelixPage | undefined {
    return page(this.#felix.chains(), query)
  }

  ipSets(query: FelixQuery): FelixPage | undefined {
    return page(this.#felix.ipSets(), query)
  }

  tunnels(query: FelixQuery): FelixPage | undefined {
    return page(this.#felix.tunnels(), query)
  }
}

function page(items: readonly FelixItem[], { limit, cursor }: FelixQuery): FelixPage | undefined {
  const from = cursor === undefined ? 0 : position(cursor)
  if (from === undefined) return undefined
  const end = from + limit
  return { items: items.slice(from, end), total: items.length, ...(end < items.length && { cursor: String(end) }) }
}

/** The number a cursor stands for; undefined if it is none of ours. */
function position(cursor: string): number | undefined {
  return /^\d{1,9}$/.test(cursor) ? Number(cursor) : undefined
}
