import { spawnSync } from 'node:child_process'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { type Run, run } from '../src/os/process.ts'
import { ChosenPolicy, type PolicyOptions } from './chosen-policy.ts'
import type { PolicyState, PolicyWriter } from './policy-writer.ts'
import { RepairLog } from './repair-log.ts'
import { enterNetns } from './test-netns.ts'

const log = pino({ level: 'silent' })

const wanted: PolicyState = {
  ipSets: [{ name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) }],
  chains: [
    { family: 4, table: 'filter', name: 'tort-x', rules: [{ match: [{ type: 'source-set', set: 'tort4s:a' }], action: { type: 'drop' } }] },
  ],
  hooks: [
    { family: 4, table: 'filter', kernelChain: 'FORWARD', at: 'insert', rule: { match: [], action: { type: 'jump', chain: 'tort-x' } } },
  ],
}

/** Nobody waits for what is due later. */
let passedMs = 0

function chosen(t: Test, nftablesMode: PolicyOptions['nftablesMode'], through: Run = run): ChosenPolicy {
  const policy = new ChosenPolicy(
    { iptablesBackend: 'nft', nftablesMode },
    { run: through, nowMs: () => performance.now() + passedMs, log, repairs: new RepairLog(log), onSuspect: () => {} },
  )
  t.teardown(() => policy.close())
  return policy
}

/** A machine on which iptables and ipset are not installed. */
const withoutIptables: Run = async (command, args, options) =>
  /iptables|ip6tables|ipset/.test(command)
    ? { exitCode: 127, stdout: '', stderr: `${command} is not installed`, missingPackage: 'iptables' }
    : run(command, args, options)

const shown = () => {
  const output = (command: string, ...args: readonly string[]) => spawnSync(command, args, { encoding: 'utf8' }).stdout
  return {
    nftables: output('nft', 'list', 'tables').includes('tortie'),
    iptables: output('iptables-nft-save').includes('tort-x'),
    ipset: output('ipset', 'list', '-n').includes('tort4s:a'),
  }
}
const inNftables = { nftables: true, iptables: false, ipset: false }
const inIptables = { nftables: false, iptables: true, ipset: true }

t.beforeEach(() => enterNetns())

t.test('auto is iptables where it is installed', async (t) => {
  const policy = chosen(t, 'auto')
  t.strictSame([policy.choice, policy.dueAtMs], [undefined, Number.POSITIVE_INFINITY])
  t.strictSame((await policy.apply(wanted, true)).unprogrammed, new Map())
  t.match(policy.choice, { backend: 'nft', reason: 'felix.iptablesBackend is nft' })
  t.strictSame(shown(), inIptables)
})

t.test('auto is nftables where iptables is not installed: no program is needed', async (t) => {
  const policy = chosen(t, 'auto', withoutIptables)
  t.strictSame((await policy.apply(wanted, true)).unprogrammed, new Map())
  t.strictSame(policy.choice, { backend: 'nftables', reason: 'iptables is not installed' })
  t.strictSame(shown(), inNftables)
})

t.test('what the other backend had goes soon after this one enforces all, and not before', async (t) => {
  const isSoon = ({ dueAtMs }: PolicyWriter) => dueAtMs < performance.now() + passedMs + 20_000
  const both = { nftables: true, iptables: true, ipset: true }
  await chosen(t, 'disabled').apply(wanted, true)
  t.strictSame(shown(), inIptables)
  const native = chosen(t, 'enabled')
  await native.apply(wanted, false)
  passedMs += 60_000
  await native.apply(wanted, false)
  t.strictSame([shown(), isSoon(native)], [both, false], 'as long as nothing may be removed both are there')
  await native.apply(wanted, true)
  t.strictSame(shown(), both, 'nobody waits for it who waits for the first policy')
  t.ok(isSoon(native))
  passedMs += 20_000
  await native.apply(wanted, true)
  t.strictSame([shown(), isSoon(native)], [inNftables, false])
  const iptables = chosen(t, 'disabled')
  await iptables.apply(wanted, true)
  passedMs += 20_000
  await iptables.apply(wanted, true)
  t.strictSame(shown(), inIptables)
})

t.test('as long as something is refused, what the other had stays', async (t) => {
  await chosen(t, 'disabled').apply(wanted, true)
  const bad: PolicyState = {
    ...wanted,
    chains: [{ family: 4, table: 'filter', name: 'tort-x', rules: [{ match: [], action: { type: 'jump', chain: 'tort-missing' } }] }],
  }
  const native = chosen(t, 'enabled')
  const { unprogrammed } = await native.apply(bad, true)
  t.match(unprogrammed.get('chain filter/tort-x (IPv4)'), { state: 'failed', reason: /no such file/ })
  passedMs += 20_000
  await native.apply(bad, true)
  t.strictSame(shown(), { nftables: false, iptables: true, ipset: true })
})

t.test('rules are counted by the names of iptables', async (t) => {
  const policy = chosen(t, 'enabled')
  await policy.apply({ ...wanted, hooks: [{ ...(wanted.hooks[0] as PolicyState['hooks'][number]), kernelChain: 'OUTPUT' }] }, true)
  spawnSync('ip', ['addr', 'add', '10.0.0.1/32', 'dev', 'lo'])
  spawnSync('bash', ['-c', 'echo > /dev/udp/10.0.0.1/9']) // 28 octets of headers and a line break
  const [table, ...others] = await policy.ruleCounts()
  t.strictSame(others, [])
  t.match(table, { family: 4, table: 'filter' })
  t.match(table?.chains.get('tort-x'), [{ packets: 1, octets: 29, note: '', returns: false, hash: /^[\w-]{16}$/ }])
})
