import type { PeerId, RibFace } from '../rib/rib-face.ts'
import type { Connection } from './connection.ts'
import type { MessageCounts } from './message-counts.ts'

/** How much of our output may wait in the process: beyond it the peer's TCP window decides the pace, and the RIB keeps the rest. */
const highWaterBytes = 256 * 1024
const readBytes = 64 * 1024

/** Moves what the RIB has for the peer into its socket, in one corked write; what does not fit waits for 'drain'. */
export function pump(connection: Connection, rib: RibFace, id: PeerId, counts: MessageCounts): void {
  const { socket } = connection
  if (socket === undefined || socket.writableNeedDrain) return
  socket.cork()
  try {
    while (socket.writableLength < highWaterBytes) {
      const bytes = rib.read(id, readBytes)
      if (bytes === undefined) return
      counts.countUpdates(bytes)
      connection.write(bytes)
    }
  } finally {
    socket.uncork()
  }
}
