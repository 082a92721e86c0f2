import type { Socket } from 'node:net'

/** How long a peer may take to read our last words. */
const graceMs = 1000

/** So many may take that time: from whoever opens connections by the thousand, they end at once. */
const mostAtOnce = 1024

/** TCP connections we have finished with, until they are gone. */
export class ClosingSockets {
  readonly #sockets = new Set<Socket>()

  /**
   * Ends the connection after what was written. Input is read and thrown away until the peer ends its side: unread input would turn
   * our FIN into a RST, and the RST could overtake the NOTIFICATION. The owner keeps an 'error' listener on it.
   */
  close(socket: Socket): void {
    if (socket.connecting || socket.destroyed || this.#sockets.size >= mostAtOnce) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    const timer = setTimeout(() => socket.destroy(), graceMs)
    socket.once('close', () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
    })
    socket.resume()
    socket.end()
  }

  /** Resolves when all are gone: within about a second. */
  async settled(): Promise<void> {
    await Promise.all([...this.#sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  }
}
