import { pino } from 'pino'
import t from 'tap'
import type { IpAddress } from '../../src/net/address.ts'
import type { Cidr } from '../../src/net/prefix.ts'
import { type Run, run } from '../../src/os/process.ts'
import { Felix } from '../felix.ts'
import type { Chain, Hook, KernelState } from '../kernel.ts'
import { enterNetns } from '../test-netns.ts'
import { makeTunnelDevice } from '../test-tunnel-device.ts'
import { cleanUp } from './cleanup.ts'

const log = pino({ level: 'silent' })
const none = { routes: 0, tunnelAddresses: 0, chains: 0, hooks: 0, ipSets: 0, nftTables: 0 }

const jump = (chain: string): Hook['rule'] => ({ match: [], action: { type: 'jump', chain } })
const places = ([4, 6] as const).flatMap((family) => (['filter', 'nat', 'mangle', 'raw'] as const).map((table) => ({ family, table })))
const desired: KernelState = {
  links: [{ name: 'tort1', up: true }],
  tunnelGuard: { ipSets: [], chains: [], hooks: [] },
  tunnels: [{ type: 'ipip', name: 'tunl0', address: '10.244.1.0' as IpAddress, mtu: 1440 }],
  sysctls: [],
  routes: [
    { destination: '10.244.1.2/32' as Cidr, nextHop: { type: 'unicast', device: 'tort1', scope: 'link' } },
    { destination: '10.244.2.0/24' as Cidr, nextHop: { type: 'unicast', device: 'tunl0', via: '10.99.0.2' as IpAddress, onlink: true } },
    { destination: 'fd00:244:1::/64' as Cidr, nextHop: { type: 'blackhole' } },
  ],
  ipSets: ([4, 6] as const).map((family) => ({ name: `tort${family}s:a`, type: 'hash:ip', family, members: new Set<string>() })),
  chains: places.flatMap(({ family, table }): Chain[] => [
    { family, table, name: 'tort-in', rules: [jump('tort-x')] },
    {
      family,
      table,
      name: 'tort-x',
      rules: [{ match: [{ type: 'source-set', set: `tort${family}s:a` }], action: { type: table === 'nat' ? 'accept' : 'drop' } }],
    },
  ]),
  hooks: places.flatMap(({ family, table }) =>
    (['insert', 'append'] as const).map((at): Hook => ({ family, table, kernelChain: 'OUTPUT', at, rule: jump('tort-in') })),
  ),
}

const theirs = [
  ['nat', '-N', 'DOCKER'],
  ['nat', '-A', 'OUTPUT', '-m', 'addrtype', '--dst-type', 'LOCAL', '-j', 'DOCKER'],
  ['filter', '-P', 'FORWARD', 'DROP'],
  ['filter', '-A', 'OUTPUT', '-m', 'set', '--match-set', 'theirs', 'dst', '-j', 'DROP'],
  ['filter', '-A', 'OUTPUT', '-m', 'comment', '--comment', 'tortie-like', '-j', 'RETURN'],
  ['mangle', '-A', 'OUTPUT', '-j', 'MARK', '--set-mark', '1'],
  ['raw', '-A', 'OUTPUT', '-p', 'udp', '-j', 'RETURN'],
]

async function must(command: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(command, args, { timeoutMs: 20_000 })
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** A node that others use: rules in both kinds of iptables, a set, routes, an address on the tunnel device's neighbour. */
async function othersSettle(): Promise<void> {
  await makeTunnelDevice('tunl0')
  await must('ip', 'link', 'add', 'tort1', 'type', 'veth', 'peer', 'name', 'peer1')
  for (const link of ['tort1', 'peer1']) await must('ip', 'link', 'set', link, 'up')
  await must('ip', 'route', 'add', '10.7.0.0/16', 'dev', 'peer1', 'proto', 'static')
  await must('ip', 'route', 'add', '10.8.0.0/16', 'dev', 'peer1', 'proto', '80')
  await must('ip', 'route', 'add', '10.9.0.0/16', 'dev', 'peer1', 'proto', '116', 'table', '99')
  await must('ip', '-6', 'route', 'add', 'blackhole', 'fd07::/64', 'proto', 'bird')
  await must('ipset', 'create', 'theirs', 'hash:ip')
  await must('ipset', 'add', 'theirs', '192.0.2.1')
  for (const tool of ['iptables-nft', 'iptables-legacy', 'ip6tables-nft', 'ip6tables-legacy']) {
    for (const [table = '', ...rule] of theirs)
      if (tool.startsWith('iptables') || !rule.includes('theirs')) await must(tool, '-w', '-t', table, ...rule)
  }
}

/** Everything that could be anybody's, without counters. */
async function snapshot(): Promise<string[]> {
  const saves = ['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save', 'ip6tables-legacy-save', 'ipset save']
  const shows = ['ip -4 route show table all', 'ip -6 route show table all', 'ip -4 address show dev tunl0', 'ip rule']
  const texts = await Promise.all([...saves, ...shows].map((command) => must(command.split(' ')[0] ?? '', ...command.split(' ').slice(1))))
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => !line.startsWith('#') && !line.includes('fe80::'))
      .map((line) => line.replace(/\[\d+:\d+\]/, '').replace(/linkdown|mtu \d+|state \w+|qdisc \w+/g, '')),
  )
}

/** What an agent with this backend leaves behind when it ends. */
async function agentWas(iptablesBackend: 'nft' | 'legacy', state = desired): Promise<void> {
  const felix = new Felix({ routeProtocol: 116, iptablesBackend, nftablesMode: 'disabled' }, { log, onDrift: () => {} })
  await felix.start()
  const { unprogrammed } = await felix.apply(state)
  await felix.close()
  if (unprogrammed.size > 0) throw new Error(`the agent could not program ${[...unprogrammed.keys()].join()}`)
}

t.beforeEach(() => enterNetns())

for (const backends of [['nft'], ['legacy'], ['nft', 'legacy']] as const) {
  t.test(`after agents with ${backends.join(' and ')}: the kernel is as before them, whatever others have there`, async (t) => {
    await othersSettle()
    const before = await snapshot()
    for (const backend of backends) await agentWas(backend)
    // the second agent finds rules of the first in the other backend and leaves them until it may prune
    const n = backends.length
    t.strictNotSame(await snapshot(), before)
    const removed = { routes: 3, tunnelAddresses: 1, chains: n * 16, hooks: n * 16, ipSets: 2, nftTables: 0 }
    t.strictSame(await cleanUp({ routeProtocol: 116 }, { log }), { removed, left: [] })
    t.strictSame(await snapshot(), before)
    t.strictSame(await cleanUp({ routeProtocol: 116 }, { log }), { removed: none, left: [] }, 'and again: nothing to do')
  })
}

t.test('a node that never had an agent: nothing is made by looking', async (t) => {
  const saves = () => Promise.all(['iptables-nft-save', 'ip6tables-nft-save', 'iptables-legacy-save'].map((tool) => must(tool)))
  t.strictSame(await cleanUp({ routeProtocol: 116 }, { log }), { removed: none, left: [] })
  t.strictSame(await saves(), ['', '', ''])
})

t.test('what a rule of others needs stays and is told', async (t) => {
  await othersSettle()
  await agentWas('nft')
  await must('iptables-nft', '-A', 'FORWARD', '-j', 'tort-in')
  await must('iptables-nft', '-A', 'FORWARD', '-m', 'set', '--match-set', 'tort4s:a', 'src', '-j', 'DROP')
  const { removed, left } = await cleanUp({ routeProtocol: 116 }, { log })
  t.strictSame(removed, { routes: 3, tunnelAddresses: 1, chains: 15, hooks: 16, ipSets: 1, nftTables: 0 })
  t.match(left, [
    'chain tort-in (filter, IPv4, nft): rules of others jump to it',
    /^IP sets: .*in use by a kernel component.* in "destroy tort4s:a"$/,
  ])
  t.match(await must('iptables-nft', '-S', 'FORWARD'), /-j tort-in\n.*tort4s:a/, 'no rule of theirs is lost')
})

t.test('without the right to, everything is left and said so', async (t) => {
  await agentWas('nft', { ...desired, links: [], tunnels: [], routes: [] })
  const unprivileged: Run = (command, args, options) =>
    run('setpriv', ['--reuid=65534', '--clear-groups', '--bounding-set=-all', command, ...args], options)
  const { left } = await cleanUp({ routeProtocol: 116 }, { log, run: unprivileged })
  t.match(left, [/^iptables-nft-save: .*run Tortie as root/, /^ip6tables-nft-save: .*run Tortie as root/, /^ipset: .*run Tortie as root/])
})

t.test('a program that is not installed has left nothing', async (t) => {
  const onlyNft: Run = async (command, args, options) =>
    command.includes('legacy') || command === 'ipset'
      ? { exitCode: 127, stdout: '', stderr: `${command} is not installed`, missingPackage: 'iptables' }
      : run(command, args, options)
  t.strictSame(await cleanUp({ routeProtocol: 116 }, { log, run: onlyNft }), { removed: none, left: [] })
})
