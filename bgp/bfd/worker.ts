/** The thread of BFD. Its sockets, clocks and sessions are its own, so that no work of the main thread makes a packet late. */
import { randomInt } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { Engine } from './engine.ts'
import type { Order, Report } from './message.ts'
import { type OpenUdpSocket, udpSockets } from './udp-socket.ts'

const port = parentPort
if (port === null) throw new Error('this file is for a worker thread')

/** Where libc cannot be called there is no BFD: without the TTL check anybody could end a session. Every session says so. */
const openSocket = await udpSockets().catch((error: unknown): OpenUdpSocket => {
  return () => {
    throw new Error('BFD needs koffi, which does not load', { cause: error })
  }
})
const engine = new Engine({
  openSocket,
  report: (report: Report) => port.postMessage(report),
  random: () => randomInt(2 ** 32) / 2 ** 32,
})
port.on('message', (order: Order) => {
  engine.obey(order)
  if (order.type === 'end') setImmediate(() => port.close())
})
