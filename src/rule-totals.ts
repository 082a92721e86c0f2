/** Packets by policy rule, in all since the agent started: the kernel's own counters begin anew whenever a chain is written. */
import type { CountedTable } from '../felix/iptables/rule-count-reader.ts'
import { type Count, policyRuleCounts, type RuleCount } from '../felix/rule-counts.ts'
import type { RuleOrigin } from '../policy/rule-origins.ts'

/** What one rule of a policy or profile has met, in all tables and both families. @property rule index in the user's list */
export type RuleTotal = Pick<RuleOrigin, 'kind' | 'namespace' | 'name' | 'direction'> & {
  readonly rule: number
  readonly action: string
} & Count

/** Rules that met something, those with the most packets first. @property leftOut how many more there are */
export type RuleTotals = { readonly rules: readonly RuleTotal[]; readonly leftOut: number }

/** @property writing tells apart what was written between two readings: the hash of the last rule covers all before it */
type Reading = { readonly writing: string; readonly counts: ReadonlyMap<number, Count> }

type OriginOf = (chain: string) => RuleOrigin | undefined

export class RuleTotalCounter {
  readonly #most: number
  /** The last reading of each chain that had counted something, by family, table and name. */
  #before = new Map<string, Reading>()
  /** By chain name, then by rule and its action. */
  readonly #totals = new Map<string, Map<string, RuleTotal>>()

  /** @param most so many rules are shown */
  constructor(most: number) {
    this.#most = most
  }

  /** Takes over a reading, of which each is given once. Chains that are gone are forgotten. */
  take(tables: readonly CountedTable[], originOf: OriginOf): void {
    const now = new Map<string, Reading>()
    const present = new Set<string>()
    for (const { family, table, chains } of tables)
      for (const [chain, rules] of chains) {
        present.add(chain)
        const reading = readingOf(rules)
        if (reading === undefined) continue
        const place = `${family} ${table} ${chain}`
        now.set(place, reading)
        this.#add(chain, increase(reading, this.#before.get(place)), originOf)
      }
    this.#before = now
    for (const chain of this.#totals.keys()) if (!present.has(chain)) this.#totals.delete(chain)
  }

  get shown(): RuleTotals {
    const rules = [...this.#totals.values()].flatMap((totals) => [...totals.values()]).toSorted((a, b) => b.packets - a.packets)
    return { rules: rules.slice(0, this.#most), leftOut: Math.max(0, rules.length - this.#most) }
  }

  #add(chain: string, counts: ReadonlyMap<number, Count>, originOf: OriginOf): void {
    const origin = counts.size === 0 ? undefined : originOf(chain)
    if (origin === undefined) return
    const { kind, namespace, name, direction, actions } = origin
    const totals = this.#totals.get(chain) ?? new Map<string, RuleTotal>()
    this.#totals.set(chain, totals)
    for (const [rule, { packets, octets }] of counts) {
      const action = actions.get(rule)
      if (action === undefined) continue // written since by a policy that has changed again
      const before = totals.get(`${rule} ${action}`) ?? { packets: 0, octets: 0 }
      const sum = { packets: before.packets + packets, octets: before.octets + octets }
      totals.set(`${rule} ${action}`, { kind, namespace, name, direction, rule, action, ...sum })
    }
  }
}

/** undefined: nothing was counted. */
function readingOf(rules: readonly RuleCount[]): Reading | undefined {
  if (!rules.some(({ packets }) => packets > 0)) return undefined
  return { writing: rules.at(-1)?.hash ?? '', counts: policyRuleCounts(rules) }
}

/** All of it where the chain was written since: counters then began at zero. */
function increase({ writing, counts }: Reading, before: Reading | undefined): ReadonlyMap<number, Count> {
  const isGoingOn =
    before?.writing === writing && [...before.counts].every(([rule, { packets }]) => (counts.get(rule)?.packets ?? 0) >= packets)
  if (!isGoingOn) return counts
  const more = [...counts].map(([rule, { packets, octets }]): [number, Count] => {
    const { packets: p = 0, octets: o = 0 } = before.counts.get(rule) ?? {}
    return [rule, { packets: packets - p, octets: octets - o }]
  })
  return new Map(more.filter(([, { packets }]) => packets > 0))
}
