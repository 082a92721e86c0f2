import type { CountsByType } from '../peer.ts'
import { messageType } from '../wire/message.ts'

/** Messages of one peer, over all its connections. */
export class MessageCounts {
  readonly #sent = new Float64Array(256)
  readonly #received = new Float64Array(256)
  /** Time taken to handle what it sent, milliseconds: decoding, and entering its routes into the tables. */
  handlingMs = 0

  /** @param message one, whole */
  noteSent(message: Uint8Array): void {
    const type = message[18] as number
    this.#sent[type] = (this.#sent[type] as number) + 1
  }

  /** @param type as its header says, known or not */
  noteReceived(type: number): void {
    this.#received[type] = (this.#received[type] as number) + 1
  }

  /** @param bytes whole messages to be sent */
  countSent(bytes: Uint8Array): void {
    for (let at = 0; at + 18 < bytes.length; at += ((bytes[at + 16] as number) << 8) | (bytes[at + 17] as number)) {
      const type = bytes[at + 18] as number
      this.#sent[type] = (this.#sent[type] as number) + 1
    }
  }

  get sent(): CountsByType & { readonly total: number } {
    return byType(this.#sent)
  }

  /** Those of no known type are in the total. */
  get received(): CountsByType & { readonly total: number } {
    return byType(this.#received)
  }
}

function byType(counts: Float64Array): CountsByType & { readonly total: number } {
  const { open, update, notification, keepalive, routeRefresh } = messageType
  const of = (type: number) => counts[type] as number
  return {
    open: of(open),
    update: of(update),
    notification: of(notification),
    keepalive: of(keepalive),
    routeRefresh: of(routeRefresh),
    total: counts.reduce((sum, count) => sum + count, 0),
  }
}
