import { pino } from 'pino'
import t from 'tap'
import type { Run } from '../../src/os/process.ts'
import type { Chain, Hook, Rule } from '../kernel.ts'
import type { PolicyState } from '../policy-writer.ts'
import { makeNetns, type TestNetns } from '../test-netns.ts'
import { toolName } from './iptables-tool.ts'
import { PolicyTables } from './policy-tables.ts'

const done = { changed: 0, repaired: 0, unprogrammed: new Map() }
const fullCheckMs = 90_000
const from = (net: string): Rule => ({ match: [{ type: 'source-net', net: net as never }], action: { type: 'drop' } })
const chain = (name: string, ...rules: Rule[]): Chain => ({ family: 4, table: 'filter', name, rules })
const hook: Hook = {
  family: 4,
  table: 'filter',
  kernelChain: 'FORWARD',
  at: 'insert',
  rule: { match: [], action: { type: 'jump', chain: 'tort-a' } },
}
/** Long enough that its output comes in several parts. */
const many = Array.from({ length: 2_000 }, (_, n) => from(`10.1.${n >> 8}.${n & 255}/32`))
const state = (...chains: Chain[]): PolicyState => ({
  ipSets: [],
  chains: [chain('tort-a', from('10.0.0.1/32')), chain('tort-z', ...many), ...chains],
  hooks: [hook],
})

for (const backend of ['nft', 'legacy'] as const) {
  t.test(`a check of rules that is due by the clock alone, in a kernel (${backend})`, async (t) => {
    let netns: TestNetns
    let nowMs = 0
    let suspicions = 0
    let parts = 0
    /** Resolves when the last `iptables-save` has ended. */
    let saved = Promise.resolve()
    /** What is done before `iptables-save` begins, and behind the first part of its output. */
    let before: () => Promise<unknown>
    let inside: () => Promise<unknown>
    const [save, restore] = [toolName(4, backend, 'save'), toolName(4, backend, 'restore')]
    const run: Run = (command, args, options) => {
      const { onOutput } = options
      if (command !== save || onOutput === undefined) return netns.run(command, args, options)
      const counted = async (part: string) => {
        await onOutput(part)
        parts += 1
        if (parts === 1) await inside()
      }
      const running = before().then(() => netns.run(command, args, { ...options, onOutput: counted }))
      saved = running.then(() => new Promise(setImmediate))
      return running
    }
    const others = (rules: string) => netns.must(restore, ['--noflush'], `*filter\n${rules}\nCOMMIT\n`)
    const make = async () => {
      const tables = new PolicyTables(backend, {
        run,
        nowMs: () => nowMs,
        log: pino({ level: 'silent' }),
        onSuspect: () => (suspicions += 1),
      })
      tables.watched = { rules: true, ipSets: true }
      t.strictSame(await tables.apply(state(), true), { ...done, changed: 3 })
      nowMs = tables.dueAtMs
      return tables
    }
    t.beforeEach(async () => {
      ;[nowMs, suspicions, parts] = [0, 0, 0]
      before = inside = async () => undefined
      netns = await makeNetns()
    })
    t.afterEach(() => netns.remove())

    t.test('no change waits for it, one program shows all tables, and what is as wanted is looked at again 90 s later', async (t) => {
      const tables = await make()
      const { promise, resolve } = Promise.withResolvers<void>()
      before = () => promise
      const more = state(chain('tort-b', from('10.0.0.9/32')))
      t.strictSame(await tables.apply(more, true), { ...done, changed: 1 }, 'it is over before anything was read')
      t.equal(parts, 0)
      resolve()
      await saved
      t.ok(parts > 1, `${parts} parts`)
      t.strictSame([suspicions, tables.dueAtMs], [0, nowMs + fullCheckMs])
      const started = netns.started()
      t.strictSame(await tables.apply(more, true), done)
      t.equal(netns.started(), started)
    })

    t.test('a rule that somebody took away is found by it, and put back by the next apply', async (t) => {
      const tables = await make()
      await others('-F tort-a')
      t.strictSame(await tables.apply(state(), true), done)
      await saved
      t.strictSame([suspicions, tables.dueAtMs], [1, nowMs])
      t.strictSame(await tables.apply(state(), true), { ...done, changed: 1, repaired: 1 })
      t.match(await netns.must(save, []), /-A tort-a -s 10\.0\.0\.1\/32 /)
    })

    t.test('what somebody does to a chain while we write another is found', async (t) => {
      const tables = await make()
      inside = () => tables.apply(state(chain('tort-b', from('10.0.0.9/32'))), true)
      before = () => others('-D FORWARD 1\n-F tort-a')
      await tables.apply(state(), true)
      await saved
      t.strictSame([suspicions, tables.dueAtMs], [1, nowMs])
      t.match(await tables.apply(state(chain('tort-b', from('10.0.0.9/32'))), true), { changed: 2, repaired: 2 })
    })

    t.test('a rule that somebody changes in the middle of a reading is found by the next one at the latest', async (t) => {
      const tables = await make()
      inside = () => others('-A tort-z -j ACCEPT\n-F tort-a')
      await tables.apply(state(), true)
      await saved
      if (suspicions === 0) {
        nowMs = tables.dueAtMs
        await tables.apply(state(), true)
        await saved
      }
      t.strictSame([suspicions, tables.dueAtMs], [1, nowMs])
      t.strictSame(await tables.apply(state(), true), { ...done, changed: 2, repaired: 2 })
    })

    t.test('one who is told of a change in the middle of a reading reads at once', async (t) => {
      const tables = await make()
      inside = async () => {
        await others('-F tort-a')
        tables.suspectRules([{ family: 4, table: 'filter' }])
        t.strictSame(await tables.apply(state(), true), { ...done, changed: 1, repaired: 1 })
      }
      await tables.apply(state(), true)
      await saved
      t.strictSame([parts > 1, suspicions], [true, 0], 'what was being read then says nothing')
      const dueAtMs = tables.dueAtMs
      t.ok(dueAtMs <= nowMs + fullCheckMs)
    })

    t.test('we may write without end: each reading comes to its end, and shows what others did', async (t) => {
      const tables = await make()
      for (let n = 0; n < 3; n++) {
        parts = 0
        let written = 0
        inside = async () => {
          for (; written < 3; written++) await tables.apply(state(chain('tort-b', from(`10.0.${n}.${written}/32`))), true)
        }
        await tables.apply(state(), true)
        await saved
        t.strictSame([written, suspicions, tables.dueAtMs], [3, 0, nowMs + fullCheckMs])
        nowMs = tables.dueAtMs
      }
      await others('-F tort-a')
      await tables.apply(state(), true)
      await saved
      t.equal(suspicions, 1)
    })

    t.test('a reading that fails is a suspicion', async (t) => {
      const tables = await make()
      before = () => netns.remove()
      await tables.apply(state(), true)
      await saved
      t.strictSame([suspicions, tables.dueAtMs], [1, nowMs])
    })
  })
}
