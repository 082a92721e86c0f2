/** Engines on loopback addresses of this process's own, with real sockets; what they report can be waited for. */
import { createSocket } from 'node:dgram'
import type { Test } from 'tap'
import { address } from '../session/fixture.ts'
import { type ControlPacket, encodeControlPacket } from './control-packet.ts'
import { Engine } from './engine.ts'
import { terms } from './fixture.ts'
import type { Order, Report, SessionPlace } from './message.ts'
import { udpSockets } from './udp-socket.ts'

/** Loopback addresses are one for each test process, so that several can have the ports. */
const network = `127.${1 + (process.pid % 250)}.${(process.pid >> 8) % 250}`
export const loopback = (host: number) => address(`${network}.${host}`)

export class TestEngine {
  readonly reports: Report[] = []
  readonly #engine: Engine
  readonly #host: number
  #waiting: (() => void)[] = []

  private constructor(host: number, engine: (report: (report: Report) => void) => Engine) {
    this.#host = host
    this.#engine = engine((report) => {
      this.reports.push(report)
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }

  /** At `loopback(host)`, ended with the test. @param random uniform in [0, 1) */
  static async create(t: Test, host: number, random: () => number = Math.random): Promise<TestEngine> {
    const openSocket = await udpSockets()
    const made = new TestEngine(host, (report) => new Engine({ openSocket, report, random }))
    t.teardown(() => made.obey({ type: 'end' }))
    return made
  }

  obey(order: Order): void {
    this.#engine.obey(order)
  }

  /** A session with `loopback(remoteHost)`. */
  start(id: number, remoteHost: number, more: Partial<SessionPlace> = {}): void {
    const place = { remote: loopback(remoteHost), local: loopback(this.#host), multihop: false, ...more }
    this.obey({ type: 'start', id, place, terms })
  }

  /** The first report that matches, of those that came or will come. The test's own timeout is the limit. */
  async until<Found extends Report>(matches: (report: Report) => report is Found): Promise<Found>
  async until(matches: (report: Report) => boolean): Promise<Report>
  async until(matches: (report: Report) => boolean): Promise<Report> {
    for (;;) {
      const found = this.reports.find(matches)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** The session is Up; its discriminators. */
  async up(id: number): Promise<{ readonly local: number; readonly remote: number }> {
    const { view } = await this.until((report): report is Extract<Report, { type: 'changed' }> => isUp(report, id))
    return { local: view.localDiscriminator, remote: view.remote?.discriminator ?? 0 }
  }

  /** What the session is just now. */
  state(id: number): string | undefined {
    const last = this.reports.findLast((report) => report.type === 'changed' && report.id === id)
    return last?.type === 'changed' ? last.view.state : undefined
  }
}

function isUp(report: Report, id: number): report is Extract<Report, { type: 'changed' }> {
  return report.type === 'changed' && report.id === id && report.view.state === 'Up'
}

export type Forged = { readonly from: number; readonly to: number; readonly port: number; readonly ttl: number }

/** A datagram from `loopback(from)` that no session sent; resolves when it is in the receiver's queue, which loopback does at once. */
export async function forge({ from, to, port, ttl }: Forged, content: ControlPacket | Uint8Array): Promise<void> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, loopback(from), resolve))
  socket.setTTL(ttl)
  const bytes = content instanceof Uint8Array ? content : encodeControlPacket(content)
  await new Promise((resolve) => socket.send(bytes, port, loopback(to), resolve))
  socket.close()
}
