/** Runs inside a pod's namespace: echo servers on port 8080, a numbered UDP stream on 8081, probes on request. Speaks over the process channel. */
import { execFile } from 'node:child_process'
import dgram from 'node:dgram'
import net from 'node:net'
import { Conversation, listenEcho } from './pod-conversation.ts'
import type { Answer, Probe, Request, StreamCount } from './pod-messages.ts'

const echoPort = 8080
const streamPort = 8081
const conversationTimeoutMs = 1500

const echoServer = net.createServer((socket) => {
  socket.on('error', () => socket.destroy())
  socket.end('tortie\n')
})
function probeTcp(to: string, port: number, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: to, port, timeout: withinMs })
    const done = (ok: boolean) => {
      socket.destroy()
      resolve(ok)
    }
    socket.on('data', () => done(true))
    socket.on('timeout', () => done(false))
    socket.on('error', () => done(false))
    socket.on('close', () => done(false))
  })
}

/** UDP has no handshake: three tries, one answer is enough. */
function probeUdp(to: string, port: number, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket(net.isIPv6(to) ? 'udp6' : 'udp4')
    const send = () => socket.send('tortie', port, to)
    const again = setInterval(send, withinMs / 3)
    const done = (ok: boolean) => {
      clearInterval(again)
      clearTimeout(giveUp)
      socket.close()
      resolve(ok)
    }
    const giveUp = setTimeout(() => done(false), withinMs)
    socket.on('message', () => done(true))
    socket.on('error', () => done(false))
    send()
  })
}

function probeIcmp(to: string, withinMs: number): Promise<boolean> {
  return new Promise((resolve) =>
    execFile('ping', ['-n', '-c', '1', '-W', String(withinMs / 1000), to], (error) => resolve(error === null)),
  )
}

function runProbe(probe: Probe, withinMs: number): Promise<boolean> {
  if (probe.protocol === 'icmp') return probeIcmp(probe.to, withinMs)
  return probe.protocol === 'tcp' ? probeTcp(probe.to, probe.port, withinMs) : probeUdp(probe.to, probe.port, withinMs)
}

/** Both directions of one numbered stream. The sequence number is the payload's first four octets. */
class Stream {
  readonly #socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
  readonly #seen = new Set<number>()
  #duplicated = 0
  #reordered = 0
  #highest = -1
  #sent = 0
  #timer: NodeJS.Timeout | undefined

  /** Before anybody sends: a datagram to a port that is not open yet would count as lost. */
  async open(): Promise<void> {
    this.#socket.on('message', (message) => this.#receive(message.readUInt32BE(0)))
    await new Promise<void>((resolve) => this.#socket.bind(streamPort, resolve))
  }

  start(to: string, perSecond: number): void {
    const begin = performance.now()
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begin) * perSecond) / 1000)
      while (this.#sent < due) this.#send(to)
    }, 1)
  }

  stop(): number {
    clearInterval(this.#timer)
    return this.#sent
  }

  count(sent: number): StreamCount {
    return { received: this.#seen.size, lost: sent - this.#seen.size, duplicated: this.#duplicated, reordered: this.#reordered }
  }

  #send(to: string): void {
    const datagram = Buffer.alloc(64)
    datagram.writeUInt32BE(this.#sent++, 0)
    this.#socket.send(datagram, streamPort, to)
  }

  #receive(sequence: number): void {
    if (this.#seen.has(sequence)) this.#duplicated++
    if (sequence < this.#highest) this.#reordered++
    this.#highest = Math.max(this.#highest, sequence)
    this.#seen.add(sequence)
  }
}

const stream = new Stream()
const conversations: Conversation[] = []

async function connect(to: string, port: number): Promise<number> {
  conversations.push(await Conversation.open(to, port, conversationTimeoutMs))
  return conversations.length - 1
}

async function answer(request: Request): Promise<Omit<Answer, 'id'>> {
  switch (request.type) {
    case 'ready':
      return { ok: true }
    case 'probe':
      return { ok: await runProbe(request.probe, request.withinMs) }
    case 'listen':
      await listenEcho(request.protocol, request.port)
      return { ok: true }
    case 'connect':
      return { conversation: await connect(request.to, request.port) }
    case 'say':
      return { ok: (await conversations[request.conversation]?.say(conversationTimeoutMs)) === true }
    case 'start-stream':
      stream.start(request.to, request.perSecond)
      return { ok: true }
    case 'stop-sending':
      return { sent: stream.stop() }
    case 'stream-count':
      return { count: stream.count(request.sent) }
  }
}

await new Promise<void>((resolve) => echoServer.listen(echoPort, resolve))
await listenEcho('udp', echoPort)
await stream.open()
process.on('message', (request: Request & { id: number }) => {
  void answer(request).then((result) => process.send?.({ id: request.id, ...result }))
})
process.on('disconnect', () => process.exit(0))
