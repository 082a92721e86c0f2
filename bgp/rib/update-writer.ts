import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { AddressFamily } from '../wire/message.ts'
import { finishReach, finishUnreach, reachOverhead, startReach, startUnreach } from '../wire/multiprotocol.ts'
import { pathIdLength } from '../wire/nlri.ts'
import { endAttributes, finishAnnounce, finishWithdraw, startAttributes, startWithdraw, updateOverhead } from '../wire/update.ts'
import type { Audience, MessageLog } from './message-log.ts'

const chunkLength = 65536

/** Longer messages do not each get a chunk of their own. */
const messagesPerChunk = 4

/** Where attributes come from: rows of an Adj-RIB-Out. */
export type AttributeSource = {
  /** Writes the attributes of a row, but for MP_REACH_NLRI. @returns where they end */
  write(row: number, into: Uint8Array, at: number): number
  /** For MP_REACH_NLRI; empty for IPv4. */
  nextHop(row: number): Uint8Array
}

/** A list of prefixes: `ids` and `next` by place, from `first` to the place whose next is -1. */
export type Places = { readonly first: number; readonly next: Int32Array; readonly ids: Int32Array }

/** Fills UPDATEs with prefixes up to the length that a group allows. Chunks are shared by all logs. */
export class UpdateWriter {
  #chunk = new Uint8Array(0)
  #at = 0
  /** The attributes behind the prefixes of MP_REACH_NLRI. */
  readonly #block = new Uint8Array(0x11000)

  /**
   * Withdraws `count` prefixes.
   * @param ids of `prefixes`
   */
  withdraw(log: MessageLog, audience: Audience, target: Target, ids: Int32Array | readonly number[], count: number): void {
    const { prefixes, family, maxMessageLength, longestNlri } = target
    const ipv4 = family === 'ipv4-unicast'
    for (let i = 0; i < count; ) {
      const start = this.#reserve(maxMessageLength)
      const limit = start + maxMessageLength - (ipv4 ? 2 : 0) - longestNlri
      let at = ipv4 ? startWithdraw(start) : startUnreach(this.#chunk, start, family)
      while (i < count && at <= limit) at = prefixes.writeNlri(ids[i++] as number, this.#chunk, at)
      this.#at = ipv4 ? finishWithdraw(this.#chunk, start, at) : finishUnreach(this.#chunk, start, at)
      log.append(this.#chunk, start, this.#at, audience)
    }
  }

  /** Announces prefixes with one set of attributes. */
  announce(log: MessageLog, audience: Audience, target: Target, source: AttributeSource, row: number, places: Places): void {
    if (!target.inReach) this.#announceIpv4(log, audience, target, source, row, places)
    else this.#announceReach(log, audience, target, source, row, places)
  }

  append(log: MessageLog, audience: Audience, message: Uint8Array): void {
    const start = this.#reserve(message.length)
    this.#chunk.set(message, start)
    this.#at = start + message.length
    log.append(this.#chunk, start, this.#at, audience)
  }

  #announceIpv4(log: MessageLog, audience: Audience, target: Target, source: AttributeSource, row: number, places: Places): void {
    const { prefixes, maxMessageLength, longestNlri } = target
    const { next, ids } = places
    for (let place = places.first; place >= 0; ) {
      const start = this.#reserve(maxMessageLength)
      const chunk = this.#chunk
      const limit = start + maxMessageLength - longestNlri
      let at = endAttributes(chunk, start, source.write(row, chunk, startAttributes(start)))
      for (; place >= 0 && at <= limit; place = next[place] as number) at = prefixes.writeNlri(ids[place] as number, chunk, at)
      this.#at = finishAnnounce(chunk, start, at)
      log.append(chunk, start, this.#at, audience)
    }
  }

  #announceReach(log: MessageLog, audience: Audience, target: Target, source: AttributeSource, row: number, places: Places): void {
    const { prefixes, family, maxMessageLength, longestNlri } = target
    const { next, ids } = places
    const attributes = this.#block.subarray(0, source.write(row, this.#block, 0))
    const nextHop = source.nextHop(row)
    for (let place = places.first; place >= 0; ) {
      const start = this.#reserve(maxMessageLength)
      const limit = start + maxMessageLength - attributes.length - longestNlri
      let at = startReach(this.#chunk, start, family, nextHop)
      for (; place >= 0 && at <= limit; place = next[place] as number) at = prefixes.writeNlri(ids[place] as number, this.#chunk, at)
      this.#at = finishReach(this.#chunk, start, at, attributes)
      log.append(this.#chunk, start, this.#at, audience)
    }
  }

  /** @returns where so many octets can be written */
  #reserve(octets: number): number {
    if (this.#at + octets <= this.#chunk.length) return this.#at
    // What is left behind is never written again: readers may still have it.
    this.#chunk = new Uint8Array(Math.max(chunkLength, octets > chunkLength / messagesPerChunk ? octets * messagesPerChunk : octets))
    this.#at = 0
    return 0
  }
}

/**
 * @property prefixes writes what the ids stand for: prefixes, or paths with their identifier
 * @property longestNlri octets of one
 * @property inReach what is announced goes in MP_REACH_NLRI
 */
export type Target = {
  readonly prefixes: Pick<PrefixTable, 'writeNlri'>
  readonly longestNlri: number
  readonly family: AddressFamily
  readonly inReach: boolean
  readonly maxMessageLength: number
}

/** @param withIds each has a path identifier before it (RFC 7911) */
export function longestNlri(family: AddressFamily, withIds: boolean): number {
  return (family === 'ipv4-unicast' ? 5 : 17) + (withIds ? pathIdLength : 0)
}

/** Octets of an UPDATE beside its prefixes and attributes. @param nextHop for MP_REACH_NLRI, empty without */
export function updateOctets(nextHop: Uint8Array): number {
  return nextHop.length === 0 ? updateOverhead : reachOverhead(nextHop)
}
