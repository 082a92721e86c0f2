/** The thread of BFD from the main thread's side: two of them against each other on loopback. */
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { address } from '../session/fixture.ts'
import { Bfd, type BfdPeer } from './bfd.ts'
import type { BfdStatus } from './bfd-status.ts'
import { loopback, TestEngine } from './engine.fixture.ts'

t.setTimeout(300_000)

const terms = { minTxMs: 300, minRxMs: 300, multiplier: 3 }

function peerAt(ours: number, theirs: number, more: Partial<BfdPeer> = {}): BfdPeer {
  return { peer: 'p', place: { remote: loopback(theirs), local: loopback(ours), multihop: false }, terms, ...more }
}

/** One side. @property downs whom `onDown` named @property lines what was logged, from info on */
class Side {
  readonly bfd: Bfd
  readonly downs: string[] = []
  readonly lines: string[] = []
  #wake: (() => void)[] = []

  constructor(t: Test, thread?: () => Worker) {
    const line = (_: object, sentence: string) => void this.lines.push(sentence)
    this.bfd = new Bfd({
      log: { debug: () => {}, info: line, warn: line, error: line },
      onDown: (peer) => this.downs.push(peer),
      onChange: () => {
        for (const wake of this.#wake.splice(0)) wake()
      },
      now: Date.now,
      ...(thread !== undefined && { thread }),
    })
    t.teardown(() => this.bfd.stop())
  }

  async until(condition: (status: BfdStatus | undefined) => boolean): Promise<BfdStatus | undefined> {
    for (;;) {
      const status = this.bfd.status('p')
      if (condition(status)) return status
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  /** Up, with everything agreed on. */
  up(intervalMs = 300): Promise<BfdStatus | undefined> {
    return this.until((status) => status?.state === 'Up' && status.intervalMs === intervalMs && status.remote?.minTxMs === intervalMs)
  }
}

t.test('a session as the API shows it', async (t) => {
  const [a, b] = [new Side(t), new Side(t)]
  a.bfd.setPeers([peerAt(1, 2)])
  b.bfd.setPeers([peerAt(2, 1)])
  const [status] = await Promise.all([a.up(), b.up()])
  t.match(status, {
    state: 'Up',
    since: /^20\d\d-/,
    multihop: false,
    diagnostic: 'No Diagnostic',
    discriminator: Number,
    intervalMs: 300,
    detectionTimeMs: 900,
    remote: {
      state: 'Up',
      diagnostic: 'No Diagnostic',
      discriminator: b.bfd.status('p')?.discriminator,
      minTxMs: 300,
      minRxMs: 300,
      multiplier: 3,
      demand: false,
      controlPlaneIndependent: false,
    },
    ups: 1,
    downs: 0,
  })
  t.equal(status?.problem, undefined)
  t.equal(a.bfd.status('nobody'), undefined)
})

t.test('a main thread that is busy for 2 s misses no packet; sessions in it would go down', async (t) => {
  const [a, b] = [new Side(t), new Side(t)]
  a.bfd.setPeers([peerAt(3, 4)])
  b.bfd.setPeers([peerAt(4, 3), { ...peerAt(4, 5), peer: 'here' }])
  const here = await TestEngine.create(t, 5)
  here.start(1, 4)
  await Promise.all([a.up(), b.up(), here.up(1)])
  busy(2000)
  const failed = await b.until(() => b.downs.length > 0)
  t.strictSame(b.downs, ['here'])
  t.match(
    [failed, a.bfd.status('p')],
    [
      { state: 'Up', ups: 1, downs: 0 },
      { state: 'Up', ups: 1, downs: 0 },
    ],
  )
})

t.test('RFC 5880 §6.8.3: other terms are agreed on while the session stays up', async (t) => {
  const [a, b] = [new Side(t), new Side(t)]
  a.bfd.setPeers([peerAt(6, 7)])
  b.bfd.setPeers([peerAt(7, 6)])
  const [before] = await Promise.all([a.up(), b.up()])
  a.bfd.setPeers([peerAt(6, 7, { terms: { minTxMs: 500, minRxMs: 400, multiplier: 5 } })])
  const seen = await b.until((status) => status?.remote?.minTxMs === 500 && status.detectionTimeMs === 2500)
  const after = await a.until((status) => status?.intervalMs === 500)
  t.match(seen, { state: 'Up', intervalMs: 400, remote: { minRxMs: 400, multiplier: 5 }, ups: 1, downs: 0 })
  t.match(after, { state: 'Up', since: before?.since, discriminator: before?.discriminator, ups: 1, downs: 0 })
})

t.test('a session in another place is another; a peer that is left out has none, and the other side takes it for no failure', async (t) => {
  const [a, b] = [new Side(t), new Side(t)]
  a.bfd.setPeers([peerAt(8, 9)])
  b.bfd.setPeers([peerAt(9, 8)])
  await Promise.all([a.up(), b.up()])
  a.bfd.setPeers([peerAt(8, 9, { place: { remote: loopback(9), local: loopback(8), multihop: true } })])
  t.match(await b.until((status) => status?.state === 'Down'), { diagnostic: 'Neighbor Signaled Session Down', downs: 0 })
  t.match(await a.until((status) => status?.multihop === true), { ups: 0 })
  a.bfd.setPeers([])
  t.equal(a.bfd.status('p'), undefined)
  t.strictSame([a.downs, b.downs], [[], []])
  t.ok(b.lines.includes('BFD session was closed by the peer'))
})

t.test('RFC 5882 §3.2: a node that stops says AdminDown, so that its peers do not act on it', async (t) => {
  const [a, b] = [new Side(t), new Side(t)]
  a.bfd.setPeers([peerAt(10, 11)])
  b.bfd.setPeers([peerAt(11, 10)])
  await Promise.all([a.up(), b.up()])
  await a.bfd.stop()
  t.match(await b.until((status) => status?.state === 'Down'), { remote: { state: 'AdminDown' }, downs: 0 })
  t.strictSame(b.downs, [])
})

t.test('a thread that ends without a word is a failure: of the path, for its peer', async (t) => {
  let worker: Worker | undefined
  const [a, b] = [
    new Side(t, () => {
      worker = new Worker(new URL('./worker.ts', import.meta.url))
      return worker
    }),
    new Side(t),
  ]
  a.bfd.setPeers([peerAt(12, 13)])
  b.bfd.setPeers([peerAt(13, 12)])
  await Promise.all([a.up(), b.up()])
  await worker?.terminate()
  t.match(await b.until((status) => status?.state === 'Down'), { diagnostic: 'Control Detection Time Expired', ups: 1, downs: 1 })
  t.strictSame(b.downs, ['p'])
  t.ok(b.lines.includes('BFD session is down'))
})

t.test('a thread that throws is a bug of ours: it is logged, and another takes its sessions', async (t) => {
  let threads = 0
  const a = new Side(t, () => {
    threads += 1
    if (threads === 1) return new Worker('throw new Error("a bug")', { eval: true })
    return new Worker(new URL('./worker.ts', import.meta.url))
  })
  const b = new Side(t)
  a.bfd.setPeers([peerAt(14, 15)])
  b.bfd.setPeers([peerAt(15, 14)])
  await Promise.all([a.up(), b.up()])
  t.equal(threads, 2)
  t.strictSame(a.downs, [])
  t.match(a.lines, ['bug: the thread of BFD ended because it threw, its sessions begin anew', 'BFD session is up'])
})

t.test('a problem of the sockets is told, and the session is there all the same', async (t) => {
  const a = new Side(t)
  a.bfd.setPeers([peerAt(16, 17, { place: { remote: loopback(17), local: address('192.0.2.1'), multihop: false } })])
  t.match(await a.until((status) => status?.problem !== undefined), { state: 'Down', problem: /EADDRNOTAVAIL/ })
  t.match(a.bfd.problems, [{ peer: 'p', problem: /^cannot receive on port 3784: .*EADDRNOTAVAIL/ }])
  t.ok(a.lines.includes('BFD does not work, trying again'))
})

t.test('without peers there is no thread', async (t) => {
  const a = new Side(t, () => {
    throw new Error('nobody is watched')
  })
  a.bfd.setPeers([])
  await a.bfd.stop()
  t.strictSame([a.lines, a.bfd.problems], [[], []])
})

t.test('a thread that does not end is ended', async (t) => {
  const a = new Side(t, () => new Worker('setInterval(() => {}, 1000)', { eval: true }))
  a.bfd.setPeers([peerAt(18, 19)])
  await a.bfd.stop()
  t.equal(a.bfd.status('p'), undefined)
})

/** As a table that loads. */
function busy(forMs: number): void {
  const until = performance.now() + forMs
  while (performance.now() < until);
}
