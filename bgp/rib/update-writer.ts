import type { PrefixTable } from '../../src/net/prefix-table.ts'
import type { AddressFamily } from '../wire/message.ts'
import { finishReach, finishUnreach, startReach, startUnreach } from '../wire/multiprotocol.ts'
import { finishAnnounce, finishWithdraw, startAnnounce, startWithdraw } from '../wire/update.ts'
import type { Audience, MessageLog } from './message-log.ts'
import type { OutSet } from './out-set.ts'

const chunkLength = 65536

/** Fills UPDATEs with prefixes up to the length that a group allows. Chunks are shared by all logs. */
export class UpdateWriter {
  #chunk = new Uint8Array(0)
  #at = 0

  /**
   * Withdraws `count` prefixes.
   * @param ids of `prefixes`
   */
  withdraw(log: MessageLog, audience: Audience, target: Target, ids: Int32Array | readonly number[], count: number): void {
    const { prefixes, family, maxMessageLength } = target
    const ipv4 = family === 'ipv4-unicast'
    for (let i = 0; i < count; ) {
      const start = this.#reserve(maxMessageLength)
      const limit = start + maxMessageLength - (ipv4 ? 2 : 0) - longestNlri(family)
      let at = ipv4 ? startWithdraw(start) : startUnreach(this.#chunk, start, family)
      while (i < count && at <= limit) at = prefixes.writeNlri(ids[i++] as number, this.#chunk, at)
      this.#at = ipv4 ? finishWithdraw(this.#chunk, start, at) : finishUnreach(this.#chunk, start, at)
      log.append(this.#chunk, start, this.#at, audience)
    }
  }

  /**
   * Announces prefixes with one set of attributes.
   * @param next by place: the next place, or -1
   * @param ids by place
   */
  announce(log: MessageLog, audience: Audience, target: Target, set: OutSet, next: Int32Array, ids: Int32Array): void {
    const { prefixes, family, maxMessageLength } = target
    const { bytes, nextHop } = set
    if (bytes === undefined) throw new Error('a set that must not be sent')
    const ipv4 = family === 'ipv4-unicast'
    for (let place = set.firstInBatch; place >= 0; ) {
      const start = this.#reserve(maxMessageLength)
      const limit = start + maxMessageLength - (ipv4 ? 0 : bytes.length) - longestNlri(family)
      let at = ipv4 ? startAnnounce(this.#chunk, start, bytes) : startReach(this.#chunk, start, family, nextHop)
      for (; place >= 0 && at <= limit; place = next[place] as number) at = prefixes.writeNlri(ids[place] as number, this.#chunk, at)
      this.#at = ipv4 ? finishAnnounce(this.#chunk, start, at) : finishReach(this.#chunk, start, at, bytes)
      log.append(this.#chunk, start, this.#at, audience)
    }
  }

  append(log: MessageLog, audience: Audience, message: Uint8Array): void {
    const start = this.#reserve(message.length)
    this.#chunk.set(message, start)
    this.#at = start + message.length
    log.append(this.#chunk, start, this.#at, audience)
  }

  /** @returns where so many octets can be written */
  #reserve(octets: number): number {
    if (this.#at + octets <= this.#chunk.length) return this.#at
    // What is left behind is never written again: readers may still have it.
    this.#chunk = new Uint8Array(Math.max(chunkLength, octets))
    this.#at = 0
    return 0
  }
}

export type Target = { readonly prefixes: PrefixTable; readonly family: AddressFamily; readonly maxMessageLength: number }

export function longestNlri(family: AddressFamily): number {
  return family === 'ipv4-unicast' ? 5 : 17
}
