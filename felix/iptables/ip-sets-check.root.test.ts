import { pino } from 'pino'
import t from 'tap'
import type { IpSet } from '../kernel.ts'
import { changingSet } from '../test-members.ts'
import { makeNetns, type TestNetns } from '../test-netns.ts'
import { TrackedMap } from '../tracked.ts'
import { IpSetTable } from './ip-set-table.ts'

const done = { changed: 0, repaired: 0, unprogrammed: new Map() }
const minutes = 60_000

t.test('a check that is due by the clock alone, in a kernel', async (t) => {
  let netns: TestNetns
  let nowMs = 0
  let suspicions = 0
  /** Resolves when the last `ipset save` has ended; the test says when it may begin. */
  let saved = Promise.resolve()
  let mayRead = Promise.resolve()
  let stopped = 0
  const a = 'tort4s:a'
  const make = async () => {
    const set = changingSet(a, 'hash:ip', '10.0.0.1', '10.0.0.2')
    const tracked = new TrackedMap<IpSet>()
    tracked.put(a, set)
    const table = new IpSetTable({
      run: (...program) => {
        if (program[1][0] !== 'save') return netns.run(...program)
        const running = mayRead.then(() => netns.run(...program))
        saved = running.then(({ exitCode }) => {
          if (exitCode !== 0) stopped += 1
        })
        return running
      },
      nowMs: () => nowMs,
      log: pino({ level: 'silent' }),
      onSuspect: () => (suspicions += 1),
    })
    table.isWatched = true
    table.setStated([], tracked)
    t.strictSame(await table.apply(true), { ...done, changed: 1 })
    nowMs = table.dueAtMs
    const change = async (member: string) => {
      set.members.add(member)
      tracked.touch(a)
      table.setStated([], tracked)
      return await table.apply(true)
    }
    return { table, change }
  }
  t.beforeEach(async () => {
    nowMs = 0
    suspicions = 0
    stopped = 0
    mayRead = Promise.resolve()
    netns = await makeNetns()
  })
  t.afterEach(() => netns.remove())

  t.test('nobody waits for it; what is as wanted is looked at again 90 s later', async (t) => {
    const { table } = await make()
    const { promise, resolve } = Promise.withResolvers<void>()
    mayRead = promise
    const started = netns.started()
    t.strictSame(await table.apply(true), done)
    t.equal(netns.started(), started, 'the apply was over before anything was read')
    t.ok(table.dueAtMs > nowMs)
    resolve()
    await saved
    t.equal(netns.started(), started + 1)
    t.strictSame([suspicions, table.dueAtMs], [0, nowMs + 1.5 * minutes])
  })

  t.test('a member that was swapped for another is found by it and repaired by the next apply', async (t) => {
    const { table } = await make()
    await netns.must('ipset', ['restore'], `del ${a} 10.0.0.1\nadd ${a} 10.6.6.6\n`)
    t.strictSame(await table.apply(true), done)
    await saved
    await new Promise(setImmediate)
    t.strictSame([suspicions, table.dueAtMs], [1, nowMs])
    t.strictSame(await table.apply(true), { ...done, changed: 1, repaired: 1 })
    const lines = (await netns.must('ipset', ['save', a])).trim().split('\n').slice(1)
    t.strictSame(lines.toSorted(), [`add ${a} 10.0.0.1`, `add ${a} 10.0.0.2`])
  })

  t.test('a program that writes sets waits until it was stopped; then the next apply reads', async (t) => {
    const { table, change } = await make()
    const { promise, resolve } = Promise.withResolvers<void>()
    mayRead = promise
    t.strictSame(await table.apply(true), done)
    const changed = change('10.0.0.3')
    resolve()
    t.strictSame(await changed, { ...done, changed: 1 })
    t.strictSame([stopped, suspicions, table.dueAtMs], [1, 1, nowMs])
    nowMs += 1
    t.strictSame(await table.apply(true), done)
    t.strictSame([stopped, suspicions, table.dueAtMs], [1, 1, nowMs + 1.5 * minutes])
  })
})
