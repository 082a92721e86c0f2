/** Others who write rules at the same time. The lock file is the test's own, so that nobody else on this machine waits for it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Run } from '../src/os/process.ts'
import { ChainTable } from './iptables/chain-table.ts'
import type { Backend } from './iptables/iptables-tool.ts'
import { PolicyTables } from './iptables/policy-tables.ts'
import { Restore } from './iptables/restore.ts'
import type { Chain, Hook, IpSet, Rule } from './kernel.ts'
import type { PolicyState } from './policy-writer.ts'
import { changingSet } from './test-members.ts'
import { makeNetns, type TestNetns } from './test-netns.ts'
import { TrackedMap } from './tracked.ts'

const drop: Rule = { match: [], action: { type: 'drop' } }
const jump: Hook['rule'] = { match: [], action: { type: 'jump', chain: 'tort-FORWARD' } }
const hooks: readonly Hook[] = [{ family: 4, table: 'filter', kernelChain: 'FORWARD', at: 'insert', rule: jump }]
const policy = (mark: number): Chain => ({
  family: 4,
  table: 'filter',
  name: 'tort-FORWARD',
  rules: [{ match: [{ type: 'mark', value: mark, mask: 0xffff }], action: { type: 'return' } }, drop],
})

async function start(t: Test, backend: Backend) {
  const lock = join(t.testdir(), 'xtables.lock')
  const netns = await makeNetns()
  t.teardown(() => netns.remove())
  let passedMs = 0
  let stoppedMs: number | undefined
  const nowMs = () => (stoppedMs ?? performance.now()) + passedMs
  const setting = `XTABLES_LOCKFILE=${lock}`
  const run: Run = (command, args, options) => netns.run('env', [setting, command, ...args], options)
  const dependencies = { run, nowMs, log: pino({ level: 'silent' }) }
  const restore = new Restore(dependencies, lock)
  const table = new ChainTable({ family: 4, table: 'filter', backend }, dependencies, restore)
  const pass = (ms: number) => (passedMs += ms)
  /** From now on only `pass` moves the clock. */
  const stopClock = () => (stoppedMs = performance.now())
  return { netns, lock, table, restore, pass, stopClock }
}

/** A program that has the lock until it is ended. */
async function holdLock(t: Test, lock: string): Promise<ChildProcess> {
  const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => holder.kill())
  await once(holder.stdout, 'data')
  return holder
}

async function release(holder: ChildProcess): Promise<void> {
  const gone = once(holder, 'exit')
  holder.stdin?.end()
  await gone
}

const rules = (netns: TestNetns, backend: Backend, chain: string) =>
  netns.must(`iptables-${backend}`, ['-S', chain]).then((text) => text.split('\n').filter((line) => line.startsWith('-A')))

t.test('the lock is waited for, and the waiting is counted', async (t) => {
  const { netns, lock, table, restore } = await start(t, 'legacy')
  const holder = await holdLock(t, lock)
  table.setStated([policy(1)], hooks)
  const applied = table.apply(true)
  while (restore.counters.lockWaits === 0) await turn()
  await release(holder)
  t.strictSame(await applied, { changed: 2, repaired: 0, unprogrammed: new Map() })
  t.match(await rules(netns, 'legacy', 'FORWARD'), [/-j tort-FORWARD$/])
  const { lockWaitSeconds, restoreSeconds, ...counters } = restore.counters
  t.strictSame(counters, { restores: 1, refused: 0, lockWaits: 1 })
  t.ok(lockWaitSeconds > 0)
  t.equal(lockWaitSeconds, restoreSeconds)
})

t.test('a lock that nobody gives back is a status after one bounded wait, and tried again', async (t) => {
  const { netns, lock, table, restore, pass, stopClock } = await start(t, 'legacy')
  const holder = await holdLock(t, lock)
  table.setStated([policy(1)], hooks)
  const { unprogrammed } = await table.apply(true)
  stopClock()
  const failed = { state: 'failed', reason: /Stopped waiting after 5s: another program holds the xtables lock; it is tried again$/ }
  t.match(
    [...unprogrammed],
    [
      ['chain filter/tort-FORWARD (IPv4)', failed],
      ['hook filter/FORWARD (IPv4)', failed],
    ],
  )
  t.match(restore.counters, { restores: 1, refused: 1, lockWaits: 1 })
  t.ok(restore.counters.lockWaitSeconds > 0)
  await release(holder)
  t.equal((await table.apply(true)).unprogrammed.size, 2, 'not before it is due')
  pass(101)
  t.match(await table.apply(true), { changed: 2, unprogrammed: new Map() })
  t.match(await rules(netns, 'legacy', 'FORWARD'), [/-j tort-FORWARD$/])
})

t.test('while the lock keeps a new rule out, nobody leaves a set that rules deny', async (t) => {
  const lock = join(t.testdir(), 'xtables.lock')
  const netns = await makeNetns()
  t.teardown(() => netns.remove())
  let passedMs = 0
  const run: Run = (command, args, options) => netns.run('env', [`XTABLES_LOCKFILE=${lock}`, command, ...args], options)
  const tables = new PolicyTables('legacy', { run, nowMs: () => performance.now() + passedMs, log: pino({ level: 'silent' }) })
  const denied = changingSet('tort4s:a', 'hash:ip', '10.0.0.1', '10.0.0.2')
  const ipSets = new TrackedMap<IpSet>()
  ipSets.put(denied.name, denied)
  const none = { 4: new TrackedMap<Chain>(), 6: new TrackedMap<Chain>() }
  const state = (mark: number): PolicyState => ({
    policy: { chains: { filter: none, nat: none, mangle: none, raw: none }, hooks: [], ipSets, keepsOut: (name) => name === denied.name },
    ipSets: [],
    hooks,
    chains: [policy(mark)],
  })
  const members = async () => (await netns.must('ipset', ['save'])).match(/10\.0\.0\.\d/g)?.toSorted()
  await tables.apply(state(1), true)
  denied.members.delete('10.0.0.1')
  ipSets.touch(denied.name)
  const [holder, wanted] = [await holdLock(t, lock), state(2)]
  t.equal((await tables.apply(wanted, true)).unprogrammed.has('chain filter/tort-FORWARD (IPv4)'), true)
  t.strictSame(await members(), ['10.0.0.1', '10.0.0.2'])
  await release(holder)
  passedMs += 101
  t.strictSame((await tables.apply(wanted, true)).unprogrammed, new Map())
  t.strictSame(await members(), ['10.0.0.2'])
})

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`${backend}: beside others who write all the time nobody's rule is lost and ours end as wanted`, async (t) => {
    const { netns, lock, table, restore, pass } = await start(t, backend)
    await netns.must(`iptables-${backend}`, ['-w', '-N', 'THEIRS'])
    const count = 40
    const writers = [1, 2].map((writer) => {
      const loop = `for i in $(seq ${count}); do XTABLES_LOCKFILE=$2 iptables-${backend} -w -A THEIRS -d 192.0.$1.$i -j DROP || exit 1; done`
      return netns.must('sh', ['-c', loop, 'writer', String(writer), lock])
    })
    const written = Promise.all(writers)
    let isWriting = true
    void written.finally(() => (isWriting = false)).catch(() => undefined)
    let mark = 0
    for (; isWriting; mark += 1) {
      table.setStated([policy(mark)], hooks)
      pass(30_001) // whatever was refused is due
      await table.apply(true)
    }
    await written
    pass(30_001)
    t.match(await table.apply(true), { unprogrammed: new Map() })
    t.equal((await rules(netns, backend, 'THEIRS')).length, 2 * count)
    t.match(await rules(netns, backend, 'tort-FORWARD'), [new RegExp(`--mark 0x${(mark - 1).toString(16)}/0xffff `), /-j DROP$/])
    t.match(await rules(netns, backend, 'FORWARD'), [/-j tort-FORWARD$/])
    t.ok(mark > 1, `${mark} changes of ours beside ${2 * count} of theirs`)
    t.comment(JSON.stringify(restore.counters))
  })
}
