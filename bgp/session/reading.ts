import type { Socket } from 'node:net'

/** How long sessions may read at a stretch, in milliseconds: decisions, timers and requests run between two stretches. */
const budgetMs = 2

/**
 * Node.js reads a socket that has much to say up to 32 times before it looks at anything else. Sockets that are read when the stretch
 * is used up wait for the next turn of the event loop; TCP keeps their bytes meanwhile.
 */
export class Reading {
  readonly #nowMs: () => number
  readonly #waiting = new Set<Socket>()
  #spentMs = 0
  #scheduled = false

  /** @param nowMs milliseconds of a monotonic clock */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Handles bytes of this socket. */
  take(socket: Socket, handle: () => void): void {
    const beganMs = this.#nowMs()
    try {
      handle()
    } finally {
      this.#spentMs += this.#nowMs() - beganMs
      if (this.#spentMs >= budgetMs && !socket.destroyed) {
        socket.pause()
        this.#waiting.add(socket)
      }
      this.#schedule()
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#spentMs = 0
      for (const socket of this.#waiting) socket.resume()
      this.#waiting.clear()
    })
  }
}
