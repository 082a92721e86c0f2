import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { type Run, run } from '../src/os/process.ts'
import { entries, makeEntries } from './conntrack/test-entries.ts'
import { Felix } from './felix.ts'
import type { Chain, Guard, KernelState, Rule } from './kernel.ts'
import { enterNetns } from './test-netns.ts'
import { makeTunnelDevice } from './test-tunnel-device.ts'

const log = pino({ level: 'silent' })
const drop: Rule = { match: [{ type: 'source-set', set: 'tort4s:a' }], action: { type: 'drop' } }
const forward: Chain = { family: 4, table: 'filter', name: 'tort-FORWARD', rules: [drop] }
const tunnelGuard: Guard = {
  ipSets: [],
  chains: [{ family: 4, table: 'filter', name: 'tort-ipip-in', rules: [{ match: [], action: { type: 'drop' } }] }],
  hooks: [
    {
      family: 4,
      table: 'filter',
      kernelChain: 'INPUT',
      at: 'insert',
      rule: { match: [{ type: 'protocol', protocol: 4 }], action: { type: 'jump', chain: 'tort-ipip-in' } },
    },
  ],
}
const empty: KernelState = { tunnels: [], tunnelGuard, links: [], sysctls: [], routes: [], ipSets: [], chains: [], hooks: [] }
const desired: KernelState = {
  tunnels: [],
  tunnelGuard,
  links: [{ name: 'tort1', up: true }],
  sysctls: [
    { path: 'net/ipv4/ip_forward', value: '1' },
    { path: 'net/ipv4/conf/tort1/proxy_arp', value: '1', link: 'tort1' },
  ],
  routes: [
    { destination: '10.244.1.2/32' as Cidr, nextHop: { type: 'unicast', device: 'tort1', scope: 'link' } },
    { destination: '10.244.1.0/24' as Cidr, nextHop: { type: 'blackhole' } },
  ],
  ipSets: [{ name: 'tort4s:a', type: 'hash:ip', family: 4, members: new Set(['10.0.0.1']) }],
  chains: [forward],
  hooks: [
    {
      family: 4,
      table: 'filter',
      kernelChain: 'FORWARD',
      at: 'insert',
      rule: { match: [], action: { type: 'jump', chain: 'tort-FORWARD' } },
    },
  ],
}
const allProgrammed = new Map()

async function must(command: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(command, args, { timeoutMs: 10_000 })
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}
const addLink = () => must('ip', 'link', 'add', 'tort1', 'type', 'veth', 'peer', 'name', 'peer1')
const routes = async () =>
  (await must('ip', 'route', 'show', 'proto', '116'))
    .split('\n')
    .map((line) => line.replace('linkdown', '').trim())
    .filter(Boolean)
    .toSorted()
const rules = async () => (await must('iptables-nft-save', '-t', 'filter')).split('\n').filter((line) => line.includes('tort'))
const programmedRoutes = ['10.244.1.2 dev tort1 scope link', 'blackhole 10.244.1.0/24']

type Started = { readonly felix: Felix; readonly programs: string[]; readonly drifted: () => Promise<void> }

type StartOptions = {
  /** Runs before each program. */
  readonly aside?: (command: string) => Promise<void>
  readonly nowMs?: () => number
}

async function start(t: Test, { aside = async () => {}, ...clock }: StartOptions = {}): Promise<Started> {
  const programs: string[] = []
  let wake = Promise.withResolvers<void>()
  const recorded: Run = async (command, args, options) => {
    await aside(command)
    programs.push(command)
    return run(command, args, options)
  }
  const felix = new Felix(
    { routeProtocol: 116, iptablesBackend: 'nft', nftablesMode: 'disabled' },
    { log, run: recorded, onDrift: () => wake.resolve(), ...clock },
  )
  t.teardown(() => felix.close())
  await felix.start()
  const drifted = async () => {
    await wake.promise
    wake = Promise.withResolvers()
  }
  return { felix, programs, drifted }
}

t.beforeEach(() => enterNetns())

t.test('one apply makes links, sysctls, sets, chains and routes; the next one starts no process', async (t) => {
  await addLink()
  const { felix, programs } = await start(t, { nowMs: () => 0 }) // so no check becomes due
  felix.allowPrune('policy')
  const report = await felix.apply(desired)
  t.strictSame(report.unprogrammed, allProgrammed)
  t.strictSame(felix.problems(), [])
  t.strictSame(await routes(), programmedRoutes)
  t.match(await must('ip', 'link', 'show', 'tort1'), /[<,]UP[,>]/)
  t.equal(await must('cat', '/proc/sys/net/ipv4/conf/tort1/proxy_arp'), '1\n')
  t.match(await rules(), [
    ':tort-FORWARD - [0:0]',
    /^-A FORWARD .*-j tort-FORWARD$/,
    /^-A tort-FORWARD .*--match-set tort4s:a src .*-j DROP$/,
  ])
  t.strictSame(felix.policyBackend?.backend, 'nft')
  t.strictSame(felix.policyCounters, { chains: 1, ipSets: 1, connectionsDeleted: 0 })
  const started = programs.length
  await felix.apply(desired)
  t.equal(programs.length, started)
})

t.test('a table that cannot be written at first: policy is a problem until the base chains are in, and not again', async (t) => {
  let nowMs = 0
  const { felix, drifted } = await start(t, { nowMs: () => nowMs })
  felix.allowPrune('policy')
  await must('nft', 'add', 'table', 'ip', 'filter')
  await must('nft', 'add', 'chain', 'ip', 'filter', 'OTHER')
  const onlyNft = ['add', 'rule', 'ip', 'filter', 'OTHER', 'meta', 'mark', 'set', 'ct', 'mark']
  const policyProblems = () => felix.problems().filter(({ subject }) => subject === 'policy')
  await must('nft', ...onlyNft)
  await felix.apply(desired)
  t.match(policyProblems(), [
    {
      severity: 'error',
      message: /^policy cannot be programmed: hook filter\/FORWARD \(IPv4\): table filter holds rules that only nft can show/,
    },
  ])
  t.equal(felix.isGuarded, false)
  await must('nft', 'flush', 'chain', 'ip', 'filter', 'OTHER')
  nowMs = 60_000
  await felix.apply(desired)
  await felix.guarded
  t.strictSame([felix.isGuarded, policyProblems()], [true, []])
  await must('nft', ...onlyNft)
  nowMs = 1_000_000
  // a check that is due by the clock alone runs beside the apply, and what it finds is for the next one
  const errors = () => felix.problems().filter(({ severity }) => severity === 'error')
  for (await felix.apply(desired); errors().length === 0; await felix.apply(desired)) await drifted()
  t.match(errors(), [{ subject: /^chain/, message: /only nft can show/ }])
  t.strictSame([felix.isGuarded, policyProblems()], [true, []], 'the chains are still there')
})

t.test('sets come before chains, and chains before routes: no packet passes unpoliced', async (t) => {
  await addLink()
  const seen: object[] = []
  const { felix } = await start(t, {
    aside: async (command) => {
      if (!command.endsWith('restore')) return
      const sets = (await must('ipset', 'list', '-n')).trim()
      seen.push({ command, sets, routes: await routes() })
    },
  })
  await felix.apply(desired)
  t.strictSame(seen, [{ command: 'iptables-nft-restore', sets: 'tort4s:a', routes: [] }])
})

t.test('a restarted agent changes nothing, and removes what is unwanted only when that kind may be pruned', async (t) => {
  await addLink()
  const first = await start(t)
  await first.felix.apply(desired)
  await first.felix.close()
  const before = [await routes(), await rules()]
  const { felix, programs } = await start(t)
  t.strictSame(await felix.apply(desired), { changed: 0, repaired: 0, unprogrammed: allProgrammed })
  t.notOk(
    programs.some((command) => command.endsWith('restore')),
    'no restore was started',
  )
  t.strictSame([await routes(), await rules()], before)

  const third = (await start(t)).felix
  await third.apply(empty)
  t.strictSame([await routes(), await rules()], before, 'nothing may be pruned')
  third.allowPrune('policy')
  await third.apply(empty)
  t.strictSame([await routes(), await rules(), await must('ipset', 'list', '-n')], [before[0], [], ''])
  third.allowPrune('routes')
  await third.apply(empty)
  while ((await routes()).length > 0) await setImmediate()
  t.pass('routes follow in batches')
})

t.test('what waits for an interface is pending, and its coming asks for an apply that programs it', async (t) => {
  const { felix, drifted } = await start(t)
  felix.allowPrune('policy')
  const { unprogrammed } = await felix.apply(desired)
  t.strictSame([...unprogrammed.keys()].toSorted(), ['link tort1', 'route 10.244.1.2/32', 'sysctl net/ipv4/conf/tort1/proxy_arp'])
  t.strictSame(
    felix.problems().map(({ severity }) => severity),
    felix.problems().map(() => 'warning'),
  )
  await addLink()
  while ((await felix.apply(desired)).unprogrammed.size > 0) await drifted()
  t.strictSame(await routes(), programmedRoutes)
  t.strictSame(felix.problems(), [])
})

t.test('a route that somebody removes or replaces comes back without an apply', async (t) => {
  await addLink()
  const { felix } = await start(t)
  await felix.apply(desired)
  await must('ip', 'route', 'del', '10.244.1.2/32')
  await must('ip', 'route', 'replace', 'unreachable', '10.244.1.0/24')
  while ((await routes()).join() !== programmedRoutes.join()) await setImmediate()
  while (felix.routeCounters.repairs < 2) await setImmediate() // counted when the kernel has answered
  t.equal(felix.routeCounters.repairs, 2)
})

t.test('a link that somebody takes down comes up again with its route', async (t) => {
  await addLink()
  const { felix, drifted } = await start(t)
  await felix.apply(desired)
  await must('ip', 'link', 'set', 'tort1', 'down')
  while ((await routes()).join() !== programmedRoutes.join()) {
    await drifted()
    await felix.apply(desired)
  }
  t.match(await must('ip', 'link', 'show', 'tort1'), /[<,]UP[,>]/)
})

t.test('an interface that is made anew under its name gets everything anew', async (t) => {
  await addLink()
  const { felix, drifted } = await start(t)
  await felix.apply(desired)
  await must('ip', 'link', 'del', 'tort1')
  await addLink()
  const proxyArp = () => must('cat', '/proc/sys/net/ipv4/conf/tort1/proxy_arp')
  while ((await routes()).join() !== programmedRoutes.join() || (await proxyArp()) !== '1\n') {
    await drifted()
    await felix.apply(desired)
  }
  t.strictSame((await felix.apply(desired)).unprogrammed, allProgrammed)
})

t.test('flushed chains and sets are seen without a change of what is wanted, and repaired', async (t) => {
  await addLink()
  const { felix, drifted } = await start(t)
  felix.allowPrune('policy')
  await felix.apply(desired)
  const before = await rules()
  await must('iptables-nft', '-F')
  await must('ipset', 'flush', 'tort4s:a')
  let repaired = 0
  while (repaired < 3) {
    await drifted()
    repaired += (await felix.apply(desired)).repaired
  }
  t.equal(repaired, 3, 'chain, hook and set')
  t.strictSame(await rules(), before)
  t.match(await must('ipset', 'save'), /add tort4s:a 10\.0\.0\.1/)
})

t.test('the tunnel is guarded before it is up, until it is down, and over a restart in between', async (t) => {
  await makeTunnelDevice('tunl0')
  const tunnels = [{ type: 'ipip', name: 'tunl0', address: '10.244.1.0' as IpAddress, mtu: 1480 }] as const
  const seen: { up: boolean; guarded: boolean }[] = []
  const look = async () => {
    const up = (await must('ip', 'link', 'show', 'tunl0')).includes('UP')
    seen.push({ up, guarded: (await must('iptables-nft-save')).includes('-A tort-ipip-in') })
  }
  const now = async () => {
    await look()
    return seen.at(-1)
  }
  const first = await start(t, { aside: look })
  first.felix.allowPrune('policy')
  t.strictSame((await first.felix.apply({ ...empty, tunnels })).unprogrammed, allProgrammed)
  t.strictSame(await now(), { up: true, guarded: true })
  await first.felix.close()

  const { felix, drifted } = await start(t, { aside: look })
  felix.allowPrune('policy')
  await felix.apply(empty)
  t.strictSame(await now(), { up: true, guarded: true }, 'not wanted any more, but routes may still lead into it')
  felix.allowPrune('routes')
  await felix.apply(empty)
  while ((await now())?.up) {
    await drifted()
    await felix.apply(empty)
  }
  t.strictSame(await now(), { up: false, guarded: false })
  t.notOk(seen.some(({ up, guarded }) => up && !guarded))
})

t.test("a user's own tunl0 gets no guard", async (t) => {
  await makeTunnelDevice('tunl0')
  await must('ip', 'link', 'set', 'tunl0', 'up')
  await must('ip', 'address', 'add', '10.7.0.1/32', 'dev', 'tunl0')
  const { felix } = await start(t)
  felix.allowPrune('policy')
  felix.allowPrune('routes')
  await felix.apply(desired)
  t.notMatch(await must('iptables-nft-save'), 'tort-ipip')
})

t.test('two applies at once are a bug of the caller', async (t) => {
  const { felix } = await start(t)
  const first = felix.apply(empty)
  await t.rejects(felix.apply(empty), { message: 'felix: apply was called while another apply was running' })
  await first
})

t.test('a workload gets no route while its policy cannot be programmed, and keeps the one it has', async (t) => {
  await addLink()
  const { felix, drifted } = await start(t)
  felix.allowPrune('policy')
  const refused: KernelState = { ...desired, ipSets: [] } // its rule names a set that is not there
  const report = await felix.apply(refused)
  t.match(report.unprogrammed.get('route 10.244.1.2/32'), { state: 'pending', reason: 'waits for its policy, which cannot be programmed' })
  t.strictSame(await routes(), ['blackhole 10.244.1.0/24'])
  while ((await felix.apply(desired)).unprogrammed.size > 0) await drifted()
  t.strictSame(await routes(), programmedRoutes)
  const changed: Chain = { ...forward, rules: [{ ...drop, match: [{ type: 'source-set', set: 'tort4s:absent' }] }] }
  const { unprogrammed } = await felix.apply({ ...desired, chains: [changed] })
  t.strictSame(
    [...unprogrammed.values()].map(({ state }) => state),
    ['failed'],
  )
  t.strictSame(await routes(), programmedRoutes)
})

const connection = { from: '192.0.2.1', to: '10.244.1.2', port: 1 }
const other = { from: '192.0.2.1', to: '10.244.1.3', port: 1 }
const heldBy = (holder: string): KernelState => ({ ...desired, holders: new Map([['10.244.1.2/32' as Cidr, holder]]) })

t.test('an address that another workload has now is led to it without the connections of the former one', async (t) => {
  await addLink()
  const { felix } = await start(t)
  await felix.apply(heldBy('a'))
  await makeEntries([connection, other])
  await felix.apply(heldBy('a'))
  t.equal((await entries()).length, 2)
  const { unprogrammed } = await felix.apply(heldBy('b'))
  t.strictSame(unprogrammed, allProgrammed)
  t.strictSame(await entries(), ['192.0.2.1 > 10.244.1.3, 10.244.1.3 > 192.0.2.1'])
  t.strictSame(await routes(), programmedRoutes)
})

t.test('an address that another workload has now is led to nobody while the policy of that one cannot be programmed', async (t) => {
  await addLink()
  const { felix, drifted } = await start(t)
  felix.allowPrune('policy')
  while ((await felix.apply(heldBy('a'))).unprogrammed.size > 0) await drifted()
  const waits = { state: 'pending', reason: 'waits for its policy, which cannot be programmed' }
  const changed: Chain = { ...forward, rules: [{ ...drop, match: [{ type: 'source-set', set: 'tort4s:absent' }] }] }
  for (const round of ['its connections are forgotten', 'they were']) {
    const { unprogrammed } = await felix.apply({ ...heldBy('b'), chains: [changed] })
    t.match(unprogrammed.get('route 10.244.1.2/32'), waits, round)
    t.notOk((await routes()).includes('10.244.1.2 dev tort1 scope link'), round)
  }
  while ((await felix.apply(heldBy('b'))).unprogrammed.size > 0) await drifted()
  t.strictSame(await routes(), programmedRoutes)
})

t.test('the connections of a workload that is gone are forgotten behind the apply, also if another one comes at once', async (t) => {
  await addLink()
  const { felix } = await start(t)
  await felix.apply(heldBy('a'))
  await makeEntries([connection, other])
  await felix.apply({ ...desired, routes: [], holders: new Map() })
  while ((await entries()).length > 1) await setImmediate()
  await makeEntries([connection])
  await felix.apply(heldBy('b'))
  t.equal((await entries()).length, 2, 'the new one’s are left alone')
  await felix.apply({ ...desired, routes: [], holders: new Map() })
  await felix.apply(heldBy('c'))
  t.strictSame(await entries(), ['192.0.2.1 > 10.244.1.3, 10.244.1.3 > 192.0.2.1'])
})
