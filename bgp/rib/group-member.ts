import type { AddressFamily } from '../wire/message.ts'
import { MessageLog } from './message-log.ts'
import { PendingPrefixes } from './pending-prefixes.ts'
import type { UpdateGroup } from './update-group.ts'

/**
 * One peer's place in an update group. It either follows the group's log, then it is a number, or it catches up: it has prefixes
 * pending whose latest state it is told in pieces, in messages of its own.
 */
export class GroupMember {
  readonly peer: number
  readonly group: UpdateGroup
  /** Its place in the group's log while it follows. */
  cursor = 0
  /** Set while it catches up. */
  pending: PendingPrefixes | undefined = new PendingPrefixes()
  /** What it was told in the group it was in before: pending too, once this one knows what there is to tell instead. */
  toldBefore: PendingPrefixes | undefined
  /** Messages for it alone; sent before anything else. */
  readonly own: MessageLog
  ownCursor: number
  /** End-of-RIB follows the first table (RFC 4724 §2). */
  owesEndOfRib: boolean
  /** What it is told again is framed by BoRR and EoRR (RFC 7313 §4.1). */
  readonly framesRefresh: boolean
  owesEndOfRefresh: boolean

  /** @param before the member it was in another group; its unread messages are still sent */
  constructor(peer: number, group: UpdateGroup, framesRefresh: boolean, before?: GroupMember) {
    this.peer = peer
    this.group = group
    this.framesRefresh = framesRefresh
    this.own = before?.own ?? new MessageLog()
    this.ownCursor = before?.ownCursor ?? 0
    this.owesEndOfRib = before?.owesEndOfRib ?? true
    this.owesEndOfRefresh = before?.owesEndOfRefresh ?? false
    this.toldBefore = before?.toldBefore
  }

  /** Something is due once the table is entered, though nothing is pending. */
  get owesAtEnd(): boolean {
    return this.owesEndOfRib || this.owesEndOfRefresh || this.toldBefore !== undefined
  }

  get family(): AddressFamily {
    return this.group.terms.family
  }
}
