/** Felix as the API shows it: wanted beside programmed, page by page. */
import type { Felix } from '../felix/felix.ts'
import type { CountedTable } from '../felix/iptables/rule-count-reader.ts'
import { indexIn, type RuleCount } from '../felix/rule-counts.ts'
import type { RuleOrigin } from '../policy/rule-origins.ts'
import type { AgentCounters, AgentStatus, FelixItem, FelixPage, FelixQuery, RepairStatus, StatusProblem } from './http/agent-face.ts'
import type { KernelView } from './node-view.ts'
import { RuleTotalCounter, type RuleTotals } from './rule-totals.ts'

/** What the view reads of felix. */
export type ShownKernel = Pick<
  Felix,
  | 'problems'
  | 'counters'
  | 'routeCounters'
  | 'policyCounters'
  | 'restoreCounters'
  | 'policyBackend'
  | 'repairs'
  | 'chains'
  | 'ruleCounts'
  | 'ipSets'
  | 'tunnels'
  | 'routes'
>

type OriginOf = (chain: string) => RuleOrigin | undefined
type CountedChain = { readonly name: string; readonly rules: readonly RuleCount[] }

/** Rules of policies beyond so many are no series of their own in the metrics. */
const maxRules = 1_000

export class FelixView implements KernelView {
  readonly #felix: ShownKernel
  readonly #originOf: OriginOf
  readonly #totals = new RuleTotalCounter(maxRules)
  #taken: readonly CountedTable[] | undefined

  /** @param originOf the policy that a chain is made of */
  constructor(felix: ShownKernel, originOf: OriginOf) {
    this.#felix = felix
    this.#originOf = originOf
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
    const choice = this.#felix.policyBackend
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

  async chains(query: FelixQuery): Promise<FelixPage | undefined> {
    const found = page(this.#felix.chains(), query)
    if (found === undefined) return undefined
    const tables = await this.#felix.ruleCounts()
    const counts = new Map(
      tables.flatMap(({ family, table, chains }) =>
        [...chains].map(([name, rules]): [string, CountedChain] => [`chain ${table}/${name} (IPv${family})`, { name, rules }]),
      ),
    )
    return { ...found, items: found.items.map((item) => this.#counted(item, counts.get(item.name))) }
  }

  async ruleTotals(): Promise<RuleTotals> {
    const tables = await this.#felix.ruleCounts()
    if (tables !== this.#taken) this.#totals.take(tables, this.#originOf)
    this.#taken = tables
    return this.#totals.shown
  }

  ipSets(query: FelixQuery): FelixPage | undefined {
    return page(this.#felix.ipSets(), query)
  }

  tunnels(query: FelixQuery): FelixPage | undefined {
    return page(this.#felix.tunnels(), query)
  }

  /** @param chain undefined: it is not in the kernel, or has no rules */
  #counted(item: FelixItem, chain: CountedChain | undefined): FelixItem {
    if (chain === undefined) return item
    const origin = this.#originOf(chain.name)
    const counters = chain.rules.map(({ packets, octets, note }) => {
      const rule = origin && indexIn(note)
      return { packets, octets, ...(rule !== undefined && { rule }) }
    })
    return { ...item, ...(origin && { policy: subjectOf(origin), direction: origin.direction }), counters }
  }
}

function subjectOf({ kind, namespace, name }: RuleOrigin): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
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
