import type { Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'

/** The connections of a server, and the answers that each waits for. On close, node:http itself would wait for those that never sent a request. */
export class OpenConnections {
  readonly #awaited = new Map<Socket, Set<ServerResponse>>()
  /** TCP connections whose TLS handshake is not done, by the client's address and port: node:tls hands out another object afterwards. */
  readonly #handshaking = new Map<string, Socket>()

  constructor(server: Server | TlsServer) {
    const secure = 'setSecureContext' in server
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#handshaking.delete(peerOf(socket))
      this.#awaited.set(socket, new Set())
      socket.once('close', () => this.#isGone(socket))
    })
    if (secure) server.on('connection', (socket: Socket) => this.#shakesHands(socket))
    server.on('request', ({ socket }: { readonly socket: Socket }, response: ServerResponse) => {
      const awaited = this.#awaited.get(socket)
      awaited?.add(response)
      response.once('close', () => {
        awaited?.delete(response)
        if (!server.listening && this.isIdle(socket)) socket.end()
      })
    })
  }

  /** How many requests of the connection are not answered yet: a client need not wait for one answer before it asks again (RFC 9112 §9.3.2). */
  awaitedOn(socket: Socket): number {
    return this.#awaited.get(socket)?.size ?? 0
  }

  isIdle(socket: Socket): boolean {
    return this.awaitedOn(socket) === 0
  }

  idle(): readonly Socket[] {
    return [...[...this.#awaited.keys()].filter((socket) => this.isIdle(socket)), ...this.#handshaking.values()]
  }

  /** node:http tells the answer whose turn it is; those behind it would be worked on for nobody, a watch for ever. */
  #isGone(socket: Socket): void {
    const awaited = this.#awaited.get(socket) ?? []
    this.#awaited.delete(socket)
    for (const response of awaited) if (response.socket === null) response.destroy().emit('close')
  }

  #shakesHands(socket: Socket): void {
    const peer = peerOf(socket)
    this.#handshaking.set(peer, socket)
    socket.once('close', () => {
      if (this.#handshaking.get(peer) === socket) this.#handshaking.delete(peer)
    })
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
