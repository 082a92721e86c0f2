import type { IpAddress } from '../../src/net/address.ts'
import { SpeakerRules } from '../policy/speaker-rules.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { AttributeTable } from './attribute-table.ts'
import type { DecisionOptions } from './best-path.ts'
import { type ExportTerms, exportTerms } from './export.ts'
import type { FamilyTable } from './family-table.ts'
import type { GroupMember } from './group-member.ts'
import type { PeerSlot } from './peer-slot.ts'
import type { RibOptions } from './rib-options.ts'
import type { SessionTerms } from './session-terms.ts'
import { UpdateGroup, type UpdateGroupOptions } from './update-group.ts'
import { UpdateWriter } from './update-writer.ts'

/** A peer this far behind is told the latest state instead of each step. */
const backlogLimit = 8 * 1024 * 1024

/** Prefixes that a new group enters between two looks at the clock. */
const stretch = 2048

/** The same where each prefix may have thousands of paths to rank. */
const pathsStretch = 64

/** All update groups, and which of them each peer is in: one for each family of its session. */
export class UpdateGroups {
  readonly #options: UpdateGroupOptions
  readonly #tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly #attributes: AttributeTable
  readonly #onNote: (peer: number, note: string) => void
  readonly #writer = new UpdateWriter()
  #rules = new SpeakerRules({})
  readonly #interfaceOf: (nextHop: IpAddress) => string | undefined
  /** By peer. */
  readonly #members: (readonly GroupMember[])[] = []

  constructor(
    options: RibOptions & { readonly backlogLimit?: number; readonly decision: DecisionOptions },
    tables: Readonly<Record<AddressFamily, FamilyTable>>,
    attributes: AttributeTable,
    onNote: (peer: number, note: string) => void,
    interfaceOf: (nextHop: IpAddress) => string | undefined,
  ) {
    const { asNumber, routerId, clusterId, localAddress } = options
    this.#options = { backlogLimit, ...options, asNumber, routerId, clusterId, localAddress }
    this.#tables = tables
    this.#attributes = attributes
    this.#onNote = onNote
    this.#interfaceOf = interfaceOf
  }

  /** Groups that are concerned look at every route again; their members are told what comes out otherwise. */
  setRules(rules: SpeakerRules): void {
    const before = this.#rules
    this.#rules = rules
    for (const { groups } of Object.values(this.#tables))
      for (const group of groups) {
        const { filters, family } = group.terms
        if (!rules.exportsTheSame(filters, before)) group.setRules(rules.exportRules(filters, family))
      }
  }

  /** Interfaces of next hops are others now. */
  nextHopsChanged(): void {
    for (const { groups } of Object.values(this.#tables))
      for (const group of groups)
        if (group.terms.filters.length > 0) group.setRules(this.#rules.exportRules(group.terms.filters, group.terms.family))
  }

  join(slot: PeerSlot, terms: SessionTerms): void {
    this.leave(slot)
    this.#members[slot.id] = terms.families.map((family) => this.#groupFor(slot, terms, family).join(slot.id, terms.enhancedRouteRefresh))
  }

  /** After a change of the peer's settings: where that makes it another group's, it is told the difference there. */
  regroup(slot: PeerSlot, terms: SessionTerms): void {
    this.#members[slot.id] = (this.#members[slot.id] ?? []).map((member) => {
      const group = this.#groupFor(slot, terms, member.family)
      if (group === member.group) return member
      member.group.moveOut(member)
      const moved = group.join(slot.id, member.framesRefresh, member)
      if (member.group.members.length === 0) this.#dissolve(member.group)
      return moved
    })
  }

  leave(slot: PeerSlot): void {
    for (const member of this.#members[slot.id] ?? []) {
      member.group.leave(member)
      if (member.group.members.length === 0) this.#dissolve(member.group)
    }
    this.#members[slot.id] = []
  }

  refresh(peer: number, family: AddressFamily): void {
    const member = this.member(peer, family)
    member?.group.refresh(member)
  }

  member(peer: number, family: AddressFamily): GroupMember | undefined {
    return this.#members[peer]?.find((member) => member.family === family)
  }

  /** Enters the table into groups made after it. @returns whether there is more to enter */
  fill(until: number): boolean {
    for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const)
      for (const group of this.#tables[family].groups)
        while (group.fill(group.tellsPaths ? pathsStretch : stretch)) if (performance.now() >= until) return true
    return false
  }

  flush(): void {
    for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) for (const group of this.#tables[family].groups) group.flush()
  }

  hasOutput(peer: number): boolean {
    return (this.#members[peer] ?? []).some((member) => member.group.hasOutput(member))
  }

  read(peer: number, maxBytes: number, mayEnd: (family: AddressFamily) => boolean): Uint8Array | undefined {
    for (const member of this.#members[peer] ?? []) {
      const bytes = member.group.read(member, maxBytes, mayEnd(member.family))
      if (bytes !== undefined) return bytes
    }
    return undefined
  }

  advertised(peer: number, family: AddressFamily): number {
    return this.member(peer, family)?.group.told.count(peer) ?? 0
  }

  #groupFor(slot: PeerSlot, terms: SessionTerms, family: AddressFamily): UpdateGroup {
    const wanted = exportTerms(slot, terms, family, this.#options.asNumber)
    const table = this.#tables[family]
    const known = table.groups.find((group) => sameTerms(group.terms, wanted))
    if (known !== undefined) return known
    const group = new UpdateGroup(wanted, this.#options, table, this.#attributes, this.#writer, this.#onNote, this.#interfaceOf)
    group.setRules(this.#rules.exportRules(wanted.filters, family))
    table.groups.push(group)
    return group
  }

  #dissolve(group: UpdateGroup): void {
    const { groups } = this.#tables[group.terms.family]
    groups.splice(groups.indexOf(group), 1)
    group.dissolve()
  }
}

function sameTerms(a: ExportTerms, b: ExportTerms): boolean {
  return (
    a.asNumber === b.asNumber &&
    a.extendedNextHop === b.extendedNextHop &&
    a.behind === b.behind &&
    a.keptPrivateAs === b.keptPrivateAs &&
    a.nextHop === b.nextHop &&
    a.role === b.role &&
    a.filters.join() === b.filters.join() &&
    a.internal === b.internal &&
    a.export === b.export &&
    a.routeReflectorClient === b.routeReflectorClient &&
    a.fourOctetAs === b.fourOctetAs &&
    a.maxMessageLength === b.maxMessageLength &&
    a.addPath === b.addPath &&
    a.longLived === b.longLived &&
    a.localAddress === b.localAddress
  )
}
