import type { RibFace } from '../rib/rib-face.ts'
import type { PeerId } from '../rib/session-terms.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { Connection } from './connection.ts'
import type { MessageCounts } from './message-counts.ts'

/** How much of our output may wait in the process: beyond it the peer's TCP window decides the pace, and the RIB keeps the rest. */
const highWaterBytes = 256 * 1024
const readBytes = 64 * 1024

/** What one peer is sent: its part of the RIB, at the pace of its TCP window. */
export class Output {
  readonly #rib: Pick<RibFace, 'read' | 'refresh'>
  readonly #id: PeerId
  readonly #counts: MessageCounts
  /** Families to be told again (RFC 2918 §4). */
  readonly #again = new Set<AddressFamily>()

  constructor(rib: Pick<RibFace, 'read' | 'refresh'>, id: PeerId, counts: MessageCounts) {
    this.#rib = rib
    this.#id = id
    this.#counts = counts
  }

  /** The family once more, after all that is on its way: however often a peer asks, it is owed one table and gets it as fast as it reads. */
  again(family: AddressFamily): void {
    this.#again.add(family)
  }

  /** The session is over: nothing is owed. */
  reset(): void {
    this.#again.clear()
  }

  /** Moves what the RIB has for the peer into its socket, in one corked write; what does not fit waits for 'drain'. */
  pump(connection: Connection): void {
    const { socket } = connection
    if (socket === undefined || socket.writableNeedDrain) return
    socket.cork()
    try {
      while (socket.writableLength < highWaterBytes) {
        const bytes = this.#rib.read(this.#id, readBytes)
        if (bytes === undefined) {
          this.#refresh()
          return
        }
        this.#counts.countSent(bytes)
        connection.write(bytes)
      }
    } finally {
      socket.uncork()
    }
  }

  /** The RIB announces what it has then, for the next turn. */
  #refresh(): void {
    for (const family of this.#again) this.#rib.refresh(this.#id, family)
    this.#again.clear()
  }
}
