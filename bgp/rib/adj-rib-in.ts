import { familyOfAfiSafi } from '../wire/address-family.ts'
import { attributeError } from '../wire/attribute-header.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeAttributes } from '../wire/decode-attributes.ts'
import { isEndOfRib, longestEndOfRib } from '../wire/end-of-rib.ts'
import { updateError } from '../wire/error-code.ts'
import type { AddressFamily } from '../wire/message.ts'
import { emptyMpRanges, locateMp } from '../wire/multiprotocol.ts'
import { checkNlri, pathIdLength } from '../wire/nlri.ts'
import { u32At } from '../wire/octets.ts'
import { emptyUpdateRanges, type MpRanges, splitUpdate } from '../wire/update.ts'
import type { AttributeTable } from './attribute-table.ts'
import { BareBlock } from './bare-block.ts'
import type { FamilyTable } from './family-table.ts'
import { isMartian } from './martian.ts'
import { overLimit } from './over-limit.ts'
import type { PeerSlot } from './peer-slot.ts'

export type AdjRibInDependencies = {
  readonly attributes: AttributeTable
  readonly tables: Readonly<Record<AddressFamily, FamilyTable>>
  readonly onEndOfRib: (peer: number, family: AddressFamily) => void
  readonly onNote: (peer: number, note: string) => void
}

/** Enters UPDATEs into the tables: what each peer has said last of each prefix (RFC 4271 §9). */
export class AdjRibIn {
  readonly #deps: AdjRibInDependencies
  readonly #update = emptyUpdateRanges()
  readonly #mp = emptyMpRanges()
  readonly #lastNote: string[] = []
  readonly #bare = new BareBlock()

  constructor(dependencies: AdjRibInDependencies) {
    this.#deps = dependencies
  }

  /** @returns the error that ends the session; what stands before it in the UPDATE may have been entered */
  receive(peer: PeerSlot, bytes: Uint8Array, start: number, end: number): BgpError | undefined {
    const update = this.#update
    const mp = this.#mp
    const fault =
      splitUpdate(bytes, start, end, update) ??
      locateMp(bytes, update.attributesStart, update.attributesEnd, mp) ??
      checkNlri(bytes, update.withdrawnStart, update.withdrawnEnd, 32, peer.sendsPathIds['ipv4-unicast']) ??
      checkNlri(bytes, update.nlriStart, update.nlriEnd, 32, peer.sendsPathIds['ipv4-unicast']) ??
      this.#checkMp(peer, bytes) ??
      checkIpv4NextHop(peer, bytes, mp)
    if (fault !== undefined) return fault
    if (end - start <= longestEndOfRib) {
      const finished = isEndOfRib(update, mp)
      if (finished !== undefined) {
        if (this.#agreed(peer, finished) !== undefined) this.#deps.onEndOfRib(peer.id, finished)
        return undefined
      }
    }
    return this.#enter(peer, bytes)
  }

  /** Removes a route with all that is counted of it. */
  drop(table: FamilyTable, peer: PeerSlot, row: number): void {
    const { attributes } = this.#deps
    const { paths } = table
    const counts = peer.counts[table.family]
    const set = paths.set[row] as number
    const used = paths.usedSet(row)
    counts.received--
    if (paths.stale[row] !== 0) counts.stale--
    if (used >= 0) counts.accepted--
    table.markChanged(paths.prefix[row] as number)
    table.pathChanged(paths.prefix[row] as number, peer)
    paths.remove(row)
    if (used >= 0 && used !== set) attributes.release(used)
    attributes.release(set)
  }

  /** The path of `peer` to the prefix is `set` now. */
  put(table: FamilyTable, peer: PeerSlot, prefix: number, set: number): void {
    this.#putAt(table, peer, prefix, set, table.paths.find(prefix, peer.id))
  }

  /** The path in the row, which may be one of several of the peer to its prefix, is `set` now. */
  replace(table: FamilyTable, peer: PeerSlot, row: number, set: number): void {
    this.#putAt(table, peer, table.paths.prefix[row] as number, set, row)
  }

  /** @param found where the path is, or -1 @returns where it is now */
  #putAt(table: FamilyTable, peer: PeerSlot, prefix: number, set: number, found: number): number {
    const { attributes } = this.#deps
    const { paths } = table
    const counts = peer.counts[table.family]
    let row = found
    if (row >= 0 && paths.stale[row] !== 0) {
      paths.stale[row] = 0
      counts.stale--
    }
    if (row >= 0 && paths.set[row] === set) return row
    attributes.hold(set)
    const used = peer.importPolicy?.[table.family].used(set, prefix) ?? set
    if (used >= 0 && used !== set) attributes.hold(used)
    if (used >= 0) counts.accepted++
    if (row < 0) {
      counts.received++
      row = paths.add(prefix, peer.id, set)
      paths.use(row, used)
    } else {
      const old = paths.set[row] as number
      const oldUsed = paths.usedSet(row)
      if (oldUsed >= 0) counts.accepted--
      paths.put(row, set)
      paths.use(row, used)
      if (oldUsed >= 0 && oldUsed !== old) attributes.release(oldUsed)
      attributes.release(old)
    }
    const nextHop = attributes.nextHop(set)
    if (nextHop?.isConnected === false) nextHop.users[table.family].add(prefix)
    table.markDirty(prefix)
    table.pathChanged(prefix, peer)
    return row
  }

  /** The peer's import policy is another: what the path is used as may be, too. */
  askAgain(table: FamilyTable, peer: PeerSlot, row: number): void {
    const { attributes } = this.#deps
    const { paths } = table
    const set = paths.set[row] as number
    const prefix = paths.prefix[row] as number
    const old = paths.usedSet(row)
    const used = peer.importPolicy?.[table.family].used(set, prefix) ?? set
    if (used === old) return
    if (used >= 0 && used !== set) attributes.hold(used)
    paths.use(row, used)
    if (old >= 0 && old !== set) attributes.release(old)
    peer.counts[table.family].accepted += (used >= 0 ? 1 : 0) - (old >= 0 ? 1 : 0)
    table.markDirty(prefix)
    table.pathChanged(prefix, peer)
  }

  #checkMp(peer: PeerSlot, bytes: Uint8Array): BgpError | undefined {
    const mp = this.#mp
    if (mp.reachStart < 0 && mp.unreachStart < 0) return undefined
    const reached = familyOfAfiSafi(mp.reachAfi, mp.reachSafi)
    const unreached = familyOfAfiSafi(mp.unreachAfi, mp.unreachSafi)
    return (
      (reached && checkNlri(bytes, mp.reachNlriStart, mp.reachNlriEnd, bitsOf(reached), peer.sendsPathIds[reached])) ??
      (unreached && checkNlri(bytes, mp.unreachNlriStart, mp.unreachNlriEnd, bitsOf(unreached), peer.sendsPathIds[unreached]))
    )
  }

  /** Withdrawals first: a prefix that is in both is announced (RFC 4271 §4.3). */
  #enter(peer: PeerSlot, bytes: Uint8Array): BgpError | undefined {
    const update = this.#update
    const mp = this.#mp
    const { withdrawnStart, withdrawnEnd, attributesStart, attributesEnd, nlriStart, nlriEnd } = update
    const ipv4 = this.#agreed(peer, 'ipv4-unicast')
    const unreached = this.#agreed(peer, familyOfAfiSafi(mp.unreachAfi, mp.unreachSafi))
    if (ipv4 !== undefined && withdrawnStart < withdrawnEnd) this.#withdraw(ipv4, peer, bytes, withdrawnStart, withdrawnEnd)
    if (unreached !== undefined) this.#withdraw(unreached, peer, bytes, mp.unreachNlriStart, mp.unreachNlriEnd)
    if (nlriStart === nlriEnd && mp.reachStart < 0) return this.#checkUnused(peer, bytes, attributesStart, attributesEnd)
    if (mp.reachStart < 0 && mp.unreachStart < 0)
      return this.#reach(ipv4, peer, bytes, nlriStart, nlriEnd, bytes, attributesStart, attributesEnd)
    const reached = this.#agreed(peer, familyOfAfiSafi(mp.reachAfi, mp.reachSafi))
    const bare = this.#bare
    bare.fill(bytes, attributesStart, attributesEnd, mp)
    const fault = nlriStart < nlriEnd ? this.#reach(ipv4, peer, bytes, nlriStart, nlriEnd, bare.octets, bare.start, bare.end) : undefined
    if (fault !== undefined || mp.reachStart < 0) return fault
    return this.#reach(reached, peer, bytes, mp.reachNlriStart, mp.reachNlriEnd, bare.octets, bare.reachStart, bare.end)
  }

  /** RFC 7606 §5.2: attributes without a prefix to withdraw for them. */
  #checkUnused(peer: PeerSlot, bytes: Uint8Array, start: number, end: number): BgpError | undefined {
    if (start === end || (this.#mp.unreachStart === start && this.#mp.unreachEnd === end)) return undefined
    if (peer.context === undefined) return undefined
    const decoded = decodeAttributes(bytes, start, end, this.#deps.attributes.contextAt(peer.context), false)
    if (decoded instanceof BgpError) return decoded
    this.#note(peer, decoded.notes)
    return undefined
  }

  /** Routes with one set of attributes, which `block[blockStart, blockEnd)` says. A family that was not agreed on is ignored. */
  #reach(
    table: FamilyTable | undefined,
    peer: PeerSlot,
    bytes: Uint8Array,
    start: number,
    end: number,
    block: Uint8Array,
    blockStart: number,
    blockEnd: number,
  ): BgpError | undefined {
    const context = peer.context
    if (context === undefined) return undefined
    const { attributes } = this.#deps
    const set = attributes.intern(context, block, blockStart, blockEnd, (notes) => this.#note(peer, notes))
    if (set instanceof BgpError) return set
    if (set < 0) {
      if (table !== undefined) this.#withdraw(table, peer, bytes, start, end)
      return undefined
    }
    attributes.hold(set)
    if (table !== undefined) this.#announce(table, peer, bytes, start, end, set)
    attributes.release(set)
    return table === undefined ? undefined : limitError(peer, table.family)
  }

  #announce(table: FamilyTable, peer: PeerSlot, bytes: Uint8Array, start: number, end: number, set: number): void {
    if (peer.sendsPathIds[table.family]) {
      this.#announcePaths(table, peer, bytes, start, end, set)
      return
    }
    table.prefixes.prefetch(bytes, start, end)
    for (let at = start; at < end; ) {
      const length = bytes[at] as number
      if (isMartian(table.family, bytes, at + 1, length))
        this.#note(peer, ['a prefix that is no unicast destination is ignored (RFC 4271 §6.3)'])
      else this.put(table, peer, table.insert(bytes, at + 1, length), set)
      at += 1 + ((length + 7) >>> 3)
    }
  }

  /** As `#announce`, each prefix behind its path identifier (RFC 7911 §3): a path replaces the one with its identifier. */
  #announcePaths(table: FamilyTable, peer: PeerSlot, bytes: Uint8Array, start: number, end: number, set: number): void {
    for (let at = start; at < end; ) {
      const pathId = u32At(bytes, at)
      at += pathIdLength
      const length = bytes[at] as number
      if (isMartian(table.family, bytes, at + 1, length))
        this.#note(peer, ['a prefix that is no unicast destination is ignored (RFC 4271 §6.3)'])
      else this.#putPath(table, peer, table.insert(bytes, at + 1, length), set, pathId)
      at += 1 + ((length + 7) >>> 3)
    }
  }

  #putPath(table: FamilyTable, peer: PeerSlot, prefix: number, set: number, pathId: number): void {
    const found = table.paths.findWithId(prefix, peer.id, pathId)
    if (found < -1) {
      this.#note(peer, ['a prefix with more paths than are taken: the rest is ignored (RFC 7911 §7)'])
      return
    }
    const row = this.#putAt(table, peer, prefix, set, found)
    if (found < 0) table.paths.setPathId(row, pathId)
  }

  #withdrawPaths(table: FamilyTable, peer: PeerSlot, bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const pathId = u32At(bytes, at)
      at += pathIdLength
      const length = bytes[at] as number
      const prefix = table.prefixes.find(bytes, at + 1, length)
      const row = prefix < 0 ? -1 : table.paths.findWithId(prefix, peer.id, pathId)
      if (row >= 0) this.drop(table, peer, row)
      at += 1 + ((length + 7) >>> 3)
    }
  }

  #withdraw(table: FamilyTable, peer: PeerSlot, bytes: Uint8Array, start: number, end: number): void {
    if (peer.sendsPathIds[table.family]) {
      this.#withdrawPaths(table, peer, bytes, start, end)
      return
    }
    table.prefixes.prefetch(bytes, start, end)
    for (let at = start; at < end; ) {
      const length = bytes[at] as number
      const prefix = table.prefixes.find(bytes, at + 1, length)
      const row = prefix < 0 ? -1 : table.paths.find(prefix, peer.id)
      if (row >= 0) this.drop(table, peer, row)
      at += 1 + ((length + 7) >>> 3)
    }
  }

  #agreed(peer: PeerSlot, family: AddressFamily | undefined): FamilyTable | undefined {
    return family !== undefined && peer.terms?.families.includes(family) === true ? this.#deps.tables[family] : undefined
  }

  /** A peer that repeats itself is noted once. */
  #note(peer: PeerSlot, notes: readonly string[]): void {
    for (const note of notes) {
      if (this.#lastNote[peer.id] === note) continue
      this.#lastNote[peer.id] = note
      this.#deps.onNote(peer.id, note)
    }
  }
}

/** Other than IPv4 it must be agreed on (RFC 8950 §4); if it is not, its length is an error (RFC 7606 §7.11). */
function checkIpv4NextHop({ terms }: PeerSlot, bytes: Uint8Array, mp: MpRanges): BgpError | undefined {
  const length = mp.reachNextHopEnd - mp.reachNextHopStart
  if (mp.reachStart < 0 || mp.reachAfi !== 1 || mp.reachSafi !== 1 || length === 4 || terms?.extendedNextHop === true) return undefined
  const reason = `Optional Attribute Error: MP_REACH_NLRI next hop of ${length} octets for IPv4`
  return attributeError(updateError.optionalAttribute, reason, bytes, mp.reachStart, mp.reachEnd)
}

function bitsOf(family: AddressFamily): 32 | 128 {
  return family === 'ipv4-unicast' ? 32 : 128
}

/** What is stale is not counted: a peer that restarted may come back with other prefixes. */
function limitError(peer: PeerSlot, family: AddressFamily): BgpError | undefined {
  const limit = peer.config?.maxPrefixes ?? 0
  const { received, stale } = peer.counts[family]
  return limit === 0 || received - stale <= limit ? undefined : overLimit(family, limit)
}
