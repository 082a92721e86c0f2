import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { FilterChain } from '../policy/filter-chain.ts'
import type { FilteredRoute } from '../policy/filter-rule.ts'
import { type ImportRefusal, type ImportTerms, imported } from '../policy/import-rules.ts'
import { type Modification, modified, unchanged } from '../policy/modification.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import type { AttributeSet } from './attribute-set.ts'
import type { AttributeTable } from './attribute-table.ts'

export type ImportPolicyOptions = ImportTerms & {
  /** Where no filter decides. */
  readonly accepts: boolean
  readonly filters: FilterChain | undefined
  /** Next hops that are this node. */
  readonly ownAddresses: readonly string[]
  /** The outgoing interface of a next hop. */
  readonly interfaceOf: (nextHop: string) => string | undefined
}

const refusals: Readonly<Record<ImportRefusal, string>> = {
  'own-as-in-path': 'loop: our AS is in the path (RFC 4271 §9.1.2)',
  'own-originator-id': 'loop: we are its originator (RFC 4456 §8)',
  'own-cluster-id': 'loop: our cluster is in its list (RFC 4456 §8)',
  'route-leak': 'route leak: ONLY_TO_CUSTOMER (RFC 9234 §5)',
}

/** What the paths of one peer in one family are used as. */
export class ImportPolicy {
  readonly #options: ImportPolicyOptions
  readonly #attributes: AttributeTable
  readonly #prefixes: PrefixTable
  /** Sets that are not marked pass the standing rules as they are, or are no loop-free ones. */
  readonly #isUsual: boolean
  readonly #route: FilteredRoute
  #set = -1
  /** The set that the standing rules were asked of last, and what they said; routes of one UPDATE have the same. */
  #view: AttributeSet | undefined
  #passed: PathAttributes | undefined
  #refusal: string | undefined

  constructor(options: ImportPolicyOptions, attributes: AttributeTable, prefixes: PrefixTable) {
    const { external, role, allowLocalAs, ownAsNumbers } = options
    this.#options = options
    this.#attributes = attributes
    this.#prefixes = prefixes
    this.#isUsual = role === undefined && allowLocalAs === 0 && ownAsNumbers.length === 1
    const bytes = new Uint8Array(prefixes.family === 4 ? 4 : 16)
    this.#route = { bytes, length: 0, set: this, external, learned: true, interfaceName: () => this.#interfaceName() }
  }

  /** Of the set that is being asked for, as the filters see them. */
  get attributes(): PathAttributes {
    return this.#passed ?? this.#attributes.get(this.#set).attributes
  }

  /**
   * The set that a path is decided on; -1: the path is kept, but not used.
   * @param set held by the caller
   * @returns to be held before anything else is interned
   */
  used(set: number, prefix: number): number {
    this.#set = set
    if (this.#isUsual && !this.#attributes.isMarked(set)) {
      if (!this.#attributes.isEligible(set)) return -1
      if (this.#options.filters === undefined) return this.#options.accepts ? set : -1
      this.#view = undefined
      this.#passed = undefined
    } else if (!this.#passes(set)) return -1
    const modification = this.#filtered(prefix)
    if (modification === undefined) return -1
    const isSame = this.#passed === undefined || this.#passed === this.#view?.attributes
    if (isSame && modification === unchanged) return set
    const family = this.#prefixes.family === 4 ? 'ipv4-unicast' : 'ipv6-unicast'
    return this.#attributes.internDerived(modified(this.attributes, modification), set, family)
  }

  /** Why `used` gives -1, by the steps that make it do so; undefined: it does not. */
  refusal(set: number, prefix: number): string | undefined {
    this.#set = set
    this.#view = undefined
    this.#refusal = undefined
    if (this.#passes(set)) this.#filtered(prefix)
    this.#view = undefined
    return this.#refusal
  }

  /** The standing rules, where they may say something. */
  #passes(set: number): boolean {
    const view = this.#attributes.get(set)
    if (view === this.#view) return this.#passed !== undefined
    this.#view = view
    this.#passed = undefined
    if (view.nextHop !== undefined && this.#options.ownAddresses.includes(view.nextHop.address)) {
      this.#refusal = 'the next hop is this node'
      return false
    }
    const result = imported(view.attributes, this.#options)
    if (typeof result === 'string') {
      this.#refusal = refusals[result]
      return false
    }
    this.#passed = result
    return true
  }

  /** undefined: refused. */
  #filtered(prefix: number): Modification | undefined {
    const { accepts, filters } = this.#options
    if (filters === undefined) return this.#otherwise(accepts)
    const route = this.#route
    this.#prefixes.copyAddress(prefix, route.bytes, 0)
    route.length = this.#prefixes.lengthOf(prefix)
    const verdict = filters.verdict(route)
    if (verdict === undefined) return this.#otherwise(accepts)
    if (verdict !== 'reject' && verdict.accepts) return verdict.modification
    this.#refusal = filters.reason(verdict)
    return undefined
  }

  #otherwise(accepts: boolean): Modification | undefined {
    if (!accepts) this.#refusal = 'import: none'
    return accepts ? unchanged : undefined
  }

  #interfaceName(): string | undefined {
    const address = this.#attributes.nextHop(this.#set)?.address
    return address === undefined ? undefined : this.#options.interfaceOf(address)
  }
}
