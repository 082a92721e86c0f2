/** A `SpeakerPolicy` made ready for routes, and what it says of one. */
import type { Cidr } from '../../src/net/prefix.ts'
import type { FilterRule, SpeakerPolicy } from '../speaker-policy.ts'
import type { AddressFamily } from '../wire/message.ts'
import { type FilterChain, Filters, type FilterVerdict } from './filter-chain.ts'
import type { FilteredRoute } from './filter-rule.ts'
import { bothModifications, type Modification, unchanged } from './modification.ts'
import { RuleList } from './rule-list.ts'

export class SpeakerRules {
  readonly filters: Filters
  readonly #policy: SpeakerPolicy
  readonly #notExported: Readonly<Record<AddressFamily, RuleList>>
  readonly #advertisements: Readonly<Record<AddressFamily, RuleList>>

  /** @param before what is the same in it is not compiled again */
  constructor(policy: SpeakerPolicy, before?: SpeakerRules) {
    const { filters = [], notExported = [], advertisements = [] } = policy
    this.#policy = policy
    this.filters = new Filters(filters, before?.filters)
    this.#notExported = byFamily(notExported.map((cidr) => ({ ...inside(cidr), action: 'reject' })))
    this.#advertisements = byFamily(
      advertisements.map(({ cidr, communities }) => ({
        ...inside(cidr),
        action: 'accept',
        operations: communities.map((community) => ({ type: 'add-community', community })),
      })),
    )
  }

  /** undefined: there is nothing to ask of any route. */
  importRules(names: readonly string[], family: AddressFamily): FilterChain | undefined {
    return this.filters.chain(names, 'import', family)
  }

  /** undefined: there is nothing to ask of any route. */
  exportRules(names: readonly string[], family: AddressFamily): ExportRules | undefined {
    const chain = this.filters.chain(names, 'export', family)
    const notExported = this.#notExported[family]
    const advertisements = this.#advertisements[family]
    if (chain === undefined && notExported.isEmpty && advertisements.isEmpty) return undefined
    return new ExportRules(chain, notExported, advertisements)
  }

  /** Whether what is told to a peer with these filters may be another now. */
  exportsTheSame(names: readonly string[], before: SpeakerRules): boolean {
    const [now, then] = [this.#policy, before.#policy]
    const isSame = (a: unknown, b: unknown) => a === b || JSON.stringify(a) === JSON.stringify(b)
    return (
      isSame(now.notExported, then.notExported) &&
      isSame(now.advertisements, then.advertisements) &&
      this.filters.isSameFor(names, before.filters)
    )
  }
}

/** What an update group asks of each route, after what the RFCs forbid. */
export class ExportRules {
  readonly #chain: FilterChain | undefined
  readonly #notExported: RuleList
  readonly #advertisements: RuleList
  /** Why the route that `decide` was asked of last is not told. */
  refusal: string | undefined

  constructor(chain: FilterChain | undefined, notExported: RuleList, advertisements: RuleList) {
    this.#chain = chain
    this.#notExported = notExported
    this.#advertisements = advertisements
  }

  /**
   * @param otherwise why the route is not told where no filter decides; undefined: it is
   * @returns undefined: it is not told, and `refusal` says why
   */
  decide(route: FilteredRoute, otherwise: string | undefined): Modification | undefined {
    const verdict = this.#chain?.verdict(route)
    this.refusal = this.#refused(route, verdict, otherwise)
    if (this.refusal !== undefined || verdict === 'reject') return undefined
    const own = verdict?.modification ?? unchanged
    return this.#advertisements.all(route).reduce((all, { modification }) => bothModifications(all, modification), own)
  }

  #refused(route: FilteredRoute, verdict: FilterVerdict, otherwise: string | undefined): string | undefined {
    if (verdict === 'reject' || verdict?.accepts === false) return this.#chain?.reason(verdict)
    if (verdict !== undefined || otherwise !== undefined) return verdict === undefined ? otherwise : undefined
    return this.#notExported.match(route) === undefined ? undefined : 'it lies in an IPPool with disableBGPExport'
  }
}

function inside(cidr: Cidr): Pick<Required<FilterRule>, 'prefix'> {
  return { prefix: { cidr, operator: 'in', minLength: 0, maxLength: 128 } }
}

function byFamily(rules: readonly FilterRule[]): Readonly<Record<AddressFamily, RuleList>> {
  const isIpv6 = ({ prefix }: FilterRule) => prefix?.cidr.includes(':') === true
  return {
    'ipv4-unicast': new RuleList(
      rules.filter((rule) => !isIpv6(rule)),
      'ipv4-unicast',
    ),
    'ipv6-unicast': new RuleList(rules.filter(isIpv6), 'ipv6-unicast'),
  }
}
