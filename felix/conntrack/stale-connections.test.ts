import { pino } from 'pino'
import t from 'tap'
import type { Cidr } from '../../src/net/prefix.ts'
import type { Route } from '../kernel.ts'
import { NetlinkSocketError } from '../netlink/netlink-socket.ts'
import { NoConntrackError } from './delete-connections.ts'
import { StaleConnections } from './stale-connections.ts'

const [one, two] = ['10.0.0.1/32', '10.0.0.2/32'] as [Cidr, Cidr]
const routes: readonly Route[] = [one, two].map((destination) => ({ destination, nextHop: { type: 'unicast', device: 'tort1' } }))
const eperm = new NetlinkSocketError('ctnetlink dump', 1)
const holders = (...entries: [Cidr, string][]) => new Map(entries)

/** Stands for the kernel, whose refusals and slowness these tests choose. */
function setUp() {
  const asked: (readonly Cidr[])[] = []
  const kernel: { refusal?: Error; gate?: Promise<void>; local: Cidr[]; nowMs: number; dues: number } = { local: [], nowMs: 0, dues: 0 }
  const connections = new StaleConnections({
    log: pino({ level: 'silent' }),
    nowMs: () => kernel.nowMs,
    onDue: () => {
      kernel.dues += 1
    },
    isLocal: (address) => kernel.local.includes(address),
    deleteConnections: async (addresses) => {
      asked.push([...addresses])
      await kernel.gate
      if (kernel.refusal !== undefined) throw kernel.refusal
      return 1
    },
  })
  connections.setHolders(holders([one, 'a'], [two, 'b']))
  return { asked, kernel, connections }
}

t.test('nobody lost anything: nothing is due, withheld or asked for', async (t) => {
  const { asked, connections } = setUp()
  await connections.forgetWithheld()
  connections.forgetSoon()
  await connections.close()
  t.equal(connections.dueAtMs, Number.POSITIVE_INFINITY)
  t.equal(connections.withhold(routes), routes)
  t.strictSame([asked, connections.problems(), connections.report().unprogrammed.size], [[], [], 0])
})

t.test('who is gone: forgotten while nobody waits, once', async (t) => {
  const { asked, kernel, connections } = setUp()
  connections.setHolders(holders([two, 'b']))
  t.notOk(connections.isWithholding)
  await connections.forgetWithheld()
  t.strictSame(asked, [])
  t.ok(connections.dueAtMs <= kernel.nowMs)
  connections.forgetSoon()
  t.equal(connections.dueAtMs, Number.POSITIVE_INFINITY, 'under way')
  await new Promise(setImmediate)
  t.strictSame([asked, kernel.dues, connections.dueAtMs], [[[one]], 1, Number.POSITIVE_INFINITY])
  t.equal(connections.forgotten, 1, 'counted')
})

t.test('what is still led to the old workload is not forgotten before it is cut', async (t) => {
  const { asked, kernel, connections } = setUp()
  kernel.local = [one]
  connections.setHolders(holders())
  connections.forgetSoon()
  await connections.forgetWithheld()
  await new Promise(setImmediate)
  t.strictSame(asked, [[two]])
  t.equal(connections.dueAtMs, 1_000)
  kernel.local = []
  kernel.nowMs = 1_000
  connections.forgetSoon()
  await connections.close()
  t.strictSame(asked, [[two], [one]])
})

t.test('who has the address of another one waits for it: its route drops until the connections are forgotten', async (t) => {
  const { connections } = setUp()
  connections.setHolders(holders([one, 'c'], [two, 'b']))
  t.strictSame(connections.withhold(routes), [{ destination: one, nextHop: { type: 'blackhole' } }, routes[1]])
  t.strictSame(
    [...connections.report().unprogrammed],
    [
      [
        `route ${one}`,
        { state: 'pending', reason: "waits until the connections of its address's former workload are deleted from conntrack" },
      ],
    ],
  )
  await connections.forgetWithheld()
  t.equal(connections.withhold(routes), routes)
  t.equal(connections.report().unprogrammed.size, 0)
})

t.test('who comes while the connections are being forgotten waits for that, and for another pass if it was too early', async (t) => {
  const { asked, kernel, connections } = setUp()
  const gate = Promise.withResolvers<void>()
  kernel.gate = gate.promise
  connections.setHolders(holders())
  connections.forgetSoon()
  connections.setHolders(holders([one, 'c']))
  connections.setHolders(holders([one, 'd']))
  const waited = connections.forgetWithheld()
  gate.resolve()
  await waited
  t.strictSame([asked, connections.isWithholding], [[[one, two], [one]], false])
})

t.test('refused: the route waits, a problem says why, and it is tried again, ever more rarely', async (t) => {
  const { asked, kernel, connections } = setUp()
  kernel.refusal = eperm
  connections.setHolders(holders([one, 'c'], [two, 'b']))
  const dues: number[] = []
  for (let i = 0; i < 9; i++) {
    await connections.forgetWithheld()
    await connections.forgetWithheld()
    dues.push(connections.dueAtMs - kernel.nowMs)
    kernel.nowMs = connections.dueAtMs
  }
  t.strictSame(dues, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  t.equal(asked.length, 9)
  t.match([...connections.report().unprogrammed.values()], [{ reason: /conntrack: netlink ctnetlink dump: EPERM$/ }])
  t.strictSame(connections.problems(), [
    {
      severity: 'warning',
      subject: 'conntrack',
      message:
        'connections of workloads that are gone cannot be deleted from conntrack: netlink ctnetlink dump: EPERM; addresses that wait for it: 1',
    },
  ])
  delete kernel.refusal
  await connections.forgetWithheld()
  t.strictSame([connections.problems(), connections.isWithholding], [[], false])
})

t.test('a kernel without ctnetlink keeps nobody waiting, and that is said', async (t) => {
  const { kernel, connections } = setUp()
  kernel.refusal = new NoConntrackError('the kernel has no ctnetlink (CONFIG_NF_CT_NETLINK)')
  connections.setHolders(holders([one, 'c'], [two, 'b']))
  await connections.forgetWithheld()
  t.equal(connections.withhold(routes), routes)
  t.strictSame(connections.problems(), [
    {
      severity: 'warning',
      subject: 'conntrack',
      message:
        'connections of workloads that are gone cannot be deleted from conntrack: the kernel has no ctnetlink (CONFIG_NF_CT_NETLINK); a workload that gets such an address inherits them',
    },
  ])
})

t.test('a kernel without ctnetlink keeps nobody waiting for the next try either', async (t) => {
  const { kernel, connections } = setUp()
  kernel.refusal = new NoConntrackError('the kernel has no ctnetlink (CONFIG_NF_CT_NETLINK)')
  for (const holder of ['c', 'd', 'e']) {
    connections.setHolders(holders([one, holder], [two, 'b']))
    await connections.forgetWithheld()
    t.equal(connections.withhold(routes), routes, holder)
  }
})

t.test('what is no refusal of the kernel is a bug, and is told as one', async (t) => {
  const { kernel, connections } = setUp()
  kernel.refusal = new TypeError('a bug')
  connections.setHolders(holders([one, 'c']))
  await t.rejects(connections.forgetWithheld(), { message: 'a bug' })
})

t.test('after a pass the next one for the sake of nobody in particular waits twenty times as long as it took', async (t) => {
  const { asked, kernel, connections } = setUp()
  const gate = Promise.withResolvers<void>()
  kernel.gate = gate.promise
  connections.setHolders(holders([two, 'b']))
  connections.forgetSoon()
  kernel.nowMs = 50
  gate.resolve()
  await new Promise(setImmediate)
  connections.setHolders(holders())
  connections.forgetSoon()
  t.strictSame([asked, connections.dueAtMs], [[[one]], 1_050])
  kernel.nowMs = 1_050
  connections.forgetSoon()
  await connections.close()
  t.strictSame(asked, [[one], [two]])
})
