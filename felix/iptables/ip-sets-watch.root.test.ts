import { EventEmitter, once } from 'node:events'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { type Run, run } from '../../src/os/process.ts'
import type { PolicyState } from '../policy-writer.ts'
import { RepairLog } from '../repair-log.ts'
import { enterNetns } from '../test-netns.ts'
import { IpSetsWatch } from './ip-sets-watch.ts'
import { IptablesPolicy } from './iptables-policy.ts'

await enterNetns()
const awake = setInterval(() => undefined, 1_000) // the watch alone keeps no process alive
t.teardown(() => clearInterval(awake))

const log = pino({ level: 'silent' })
const nowMs = () => performance.now()
const wanted: PolicyState = {
  ipSets: [{ name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) }],
  chains: [],
  hooks: [],
}

function startPolicy(t: Test, through: Run = run): { readonly policy: IptablesPolicy; readonly suspected: EventEmitter } {
  const suspected = new EventEmitter()
  const onSuspect = () => suspected.emit('due')
  const policy = new IptablesPolicy('nft', { run: through, nowMs, log, repairs: new RepairLog(log), onSuspect })
  t.teardown(() => policy.close())
  return { policy, suspected }
}

t.test('the first write is followed by no reading of all sets, and a set that somebody empties is seen all the same', async (t) => {
  const programs: string[] = []
  const { policy, suspected } = startPolicy(t, (command, args, options) => {
    programs.push([command, ...args].join(' '))
    return run(command, args, options)
  })
  await policy.start()
  t.strictSame((await policy.apply(wanted, true)).unprogrammed, new Map())
  t.strictSame(
    programs.filter((one) => one.startsWith('ipset')),
    ['ipset save', 'ipset restore -exist'],
  )
  t.ok(policy.dueAtMs > nowMs() + 30_000, 'nothing is due soon')
  await run('ipset', ['flush', 'tort4s:a'], { timeoutMs: 20_000 })
  while (policy.dueAtMs > nowMs()) await once(suspected, 'due')
  t.equal((await policy.apply(wanted, true)).repaired, 1)
  t.match((await run('ipset', ['save'], { timeoutMs: 20_000 })).stdout, 'add tort4s:a 10.0.0.1')
})

t.test('sets are counted only while that is asked for, and not once it is closed', async (t) => {
  const asked = new EventEmitter()
  const told: unknown[] = []
  const watch = new IpSetsWatch({
    isDue: () => asked.emit('due') && false,
    onCounts: (counts) => told.push(counts),
    onWatched: (isWatched) => told.push(isWatched),
    nowMs,
    log,
  })
  t.teardown(() => watch.close())
  await watch.start()
  await once(asked, 'due')
  t.strictSame(told, [true])
  const late = new IpSetsWatch({ isDue: () => true, onCounts: () => t.fail(), onWatched: () => t.fail(), nowMs, log })
  const starting = late.start()
  late.close()
  await starting
})
