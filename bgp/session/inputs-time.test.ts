/** Bad input #9, #68, #69, #71, #72 and #76: what only time tells. The speaker is a process of its own whose clocks run sixty times as fast. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import t, { type Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import { type Cidr, parseCidr } from '../../src/net/prefix.ts'
import type { PeerConfig } from '../peer.ts'
import { beginOfRefresh } from '../wire/route-refresh.ts'
import { address, freePort, peerConfig } from './fixture.ts'
import { before, ipv6Unicast, notified } from './inputs-lab.ts'
import { gracefulRestart, ipv4Unicast, keepalive, longLived, openMessage, RawPeer, update } from './raw-peer.ts'
import type { Order, Report } from './speaker-process.ts'

const library = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketimeMT.so.1`
const faster = { LD_PRELOAD: library, FAKETIME: '+0 x60' }

t.jobs = 5
const sideBySide = { buffered: true }

class FastSpeaker {
  readonly process: ChildProcess
  readonly #port: number

  private constructor(t: Test, port: number, start: Order) {
    this.#port = port
    this.process = spawn(process.execPath, [path.join(import.meta.dirname, 'speaker-process.ts')], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, ...faster },
    })
    t.teardown(async () => {
      const ended = new Promise((resolve) => this.process.once('exit', resolve))
      this.process.kill('SIGKILL')
      await ended
    })
    this.process.send(start)
  }

  /** AS 65001 on 127.0.0.1; the peer at 127.0.0.2 as in the other tests of bad input, a witness at 127.0.0.3 that keeps the time. */
  static async start(t: Test, changes: Partial<PeerConfig> = {}, originate: readonly Cidr[] = []): Promise<FastSpeaker> {
    const port = await freePort()
    const at = address('127.0.0.1')
    const common = { port, passive: true, families: ['ipv4-unicast'] } as const
    const peers = [
      peerConfig({ name: 'bad', address: address('127.0.0.2'), ...common, ...changes }),
      peerConfig({ name: 'witness', address: address('127.0.0.3'), asNumber: asn(65003), ...common, holdTimeSec: 0 }),
    ]
    const options = { asNumber: asn(65001), routerId: 0x0a00_0001, listenAddresses: [at], listenPort: port, localAddress: { ipv4: at } }
    const speaker = new FastSpeaker(t, port, {
      type: 'start',
      options: { ...options, restarting: false, restartTimeSec: 120 },
      peers,
      originate,
    })
    await speaker.until(({ converged }) => converged)
    const witness = await speaker.dial(t, '127.0.0.3')
    await witness.establish({ myAs: 65003, routerId: 0x0a00_0003, holdTimeSec: 0 })
    return speaker
  }

  async dial(t: Test, from = '127.0.0.2'): Promise<RawPeer> {
    for (;;) {
      const raw = await RawPeer.dial(from, '127.0.0.1', this.#port)
      if (!raw.socket.destroyed) {
        t.teardown(() => raw.socket.destroy())
        return raw
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** A connection that is taken: the speaker says OPEN on it. */
  async welcome(t: Test): Promise<RawPeer> {
    for (;;) {
      const raw = await this.dial(t)
      if ((await raw.next()).type === 'open') return raw
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  report(): Promise<Report> {
    return new Promise((resolve) => {
      this.process.once('message', (report: Report) => resolve(report))
      this.process.send({ type: 'report' })
    })
  }

  async until(condition: (report: Report) => boolean): Promise<Report> {
    for (;;) {
      const report = await this.report()
      if (condition(report)) return report
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** The witness has its session still. */
  async untouched(t: Test): Promise<void> {
    const { peers } = await this.report()
    t.match(peers[1], { name: 'witness', state: 'Established', flaps: 0 })
  }
}

async function answers(raw: RawPeer): Promise<readonly string[]> {
  const heard = [await raw.nextOctets()]
  while (heard.at(-1) !== 'closed') heard.push(await raw.nextOctets())
  return heard
}

t.test('#9 a connection that says nothing: NOTIFICATION 4/0 after four minutes (RFC 4271 §8.2.2)', sideBySide, async (t) => {
  const speaker = await FastSpeaker.start(t)
  const raw = await speaker.dial(t)
  await raw.next()
  t.strictSame(await answers(raw), notified(4, 0))
  await speaker.untouched(t)
})

t.test('#9 an OPEN at an octet a minute: NOTIFICATION 4/0 all the same', sideBySide, async (t) => {
  const speaker = await FastSpeaker.start(t)
  const raw = await speaker.dial(t)
  await raw.next()
  const octets = [...openMessage()]
  const slowly = setInterval(() => raw.send(Uint8Array.of(octets.shift() ?? 0)), 1000)
  t.teardown(() => clearInterval(slowly))
  t.strictSame(await answers(raw), notified(4, 0))
  await speaker.untouched(t)
})

t.test(
  '#68 a peer that reads nothing any more, and still sends: the send hold timer ends its session, 8/0 (RFC 9687)',
  sideBySide,
  async (t) => {
    const table = Array.from({ length: 1_500_000 }, (_, i) => i).flatMap(
      (i) => parseCidr(`10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}/32`) ?? [],
    )
    const speaker = await FastSpeaker.start(t, {}, table)
    const raw = await speaker.dial(t)
    raw.send(openMessage(), keepalive)
    raw.socket.pause()
    const alive = setInterval(() => raw.send(keepalive), 300)
    t.teardown(() => clearInterval(alive))
    const { peers } = await speaker.until(({ peers }) => peers[0]?.lastError !== undefined)
    t.match(peers[0], { state: /Idle|Active/, flaps: 1, lastError: { code: 8, subcode: 0, direction: 'sent' } })
    await speaker.untouched(t)
  },
)

t.test('#72 a restart time of 4,095 s and never back: routes are kept for six minutes at most', sideBySide, async (t) => {
  const speaker = await FastSpeaker.start(t)
  const raw = await speaker.dial(t)
  await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restartTimeSec: 4095 })] })
  raw.send(before('old'))
  await speaker.until(({ best }) => best.length === 1)
  raw.socket.end()
  await speaker.until(({ peers }) => peers[0]?.families['ipv4-unicast']?.stale === 1)
  const { peers } = await speaker.until(({ best }) => best.length === 0)
  t.match(peers[0]?.families['ipv4-unicast'], { received: 0, stale: 0 })
  await speaker.untouched(t)
})

t.test('#69 a peer over its limit is kept out for its time, and then taken again', sideBySide, async (t) => {
  const speaker = await FastSpeaker.start(t, { maxPrefixes: 1, maxPrefixesRestartSec: 120 })
  /** @returns when it was taken: before it could be over its limit, however late this process hears of that */
  const over = async () => {
    const raw = await speaker.welcome(t)
    const takenMs = performance.now()
    raw.send(openMessage(), keepalive, update)
    t.equal((await answers(raw)).at(-2), notified(6, 1, '000101 00000001')[0])
    return takenMs
  }
  const [first, second] = [await over(), await over()]
  t.ok(second - first >= 1990, `kept out for two minutes of its time (${second - first} ms)`)
  t.match((await speaker.report()).peers[0], { flaps: 2, lastError: { code: 6, subcode: 1, direction: 'sent' } })
  await speaker.untouched(t)
})

t.test('#71 BoRR without EoRR: what was not told again goes after six minutes (RFC 7313 §4.2)', sideBySide, async (t) => {
  const speaker = await FastSpeaker.start(t)
  const raw = await speaker.dial(t)
  await raw.establish({ capabilities: [ipv4Unicast, { type: 'route-refresh' }, { type: 'enhanced-route-refresh' }], holdTimeSec: 0 })
  raw.send(update)
  await speaker.until(({ best }) => best.length === 2)
  raw.send(beginOfRefresh('ipv4-unicast'), before('old'))
  await speaker.until(({ peers }) => peers[0]?.families['ipv4-unicast']?.stale === 1)
  const { best, peers } = await speaker.until(({ best }) => best.length === 1)
  t.strictSame(best, [['203.0.113.0/24', '192.0.2.1']])
  t.match(peers[0], { state: 'Established', flaps: 0, families: { 'ipv4-unicast': { received: 1, stale: 0 } } })
  await speaker.untouched(t)
})

t.test('#72 a long-lived stale time of 2^24 - 1 s: no longer than we are configured to keep them', sideBySide, async (t) => {
  const speaker = await FastSpeaker.start(t, { longLivedStaleSec: 120 })
  const raw = await speaker.dial(t)
  await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restartTimeSec: 0 }), longLived(0xff_ffff)] })
  raw.send(before('old'))
  await speaker.until(({ best }) => best.length === 1)
  raw.socket.end()
  await speaker.until(({ peers }) => peers[0]?.families['ipv4-unicast']?.staleState === 'long-lived')
  const { peers } = await speaker.until(({ best }) => best.length === 0)
  t.match(peers[0]?.families['ipv4-unicast'], { received: 0, stale: 0 })
  await speaker.untouched(t)
})

t.test(
  '#76 a process that was suspended takes its own absence for nobody’s silence; who left meanwhile comes back',
  sideBySide,
  async (t) => {
    const speaker = await FastSpeaker.start(t)
    const raw = await speaker.dial(t)
    await raw.establish({ capabilities: [ipv4Unicast, ipv6Unicast] })
    let told = 2 // OPEN and the KEEPALIVE that answers its own
    const alive = setInterval(() => {
      raw.send(keepalive)
      told++
    }, 300)
    t.teardown(() => clearInterval(alive))
    const suspend = async () => {
      speaker.process.kill('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, 3000)) // three minutes of its time, twice the hold time
    }
    await suspend()
    const toldMeanwhile = told
    speaker.process.kill('SIGCONT')
    const { peers } = await speaker.until(({ peers: [peer] }) => peer?.state !== 'Established' || peer.messages.received > toldMeanwhile)
    t.match(peers[0], { state: 'Established', flaps: 0 })
    await suspend()
    raw.reset()
    clearInterval(alive)
    speaker.process.kill('SIGCONT')
    await speaker.until(({ peers }) => peers[0]?.state !== 'Established')
    const back = await speaker.welcome(t) // a connection that comes while the speaker is Idle is closed
    back.send(openMessage({ capabilities: [ipv4Unicast] }), keepalive)
    await speaker.until(({ peers }) => peers[0]?.state === 'Established')
    await speaker.untouched(t)
  },
)
