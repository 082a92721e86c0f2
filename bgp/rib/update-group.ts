import type { IpAddress } from '../../src/net/address.ts'
import type { ExportRules } from '../policy/speaker-rules.ts'
import { endOfRib } from '../wire/end-of-rib.ts'
import { pathIdLength } from '../wire/nlri.ts'
import { u16At } from '../wire/octets.ts'
import { beginOfRefresh, endOfRefresh } from '../wire/route-refresh.ts'
import { AdjRibOut } from './adj-rib-out.ts'
import type { AttributeTable } from './attribute-table.ts'
import { BestPath, type DecisionOptions } from './best-path.ts'
import { type ExportOptions, type ExportTerms, goesInReach } from './export.ts'
import type { FamilyTable } from './family-table.ts'
import { GroupMember } from './group-member.ts'
import { MessageLog } from './message-log.ts'
import { nlriFields } from './nlri-fields.ts'
import { type OnSlot, OutPaths } from './out-paths.ts'
import { OutgoingAttributes } from './outgoing-attributes.ts'
import { PendingPrefixes } from './pending-prefixes.ts'
import { ToldRoutes } from './told-routes.ts'
import { UpdateBatch } from './update-batch.ts'
import { longestNlri, type Target, type UpdateWriter, updateOctets } from './update-writer.ts'

export type UpdateGroupOptions = ExportOptions & {
  /** Octets of the log that a peer may leave unread before it catches up from the table instead. */
  readonly backlogLimit: number
  readonly decision: DecisionOptions
}

/** Prefixes that a peer which catches up is told of at once. */
const pieceLength = 8192

/**
 * Peers of one family that are told the same (RFC 4271 §9.1.3): their common Adj-RIB-Out, and the messages that made it.
 * A route is for all members but the one it came from.
 */
export class UpdateGroup {
  readonly terms: ExportTerms
  readonly #options: UpdateGroupOptions
  readonly #table: FamilyTable
  readonly #writer: UpdateWriter
  readonly #target: Target
  readonly #onNote: (peer: number, note: string) => void
  readonly #log = new MessageLog()
  readonly #batch: UpdateBatch
  readonly members: GroupMember[] = []
  readonly #byPeer: (GroupMember | undefined)[] = []
  /** Members that do not follow the log. */
  readonly #catchingUp = new Set<GroupMember>()
  readonly #outgoing: OutgoingAttributes
  readonly #out: AdjRibOut
  /** Where several paths of a prefix are told: the Adj-RIB-Out is by their slots then, not by prefixes. */
  readonly #paths: OutPaths | undefined
  readonly told: ToldRoutes
  /** Prefixes below are in the Adj-RIB-Out; the rest of the table is still being entered. */
  #filledTo = 0
  #filled = false
  /** Prefixes below were looked at by the rules of now; -1: all. */
  #reviewedTo = -1

  constructor(
    terms: ExportTerms,
    options: UpdateGroupOptions,
    table: FamilyTable,
    attributes: AttributeTable,
    writer: UpdateWriter,
    onNote: (peer: number, note: string) => void,
    interfaceOf: (nextHop: IpAddress) => string | undefined,
  ) {
    this.terms = terms
    this.#options = options
    this.#table = table
    this.#writer = writer
    const { family, maxMessageLength, addPath } = terms
    const longest = longestNlri(family, addPath > 0)
    this.#onNote = onNote
    const room = (nextHop: Uint8Array) => maxMessageLength - updateOctets(nextHop) - longest
    this.#outgoing = new OutgoingAttributes(terms, options, attributes, table.prefixes, interfaceOf)
    this.#out = new AdjRibOut(table, attributes, this.#outgoing, room, (octets) => this.#noteTooLong(octets))
    this.#batch = new UpdateBatch(this.#out)
    this.#paths = addPath > 0 ? new OutPaths(table, this.#out, new BestPath(options.decision), addPath) : undefined
    this.told = new ToldRoutes(this.#out, this.#paths, (prefix, peer) => this.#byPeer[peer]?.pending?.has(prefix) === true)
    this.#target = { prefixes: this.#paths ?? table.prefixes, longestNlri: longest, family, inReach: goesInReach(terms), maxMessageLength }
  }

  /** Told of each change of a path, not only of the best one. */
  get tellsPaths(): boolean {
    return this.#paths !== undefined
  }

  /** Everything in the table has been entered once. */
  get filled(): boolean {
    return this.#filled
  }

  /** What is asked of each route, beside what the RFCs forbid; the whole table is looked at again. */
  setRules(rules: ExportRules | undefined): void {
    this.#outgoing.rules = rules
    this.#reviewedTo = this.#filled || this.#filledTo > 0 ? 0 : -1
  }

  /**
   * @param framesRefresh whether the peer knows BoRR and EoRR (RFC 7313)
   * @param before what it was in another group, and has left
   */
  join(peer: number, framesRefresh = false, before?: GroupMember): GroupMember {
    const member = new GroupMember(peer, this, framesRefresh, before)
    this.members.push(member)
    this.#byPeer[peer] = member
    this.#catchingUp.add(member)
    if (before?.toldBefore !== undefined && this.#paths !== undefined)
      this.#takeSlots(member, { group: before.group, slots: before.toldBefore })
    this.#pendAll(member)
    return member
  }

  leave(member: GroupMember): void {
    this.members.splice(this.members.indexOf(member), 1)
    this.#byPeer[member.peer] = undefined
    this.#catchingUp.delete(member)
    if (member.pending !== undefined) this.#forgetPending(member.pending)
    if (member.pending !== undefined && member.toldBefore !== undefined) this.#forgetPending(member.toldBefore)
    this.#trim()
  }

  /** Leaves for another group, with what it has been told in this one. */
  moveOut(member: GroupMember): void {
    if (member.pending === undefined) this.#detach(member)
    this.#pendAll(member)
    const told = member.pending ?? new PendingPrefixes()
    member.toldBefore?.moveTo(told)
    member.toldBefore = told
    member.pending = undefined
    this.leave(member)
  }

  /** Nobody is a member any more. */
  dissolve(): void {
    this.#out.sets.clear()
  }

  /** Enters the next prefixes of a table that was there before the group. @returns whether there are more */
  fill(count: number): boolean {
    if (this.#filled) return this.#review(count)
    const end = Math.min(this.#filledTo + count, this.#table.prefixes.capacity)
    for (; this.#filledTo < end; this.#filledTo++) this.#enter(this.#filledTo)
    this.#filled = end === this.#table.prefixes.capacity
    return !this.#filled || this.#reviewedTo >= 0
  }

  /** The best path of the prefix changed. */
  update(prefix: number): void {
    if (this.#filled || prefix < this.#filledTo) this.#enter(prefix)
  }

  /** Encodes what `update` collected. */
  flush(): void {
    this.#batch.write(this.#writer, this.#log, this.#target)
    this.#log.seal()
    // The table looks at their prefixes itself: they have just been decided.
    for (const slot of this.#paths?.takeGone() ?? []) if (!this.#isOwed(slot)) this.#paths?.release(slot)
    for (const member of this.members) {
      if (member.pending === undefined && this.#log.backlog(member.cursor) > this.#options.backlogLimit) this.#detach(member)
    }
    this.#trim()
  }

  /** Whether `read` would return something, but for routes which are not entered yet. */
  hasOutput(member: GroupMember): boolean {
    if (member.ownCursor < member.own.end) return true
    if (member.pending !== undefined) return member.pending.count > 0 || (this.#filled && member.owesAtEnd)
    member.cursor = this.#log.next(member.cursor, member.peer)
    return member.cursor < this.#log.end
  }

  /** @param mayEnd whether the first table is complete, so that End-of-RIB may be said */
  read(member: GroupMember, maxBytes: number, mayEnd: boolean): Uint8Array | undefined {
    if (member.pending !== undefined && member.ownCursor === member.own.end) this.#catchUp(member, mayEnd)
    if (member.ownCursor < member.own.end) {
      const { bytes, cursor } = member.own.read(member.ownCursor, member.peer, maxBytes)
      member.ownCursor = cursor
      member.own.trim(cursor)
      return bytes
    }
    if (member.pending !== undefined) return undefined
    member.cursor = this.#log.next(member.cursor, member.peer)
    if (member.cursor === this.#log.end) return undefined
    const { bytes, cursor } = this.#log.read(member.cursor, member.peer, maxBytes)
    member.cursor = cursor
    this.#trim()
    return bytes
  }

  /** RFC 2918 §4: the peer is told everything again; framed only after its first table (RFC 7313 §4.1). */
  refresh(member: GroupMember): void {
    if (member.pending === undefined) this.#detach(member)
    this.#pendAll(member)
    if (!member.framesRefresh || member.owesEndOfRib || member.owesEndOfRefresh) return
    this.#writer.append(member.own, 0, beginOfRefresh(member.family))
    member.owesEndOfRefresh = true
  }

  /** Whether a member that catches up has still to be told what became of the prefix. */
  isPending(prefix: number): boolean {
    return this.#paths === undefined ? this.#isOwed(prefix) : this.#paths.holds(prefix)
  }

  /** @param key a prefix, or the slot of a path */
  #isOwed(key: number): boolean {
    if (this.#catchingUp.size === 0) return false
    for (const { pending, toldBefore } of this.#catchingUp) if (pending?.has(key) || toldBefore?.has(key)) return true
    return false
  }

  /** What nobody is told of any more, and everybody knows it. */
  #release(key: number): void {
    if (this.#out.has(key) || (this.#paths !== undefined && this.#isOwed(key))) return
    this.#table.removeIfUnused(this.#paths?.release(key) ?? key)
  }

  /** What the member was told in a group with other slots. */
  #takeSlots(member: GroupMember, { group, slots }: { group: UpdateGroup; slots: PendingPrefixes }): void {
    const theirs = new Int32Array(slots.count)
    slots.take(theirs)
    member.toldBefore = this.#paths?.slotsFor(group.#paths, theirs)
    for (const slot of theirs) group.#release(slot)
  }

  /** What changes meanwhile is entered by itself. */
  #review(count: number): boolean {
    if (this.#reviewedTo < 0) return false
    const end = Math.min(this.#reviewedTo + count, this.#table.prefixes.capacity)
    for (; this.#reviewedTo < end; this.#reviewedTo++) this.#enter(this.#reviewedTo)
    if (end === this.#table.prefixes.capacity) this.#reviewedTo = -1
    return this.#reviewedTo >= 0
  }

  #enter(prefix: number): void {
    if (this.#paths !== undefined) this.#paths.enter(prefix, this.#onSlot)
    else if (this.#out.enter(prefix)) this.#tell(prefix, this.#out.row, this.#out.sourceBefore)
  }

  readonly #onSlot: OnSlot = (slot, row, sourceBefore) => this.#tell(slot, row, sourceBefore)

  #noteTooLong(length: number): void {
    const note = `attributes of ${length} octets do not fit a message of ${this.terms.maxMessageLength}: not advertised (RFC 8654 §5)`
    for (const { peer } of this.members) this.#onNote(peer, note)
  }

  /**
   * Followers by the log; those that catch up are told later what is true then.
   * @param row 0: nothing any more
   * @param sourceBefore whose route it was; -1: nobody's
   */
  #tell(prefix: number, row: number, sourceBefore: number): void {
    if (this.#catchingUp.size > 0) for (const { pending } of this.#catchingUp) pending?.add(prefix)
    if (this.#table.watchers.size > 0) this.#tellWatchers(prefix, row, sourceBefore)
    if (this.#catchingUp.size === this.members.length) return
    if (row === 0) {
      if (this.#hasFollowersBut(sourceBefore)) this.#batch.withdraw(prefix, sourceBefore)
      return
    }
    const source = this.#out.sets.source[row] as number
    if (this.#hasFollowersBut(source)) this.#batch.announce(prefix, row)
    // The new source had the route of the old one.
    if (sourceBefore >= 0 && sourceBefore !== source && this.#isFollowedBy(source)) this.#batch.withdraw(prefix, -source)
  }

  #tellWatchers(prefix: number, row: number, sourceBefore: number): void {
    const source = row === 0 ? sourceBefore : (this.#out.sets.source[row] as number)
    const untold = sourceBefore < 0 || sourceBefore === source ? source : -1
    const of = this.#paths?.prefixOf(prefix) ?? prefix
    for (const watcher of this.#table.watchers) watcher.outChanged(this.terms.family, of, this.members, untold)
  }

  #hasFollowersBut(source: number): boolean {
    return this.members.length - this.#catchingUp.size > (this.#isFollowedBy(source) ? 1 : 0)
  }

  #isFollowedBy(peer: number): boolean {
    const member = this.#byPeer[peer]
    return member !== undefined && member.pending === undefined
  }

  #pendAll(member: GroupMember): void {
    const { pending } = member
    if (pending === undefined) throw new Error('a peer that follows has nothing pending')
    for (let prefix = 0; prefix < this.#out.length; prefix++) if (this.#out.rowFor(prefix, member.peer) !== 0) pending.add(prefix)
  }

  /** Writes the next piece of what is pending; when there is none, End-of-RIB if it is owed, and the member follows the log. */
  #catchUp(member: GroupMember, mayEnd: boolean): void {
    const pending = member.pending as PendingPrefixes
    if (this.#filled) this.#takeOver(member, pending)
    if (pending.count > 0) this.#writePiece(member, pending)
    if (pending.count > 0 || !this.#filled || (member.owesEndOfRib && !mayEnd)) return
    if (member.owesEndOfRib) this.#writer.append(member.own, 0, endOfRib(member.family))
    if (member.owesEndOfRefresh) this.#writer.append(member.own, 0, endOfRefresh(member.family))
    member.owesEndOfRib = false
    member.owesEndOfRefresh = false
    member.pending = undefined
    this.#catchingUp.delete(member)
    member.cursor = this.#log.end
  }

  /** Before the whole table is entered, what the peer was told elsewhere would seem to be gone. */
  #takeOver(member: GroupMember, pending: PendingPrefixes): void {
    member.toldBefore?.moveTo(pending)
    member.toldBefore = undefined
    this.#out.reserve(this.#table.prefixes.capacity)
  }

  #writePiece(member: GroupMember, pending: PendingPrefixes): void {
    const piece = new Int32Array(Math.min(pending.count, pieceLength))
    const batch = new UpdateBatch(this.#out)
    pending.take(piece)
    for (const prefix of piece) {
      const row = this.#out.rowFor(prefix, member.peer)
      if (row === 0) batch.withdraw(prefix, 0)
      else batch.announce(prefix, row)
    }
    batch.write(this.#writer, member.own, this.#target, 0)
    for (const prefix of piece) this.#release(prefix)
  }

  /** The table kept these prefixes for a member that is gone. */
  #forgetPending(pending: PendingPrefixes): void {
    const prefixes = new Int32Array(pending.count)
    pending.take(prefixes)
    for (const prefix of prefixes) this.#release(prefix)
  }

  /** What the member has not read becomes pending: its latest state will do. */
  #detach(member: GroupMember): void {
    const pending = new PendingPrefixes()
    member.pending = pending
    this.#catchingUp.add(member)
    for (let cursor = this.#log.next(member.cursor, member.peer); cursor < this.#log.end; ) {
      const { bytes, cursor: next } = this.#log.read(cursor, member.peer, 0)
      for (let at = 0; at < bytes.length; at += u16At(bytes, at + 16)) this.#pendMessage(pending, bytes, at)
      cursor = this.#log.next(next, member.peer)
    }
  }

  #pendMessage(pending: PendingPrefixes, bytes: Uint8Array, start: number): void {
    const paths = this.#paths
    for (const [from, to] of nlriFields(bytes, start))
      for (let at = from; at < to; ) {
        const key = paths === undefined ? this.#table.insert(bytes, at + 1, bytes[at] as number) : paths.readNlri(bytes, at)
        this.#out.reserve(key)
        pending.add(key)
        if (paths !== undefined) at += pathIdLength
        at += 1 + (((bytes[at] as number) + 7) >>> 3)
      }
  }

  #trim(): void {
    let slowest = this.#log.end
    for (const { pending, cursor } of this.members) if (pending === undefined && cursor < slowest) slowest = cursor
    this.#log.trim(slowest)
  }
}
