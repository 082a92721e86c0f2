import type { PeerConfig } from '../peer.ts'
import { SpeakerRules } from '../policy/speaker-rules.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AdjRibIn } from './adj-rib-in.ts'
import type { AttributeTable } from './attribute-table.ts'
import type { FamilyTable } from './family-table.ts'
import { ImportPolicy } from './import-policy.ts'
import type { PeerSlot } from './peer-slot.ts'

export type ImportPoliciesOptions = {
  readonly asNumber: number
  readonly routerId: number
  readonly clusterId: number
  readonly ownAddresses: readonly string[]
  readonly interfaceOf: (nextHop: string) => string | undefined
}

export type ImportPoliciesParts = {
  readonly attributes: AttributeTable
  readonly tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly adjRibIn: AdjRibIn
}

/** Rows between two looks at the clock. */
const stretch = 2048

/**
 * The import policy of each peer. Where it is another one, the peer's paths are asked for again out of what was received, piece by piece:
 * the peer hears nothing of it.
 */
export class ImportPolicies {
  readonly #options: ImportPoliciesOptions
  readonly #parts: ImportPoliciesParts
  readonly #tables: readonly FamilyTable[]
  #rules = new SpeakerRules({})
  /** Whose paths are being asked for again. */
  readonly #reviewed = new Set<PeerSlot>()
  /** Whose paths may have to be told anew, though they are used as before. */
  readonly #retold = new Set<PeerSlot>()
  /** What is next: a table, and a row of its paths. */
  #table = 0
  #row = 0

  constructor(options: ImportPoliciesOptions, parts: ImportPoliciesParts) {
    this.#options = options
    this.#parts = parts
    this.#tables = Object.values(parts.tables)
  }

  /** Of a new peer. */
  set(slot: PeerSlot, config: PeerConfig): void {
    slot.importPolicy = {
      'ipv4-unicast': this.#policy(slot, config, 'ipv4-unicast'),
      'ipv6-unicast': this.#policy(slot, config, 'ipv6-unicast'),
    }
    this.#review(slot)
  }

  /** The peer's settings are others; they may also say otherwise whom its routes are told. */
  reconsider(slot: PeerSlot): void {
    if (slot.config === undefined) return
    this.set(slot, slot.config)
    this.#retold.add(slot)
  }

  setRules(rules: SpeakerRules, slots: readonly (PeerSlot | undefined)[]): void {
    const before = this.#rules
    this.#rules = rules
    for (const slot of slots) {
      const config = slot?.config
      if (slot === undefined || config === undefined) continue
      if (!rules.filters.isSameFor(config.importFilters ?? [], before.filters)) this.set(slot, config)
    }
  }

  /** Interfaces of next hops are others now. */
  nextHopsChanged(slots: readonly (PeerSlot | undefined)[]): void {
    for (const slot of slots) if (slot?.config?.importFilters !== undefined) this.#review(slot)
  }

  /** @returns whether more is to be asked */
  run(until: number): boolean {
    if (this.#reviewed.size === 0) return false
    for (; this.#table < this.#tables.length; this.#table++, this.#row = 0) {
      const table = this.#tables[this.#table] as FamilyTable
      while (this.#row < table.paths.length) {
        const end = Math.min(this.#row + stretch, table.paths.length)
        for (; this.#row < end; this.#row++) this.#look(table, this.#row)
        if (performance.now() >= until) return true
      }
    }
    this.#reviewed.clear()
    this.#retold.clear()
    return false
  }

  /** Paths that come later are asked for by themselves. */
  #review(slot: PeerSlot): void {
    this.#reviewed.add(slot)
    this.#table = 0
    this.#row = 0
  }

  #look(table: FamilyTable, row: number): void {
    if (!table.paths.has(row)) return
    const slot = table.peer(table.paths.peer[row] as number)
    if (!this.#reviewed.has(slot)) return
    this.#parts.adjRibIn.askAgain(table, slot, row)
    if (this.#retold.has(slot)) table.markChanged(table.paths.prefix[row] as number)
  }

  #policy(slot: PeerSlot, config: PeerConfig, family: AddressFamily): ImportPolicy {
    const { asNumber, routerId, clusterId, ownAddresses, interfaceOf } = this.#options
    const { localAs = asNumber, allowLocalAs = 0, acceptBlackhole = false, importFilters = [] } = config
    const options = {
      external: !slot.internal,
      peerAs: config.asNumber,
      ownAsNumbers: localAs === asNumber ? [asNumber] : [asNumber, localAs],
      allowLocalAs,
      routerId,
      clusterId,
      role: slot.internal ? undefined : config.role?.local,
      blackhole: acceptBlackhole,
      accepts: config.import !== 'none',
      filters: this.#rules.importRules(importFilters, family),
      ownAddresses,
      interfaceOf,
    }
    return new ImportPolicy(options, this.#parts.attributes, this.#parts.tables[family].prefixes)
  }
}
