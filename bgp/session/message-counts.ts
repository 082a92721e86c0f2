/** Messages of one peer, over all its connections. */
export class MessageCounts {
  sent = 0
  received = 0
  updatesSent = 0
  updatesReceived = 0

  /** @param bytes whole messages, all UPDATEs */
  countUpdates(bytes: Uint8Array): void {
    for (let at = 0; at + 18 < bytes.length; at += ((bytes[at + 16] as number) << 8) | (bytes[at + 17] as number)) this.updatesSent++
  }
}
