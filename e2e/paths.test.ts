/** What the built agent makes of several paths, and of next hops behind routers, in the kernel: a node and a BIRD router on one cable. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { agentCommand } from './lab/agent-command.ts'
import { Namespace } from './lab/namespace.ts'
import { TortieNode } from './lab/tortie-node.ts'
import { until } from './lab/until.ts'

const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-'))
const [ours, router] = [await Namespace.create(`tort${process.pid}-n`), await Namespace.create(`tort${process.pid}-r`)]
t.teardown(async () => {
  await Promise.all([ours.remove(), router.remove()])
  await rm(directory, { recursive: true, force: true })
})

await ours.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', router.name)
for (const [namespace, last] of [[ours, 1] as const, [router, 2] as const]) {
  await namespace.ip('link', 'set', 'eth0', 'up')
  await namespace.ip('addr', 'add', `10.99.0.${last}/24`, 'dev', 'eth0')
  await namespace.ip('-6', 'addr', 'add', `fd99::${last}/64`, 'dev', 'eth0', 'nodad')
}

const node = new TortieNode(
  {
    name: 'node-n',
    address: '10.99.0.1',
    asNumber: 64512,
    podCidr: '10.244.1.0/24',
    peers: [{ name: 'router', address: '10.99.0.2', asNumber: 64512, families: ['ipv4-unicast', 'ipv6-unicast'] }],
    directory,
    command: agentCommand(),
  },
  ours,
)
await node.writeConfig({ node: { name: 'node-n', ipv4: '10.99.0.1/24', ipv6: 'fd99::1/64', podCidrs: ['10.244.1.0/24'] } })

/** 10.98.0.0/24 and fd98::/64 lie behind the router; 10.244.7.0/24 and fd07::/64 are reflected from 10.98.0.7 and fd98::7 there. */
const control = path.join(directory, 'bird.ctl')
const statics = [3, 4].flatMap((last) => [
  `protocol static a${last} { ipv4; route 10.5.0.0/16 via 10.99.0.${last}; }`,
  `protocol static b${last} { ipv6; route fd05::/64 via fd99::${last}; }`,
])
await writeFile(
  path.join(directory, 'bird.conf'),
  `router id 10.99.0.2;
protocol device {}
protocol static n4 { ipv4; route 10.98.0.0/24 blackhole; route 10.244.7.0/24 blackhole; route 10.244.8.0/24 blackhole; }
protocol static n6 { ipv6; route fd98::/64 blackhole; route fd07::/64 blackhole; }
${statics.join('\n')}
protocol bgp tortie {
  local 10.99.0.2 as 64512;
  neighbor 10.99.0.1 as 64512;
  ipv4 {
    add paths on;
    import all;
    export filter {
      if net = 10.244.7.0/24 then bgp_next_hop = 10.98.0.7;
      if net = 10.244.8.0/24 then bgp_next_hop = 10.97.0.7;
      if source = RTS_STATIC then accept; else reject;
    };
  };
  ipv6 {
    add paths on;
    import all;
    next hop address fd99::2;
    export filter {
      if net = fd07::/64 then bgp_next_hop = fd98::7;
      if source = RTS_STATIC then accept; else reject;
    };
  };
}
`,
)
router.start('bird', ['-f', '-c', path.join(directory, 'bird.conf'), '-s', control])
await node.start()

const routeTo = (prefix: string) => ours.ip(prefix.includes(':') ? '-6' : '-4', 'route', 'show', prefix)
const nextHopsOf = async (prefix: string): Promise<string> =>
  [...(await routeTo(prefix)).matchAll(/via (\S+) dev eth0/g)]
    .map(([, via = '']) => via)
    .toSorted()
    .join(' ')

t.test('a next hop behind the router is reached over the router, in both families; one that nothing covers is not', async (t) => {
  await until('IPv4', async () => (await nextHopsOf('10.244.7.0/24')) === '10.99.0.2')
  await until('IPv6', async () => (await nextHopsOf('fd07::/64')) === 'fd99::2')
  t.equal(await routeTo('10.244.8.0/24'), '')
})

t.test('RFC 7911: several paths of one peer share the traffic in the kernel; one goes, the others stay', async (t) => {
  await until('two next hops, IPv4', async () => (await nextHopsOf('10.5.0.0/16')) === '10.99.0.3 10.99.0.4')
  await until('two next hops, IPv6', async () => (await nextHopsOf('fd05::/64')) === 'fd99::3 fd99::4')
  for (const name of ['a4', 'b4']) await router.run('birdc', ['-s', control, 'disable', name])
  await until('one, IPv4', async () => (await nextHopsOf('10.5.0.0/16')) === '10.99.0.3')
  await until('one, IPv6', async () => (await nextHopsOf('fd05::/64')) === 'fd99::3')
  for (const name of ['a4', 'b4']) await router.run('birdc', ['-s', control, 'enable', name])
  t.equal(await until('two again', async () => (await nextHopsOf('10.5.0.0/16')).includes(' ')), true)
})

t.test('somebody takes a next hop out of the kernel’s route: it is put back', async (t) => {
  await ours.ip('route', 'replace', '10.5.0.0/16', 'via', '10.99.0.3', 'dev', 'eth0', 'proto', '116')
  t.equal(await until('two again', async () => (await nextHopsOf('10.5.0.0/16')) === '10.99.0.3 10.99.0.4'), true)
})

t.test('the covering route goes: what depends on it goes with it, and comes back', async (t) => {
  await router.run('birdc', ['-s', control, 'disable', 'n4'])
  await until('gone', async () => (await routeTo('10.244.7.0/24')) === '')
  await router.run('birdc', ['-s', control, 'enable', 'n4'])
  t.equal(await until('back', async () => (await nextHopsOf('10.244.7.0/24')) === '10.99.0.2'), true)
})
