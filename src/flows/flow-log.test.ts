import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { CopyCounters } from '../../felix/nflog/nflog-listener.ts'
import type { PacketCopy } from '../../felix/nflog/nflog-message.ts'
import { flowPrefixes } from '../../policy/verdict-chains.ts'
import { judgement, tcp } from './flow.fixture.ts'
import type { Judgement } from './flow.ts'
import { FlowLog, type FlowLogDependencies } from './flow-log.ts'

/** A log whose clock and whose copies the test makes. The time that judging takes is `judgingMs`. */
async function setUp(
  t: Test,
  { flows = 10, judgingMs = 0, judged = judgement }: { flows?: number; judgingMs?: number; judged?: Judgement } = {},
) {
  const waiting: PacketCopy[] = []
  const world = { nowMs: 0, stored: 1, programmed: 1, warned: [] as string[], refusal: undefined as unknown, judged: 0 }
  const counters: CopyCounters = { read: 0, lost: 3, unread: 0 }
  const dependencies: FlowLogDependencies = {
    open: async () => {
      if (world.refusal !== undefined) throw world.refusal
      return {
        counters,
        read: (visit) => {
          if (world.refusal !== undefined) throw world.refusal
          for (const copy of waiting.splice(0)) visit(copy)
        },
        close: () => {},
      }
    },
    judge: () => {
      world.nowMs += judgingMs
      world.judged++
      return judged
    },
    interfaceName: (index) => ({ 7: 'tortweb', 8: 'tortdb' })[index],
    revisions: () => ({ stored: world.stored, programmed: world.programmed }),
    nowMs: () => world.nowMs,
    wallMs: () => Date.UTC(2026, 0, 1) + world.nowMs,
    log: {
      info: (_: unknown, text?: string) => world.warned.push(`info ${text}`),
      warn: (_: unknown, text?: string) => world.warned.push(`warn ${text}`),
    },
  }
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => mock.timers.reset())
  const log = new FlowLog({ group: 116, flows }, dependencies)
  await log.start()
  t.teardown(() => log.stop())
  const tick = async (ms = 250) => {
    world.nowMs += ms
    mock.timers.tick(250)
    await turn() // opening is asynchronous
  }
  const copy = (port: number, prefix: string = flowPrefixes.allowed) =>
    waiting.push({ prefix, inIndex: 7, outIndex: 8, mark: 0, packet: tcp({ destinationPort: port }) })
  const shown = () => log.page({}, 100)?.flows ?? []
  return { log, world, tick, copy, shown }
}

const refusal = (code: string) => Object.assign(new Error(`netlink nfnetlink_log bind: ${code}`), { code })

t.test('copies become flows with who decided, at the next tick', async (t) => {
  const { tick, copy, shown } = await setUp(t)
  copy(80)
  copy(80)
  copy(22, flowPrefixes.rejected)
  t.strictSame(shown(), [])
  await tick()
  t.match(shown(), [
    {
      verdict: 'denied',
      answered: true,
      port: 22,
      count: 1,
      policy: 'NetworkPolicy shop/db',
      rule: 2,
      inInterface: 'tortweb',
      outInterface: 'tortdb',
    },
    { verdict: 'allowed', port: 80, count: 2, from: { namespace: 'shop', name: 'web' }, lastSeen: '2026-01-01T00:00:00.250Z' },
  ])
})

t.test('what is dropped before policy has a reason, is a flow by itself, and no dry run compares it', async (t) => {
  const { log, tick, copy, shown } = await setUp(t)
  const reasons = [flowPrefixes.denied, flowPrefixes.spoofed, flowPrefixes.invalid, flowPrefixes.unknown]
  for (const prefix of reasons) copy(80, prefix)
  await tick()
  t.strictSame(
    shown()
      .map(({ verdict, reason, count }) => [verdict, reason, count])
      .toReversed(),
    [
      ['denied', undefined, 1],
      ['denied', 'spoofed source', 1],
      ['denied', 'invalid', 1],
      ['denied', 'unknown interface', 1],
    ],
  )
  t.equal(log.recent(10).length, 1)
})

t.test('a flow is judged again when it is seen after something changed in the store, and not before', async (t) => {
  const { world, tick, copy } = await setUp(t)
  for (let i = 0; i < 5; i++) {
    copy(80)
    await tick()
  }
  t.equal(world.judged, 1)
  world.stored = 2
  copy(80)
  await tick()
  t.equal(world.judged, 2)
})

t.test('that the kernel decided otherwise is counted and said, once policy was settled', async (t) => {
  const { log, world, tick, copy, shown } = await setUp(t)
  const differing = () => shown().flatMap(({ port, differs }) => (differs ? [port] : []))
  world.programmed = 0
  copy(1, flowPrefixes.denied)
  await tick(5_000)
  t.strictSame(differing(), [], 'the kernel has not yet what is stored')
  world.programmed = 1
  await tick()
  copy(2, flowPrefixes.denied)
  await tick(500)
  t.strictSame(differing(), [], 'the packet may be older than that')
  copy(3, flowPrefixes.denied)
  copy(4)
  await tick(1_000)
  t.strictSame(differing(), [3])
  t.equal(log.counters.differing, 1)
  t.strictSame(world.warned, ['warn the kernel decided otherwise than the policies say'])
})

t.test('where a host endpoint has a say nothing differs', async (t) => {
  const { log, tick, copy } = await setUp(t, { judged: { ...judgement, isCertain: false } })
  await tick(2_000)
  copy(1, flowPrefixes.denied)
  await tick(2_000)
  t.equal(log.counters.differing, 0)
})

t.test('a tick judges for some milliseconds only; the rest waits, shown without who decided', async (t) => {
  const { world, tick, copy, shown } = await setUp(t, { flows: 100, judgingMs: 3 })
  for (let port = 0; port < 10; port++) copy(port)
  await tick()
  t.equal(world.judged, 3)
  t.equal(shown().filter(({ decisions }) => decisions.length > 0).length, 3)
  t.equal(shown().length, 10)
  for (let i = 0; i < 3; i++) await tick()
  t.equal(shown().filter(({ decisions }) => decisions.length > 0).length, 10)
})

t.test('of a flood the newest flows are kept, no more wait for judgement than may, and all is counted', async (t) => {
  const { log, tick, copy } = await setUp(t, { flows: 2_000, judgingMs: 10 })
  for (let port = 0; port < 5_000; port++) copy(port, port % 2 === 0 ? flowPrefixes.allowed : flowPrefixes.denied)
  await tick()
  t.match(log.counters, {
    flows: 2_000,
    seen: { allowed: 2_500, denied: 2_500 },
    evicted: 3_000,
    unjudged: 5_000 - 1_024,
    copies: { lost: 3 },
  })
})

t.test('copies of rules that are not ours are counted as unread', async (t) => {
  const { log, tick, copy, shown } = await setUp(t)
  copy(80, 'somebody else')
  await tick()
  t.strictSame(shown(), [])
  t.equal(log.counters.copies.unread, 1)
})

t.test('a listener that fails is opened again after a while; what is lost meanwhile is said once', async (t) => {
  const { log, world, tick, copy, shown } = await setUp(t)
  world.refusal = refusal('EPERM')
  await tick()
  const problem =
    'netlink nfnetlink_log bind: EPERM: another program listens to group 116, or CAP_NET_ADMIN is missing: see felix.flowLog.group'
  t.equal(log.problem, problem)
  await tick(15_000)
  t.equal(log.problem, problem)
  world.refusal = undefined
  await tick(1_000)
  t.equal(log.problem, problem, 'it is not tried again at once')
  await tick(15_000)
  t.equal(log.problem, undefined)
  t.strictSame(world.warned, ['warn flows are not logged; trying again', 'info flows are logged again'])
  copy(80)
  await tick()
  t.equal(shown().length, 1)
  t.equal(log.counters.copies.lost, 6, 'what was counted before is kept')
})

t.test('pages go from the newest to the oldest, and a cursor that none returned is none', async (t) => {
  const { log, tick, copy } = await setUp(t)
  for (const port of [1, 2, 3]) {
    copy(port)
    await tick()
  }
  const ports = (page: ReturnType<FlowLog['page']>) => page?.flows.map(({ port }) => port)
  const first = log.page({}, 2)
  t.strictSame([ports(first), first?.total], [[3, 2], 3])
  const second = log.page({}, 2, first?.cursor)
  t.strictSame([ports(second), second?.cursor], [[1], undefined])
  for (const cursor of ['', 'x', '-1', '1.5']) t.equal(log.page({}, 2, cursor), undefined)
  t.strictSame(
    log.recent(2).map(({ destinationPort }) => destinationPort),
    [3, 2],
  )
})

t.test('who watches is told after the tick', async (t) => {
  const { log, tick, copy } = await setUp(t)
  const ended = new AbortController()
  const events = log.watch({}, ended.signal)[Symbol.asyncIterator]()
  t.strictSame((await events.next()).value, [{ type: 'SYNCED' }])
  const next = events.next()
  copy(80)
  await tick()
  t.match((await next).value, [{ type: 'ADDED', object: { port: 80, policy: 'NetworkPolicy shop/db' } }])
  ended.abort()
  await events.next()
})
