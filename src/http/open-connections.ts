import type { Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'

/** The connections of a server on which no request is being answered, those that never sent one among them: node:http itself would wait for these. */
export class OpenConnections {
  readonly #idle = new Set<Socket>()
  /** TCP connections whose TLS handshake is not done, by the client's address and port: node:tls hands out another object afterwards. */
  readonly #handshaking = new Map<string, Socket>()

  constructor(server: Server | TlsServer) {
    const secure = 'setSecureContext' in server
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#handshaking.delete(peerOf(socket))
      this.#idle.add(socket)
      socket.once('close', () => this.#idle.delete(socket))
    })
    if (secure) server.on('connection', (socket: Socket) => this.#shakesHands(socket))
    server.on('request', ({ socket }: { readonly socket: Socket }, response: ServerResponse) => {
      this.#idle.delete(socket)
      response.once('close', () => {
        if (!server.listening) socket.end()
        else if (!socket.destroyed) this.#idle.add(socket)
      })
    })
  }

  isIdle(socket: Socket): boolean {
    return this.#idle.has(socket)
  }

  idle(): readonly Socket[] {
    return [...this.#idle, ...this.#handshaking.values()]
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
