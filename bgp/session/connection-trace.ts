import { messageType } from '../wire/message.ts'
import { copyOctets } from '../wire/octets.ts'

/** What monitors are told of a connection beside its routes (RFC 7854 §4.9, §4.10): messages whole, as they were on the wire. */
export class ConnectionTrace {
  readonly #opens: { sent?: Uint8Array; received?: Uint8Array } = {}
  #notification: { readonly direction: 'sent' | 'received'; readonly message: Uint8Array } | undefined

  /** Of the last connection attempt. */
  get opens(): { readonly sent?: Uint8Array; readonly received?: Uint8Array } {
    return this.#opens
  }

  /** What ended it; undefined: nothing was said, or it has begun again. */
  get notification(): { readonly direction: 'sent' | 'received'; readonly message: Uint8Array } | undefined {
    return this.#notification
  }

  /** @param message one, with its header; it is copied if it is of use */
  keep(direction: 'sent' | 'received', message: Uint8Array): void {
    const type = message[18]
    if (type === messageType.open) {
      this.#opens[direction] = copyOctets(message, 0, message.length)
      if (direction === 'sent') this.#notification = undefined
    } else if (type === messageType.notification) this.#notification = { direction, message: copyOctets(message, 0, message.length) }
  }
}
