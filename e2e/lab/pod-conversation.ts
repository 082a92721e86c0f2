import dgram from 'node:dgram'
import net from 'node:net'

/** Answers on `port`, over IPv4 and IPv6: what comes goes back; a TCP client is greeted first. */
export async function listenEcho(protocol: 'tcp' | 'udp', port: number): Promise<void> {
  if (protocol === 'tcp') {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.write('tortie\n')
      socket.pipe(socket)
    })
    await new Promise<void>((resolve) => server.listen(port, resolve))
    return
  }
  for (const type of ['udp4', 'udp6'] as const) {
    const socket = dgram.createSocket({ type, ipv6Only: type === 'udp6' })
    socket.on('message', (message, from) => socket.send(message, from.port, from.address))
    await new Promise<void>((resolve) => socket.bind(port, resolve))
  }
}

/** A TCP connection that stays open, to see whether it survives. */
export class Conversation {
  readonly #socket: net.Socket

  private constructor(socket: net.Socket) {
    this.#socket = socket
  }

  /** Resolves once greeted. @throws when that takes longer than `timeoutMs` */
  static async open(to: string, port: number, timeoutMs: number): Promise<Conversation> {
    const conversation = new Conversation(net.connect({ host: to, port, noDelay: true }))
    conversation.#socket.on('error', () => conversation.#socket.destroy())
    if (!(await conversation.#hears(timeoutMs))) throw new Error(`no greeting from ${to} port ${port}`)
    return conversation
  }

  /** Says something; whether it came back in time. */
  say(timeoutMs: number): Promise<boolean> {
    const heard = this.#hears(timeoutMs)
    this.#socket.write('still there?\n')
    return heard
  }

  #hears(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (ok: boolean) => {
        clearTimeout(timer)
        this.#socket.off('data', onData)
        resolve(ok)
      }
      const onData = () => done(true)
      const timer = setTimeout(() => done(false), timeoutMs)
      this.#socket.on('data', onData)
    })
  }
}
