/** What is due by the clock alone is read beside the applies. */
import { spawnSync } from 'node:child_process'
import { closeSync, readdirSync, readlinkSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { Chain, Hook, IpSet, Rule } from '../kernel.ts'
import { defaultLimits } from '../policy-limits.ts'
import type { PolicyState } from '../policy-writer.ts'
import { RepairLog } from '../repair-log.ts'
import { enterNetns } from '../test-netns.ts'
import { NftPolicy } from './nft-policy.ts'

const log = pino({ level: 'silent' })
const none = { changed: 0, repaired: 0, unprogrammed: new Map() }
const members = Array.from({ length: 20_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
const nets = Array.from({ length: 500 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)

function nft(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('nft', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`nft ${args.join(' ')}: ${stderr}`)
}

const still: IpSet = { name: 'tort4s:still', type: 'hash:ip', family: 4, members: new Set(members) }
const stillRules: readonly Rule[] = [{ match: [{ type: 'source-set', set: still.name }], action: { type: 'drop' }, comment: 'rule 0' }]
const stillChains = Array.from({ length: 2_000 }, (_, n): Chain => ({ family: 4, table: 'filter', name: `tort-${n}`, rules: stillRules }))

/** Two thousand chains with sets of each kind: long enough to be met while it is read. @param round of what changes */
function world(round: number): PolicyState {
  const hook: Hook = {
    family: 4,
    table: 'filter',
    kernelChain: 'FORWARD',
    at: 'insert',
    rule: { match: [], action: { type: 'jump', chain: 'tort-a' } },
  }
  const rules = (n: number): Rule[] => [
    { match: [{ type: 'source-set', set: 'tort4s:a' }], action: { type: 'accept' }, comment: `round ${round} of ${n}` },
    { match: [{ type: 'source-set', set: 'tort4n:b' }], action: { type: 'accept' } },
  ]
  const other: Chain[] = [{ family: 4, table: 'filter', name: `tort-round-${round}`, rules: rules(0) }]
  const a: IpSet = { name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set([...members.slice(round), `11.0.0.${round}`]) }
  const b: IpSet = { name: 'tort4n:b', type: 'hash:net', family: 4, members: new Set(nets.slice(round)) }
  const changing: Chain = { family: 4, table: 'filter', name: 'tort-a', rules: rules(1) }
  return { ipSets: [a, b, still], chains: [changing, ...stillChains, ...other], hooks: [hook] }
}

const first = world(0)

/** One whose table is written, and whose routine check is due; nothing that others do is told to it but by reading. */
async function make(t: Test) {
  await enterNetns()
  let nowMs = 0
  let suspicions = 0
  const repairs = new RepairLog(log)
  const writer = new NftPolicy('a test', { nowMs: () => nowMs, log, repairs, onSuspect: () => suspicions++ })
  t.teardown(() => writer.close())
  t.match(await writer.apply(first, true), { repaired: 0, unprogrammed: new Map() })
  nowMs = writer.dueAtMs
  return {
    writer,
    repairs,
    suspicions: () => suspicions,
    now: () => nowMs,
    /** Begins the check. Later than that by a millisecond, its end shows in what is due next. */
    begin: async () => {
      t.strictSame(await writer.apply(first, true), none, 'nobody waits for it')
      const begunUntil = writer.dueAtMs
      t.equal(begunUntil, nowMs + defaultLimits.rulesCheckMs)
      nowMs += 1
      const isUnderWay = () => writer.dueAtMs === begunUntil
      const ended = async () => {
        while (isUnderWay()) await nextTurn()
      }
      return { isUnderWay, ended }
    },
  }
}

/** Not the directory itself, which is closed already. */
function isSocket(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
  } catch {
    return false
  }
}

const looked = (now: () => number) => now() + defaultLimits.rulesCheckMs

t.test('nobody waits for it; what is as known is looked at again 90 s later', async (t) => {
  const { writer, suspicions, now, begin } = await make(t)
  const { isUnderWay, ended } = await begin()
  t.equal(isUnderWay(), true)
  await ended()
  t.strictSame([writer.dueAtMs, suspicions(), writer.restoreCounters.restores], [looked(now), 0, 1])
})

const drifts: readonly (readonly [what: string, args: readonly string[], repaired: string])[] = [
  ['a rule deleted', ['flush', 'chain', 'ip', 'tortie', 'filter-tort-7'], 'chain filter/tort-7 (IPv4)'],
  ['a rule added', ['insert', 'rule', 'ip', 'tortie', 'filter-FORWARD', 'accept'], 'hook filter/FORWARD (IPv4)'],
  ['a chain added', ['add', 'chain', 'ip', 'tortie', 'theirs'], 'chain theirs (IPv4)'],
  ['a member deleted', ['delete', 'element', 'ip', 'tortie', 'tort4s-still', '{ 10.0.0.1 }'], 'IP set tort4s-still'],
  ['a network added', ['add', 'element', 'ip', 'tortie', 'tort4n-b', '{ 192.0.2.0/24 }'], 'IP set tort4n-b'],
  ['a set added', ['add', 'set', 'ip', 'tortie', 'theirs', '{ type ipv4_addr; }'], 'IP set theirs'],
]
for (const [what, args, object] of drifts) {
  t.test(`${what} unheard becomes a suspicion, and is repaired by the next apply`, async (t) => {
    const { writer, repairs, suspicions, now, begin } = await make(t)
    nft(...args)
    await (await begin()).ended()
    t.strictSame([suspicions(), writer.dueAtMs], [1, now()])
    t.strictSame(await writer.apply(first, true), { ...none, changed: 1, repaired: 1 })
    t.strictSame(
      repairs.last.map((one) => one.object),
      [object],
    )
    t.strictSame(await writer.apply(first, true), none)
  })
}

t.test('our own changes of chains, sets and members meanwhile are nobody else’s', async (t) => {
  const { writer, repairs, suspicions, now, begin } = await make(t)
  const { isUnderWay, ended } = await begin()
  for (let round = 1; round <= 10; round++) {
    t.equal(isUnderWay(), true)
    t.equal((await writer.apply(world(round), true)).repaired, 0)
    await nextTurn()
  }
  await ended()
  t.strictSame([suspicions(), repairs.total, writer.dueAtMs], [0, 0, looked(now)])
})

t.test('what others did to one chain is seen, whatever we write meanwhile', async (t) => {
  const { writer, suspicions, begin } = await make(t)
  nft('flush', 'chain', 'ip', 'tortie', 'filter-tort-1999')
  const { ended } = await begin()
  for (let round = 1; round <= 10; round++) await writer.apply(world(round), true)
  await ended()
  t.equal(suspicions(), 1)
})

t.test('what cannot be read to its end is a suspicion', async (t) => {
  const { writer, suspicions, now, begin } = await make(t)
  const before = new Set(readdirSync('/proc/self/fd').filter(isSocket))
  const { ended } = await begin()
  const opened = readdirSync('/proc/self/fd').filter((fd) => !before.has(fd) && isSocket(fd))
  t.equal(opened.length, 1)
  closeSync(Number(opened[0]))
  await ended()
  t.strictSame([suspicions(), writer.dueAtMs], [1, now()])
  t.strictSame(await writer.apply(first, true), none, 'nothing was wrong')
})

t.test('as often as the limits say', async (t) => {
  const { writer, now, begin } = await make(t)
  await (await begin()).ended()
  writer.setLimits({ ...defaultLimits, ipSetsCheckMs: 10_000 })
  t.ok(writer.dueAtMs <= now(), 'at once')
  t.strictSame(await writer.apply(first, true), none)
  t.equal(writer.dueAtMs, now() + 10_000)
})
