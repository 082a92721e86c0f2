/** Sessions between link-local addresses: the built agent's kernel has routes over them (RFC 2545), and BIRD's has ours. A node and a router on one cable. */
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
  await namespace.ip('link', 'set', 'eth0', 'addrgenmode', 'none')
  await namespace.ip('link', 'set', 'eth0', 'up')
  await namespace.ip('-6', 'addr', 'add', `fe80::${last}/64`, 'dev', 'eth0', 'nodad')
}
await ours.ip('addr', 'add', '10.99.0.1/24', 'dev', 'eth0')

const node = new TortieNode(
  {
    name: 'node-n',
    address: '10.99.0.1',
    asNumber: 64512,
    podCidr: '10.244.1.0/24',
    peers: [
      {
        name: 'router',
        address: 'fe80::2%eth0',
        asNumber: 64513,
        families: ['ipv4-unicast', 'ipv6-unicast'],
      },
    ],
    directory,
    command: agentCommand(),
  },
  ours,
)
await node.writeConfig({
  node: { name: 'node-n', ipv4: '10.99.0.1/24', podCidrs: ['10.244.1.0/24', 'fd01::/64'] },
})

const control = path.join(directory, 'bird.ctl')
await writeFile(
  path.join(directory, 'bird.conf'),
  `router id 10.99.0.2;
protocol device {}
protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; }
protocol static s4 { ipv4; route 10.5.0.0/16 blackhole; }
protocol static s6 { ipv6; route fd05::/64 blackhole; }
protocol bgp tortie {
  local fe80::2 as 64513;
  neighbor fe80::1%eth0 as 64512;
  interface "eth0";
  direct;
  passive on;
  ipv4 { import all; extended next hop on; export where source = RTS_STATIC; };
  ipv6 { import all; export where source = RTS_STATIC; };
}
`,
)
router.start('bird', ['-f', '-c', path.join(directory, 'bird.conf'), '-s', control])
await node.start()

const wayTo = async (namespace: Namespace, prefix: string): Promise<string | undefined> =>
  /via (?:inet6 )?\S+ dev \S+/.exec(await namespace.ip(prefix.includes(':') ? '-6' : '-4', 'route', 'show', prefix))?.[0]

for (const [prefix, way] of [
  ['fd05::/64', 'via fe80::2 dev eth0'],
  ['10.5.0.0/16', 'via inet6 fe80::2 dev eth0'],
] as const)
  t.test(`a route of a link-local peer is in the kernel over its address and link: ${prefix}`, async (t) => {
    t.equal(await until('the route', async () => (await wayTo(ours, prefix)) === way), true)
  })

for (const [prefix, way] of [
  ['fd01::/64', 'via fe80::1 dev eth0'],
  ['10.244.1.0/24', 'via inet6 fe80::1 dev eth0'],
] as const)
  t.test(`BIRD has ours in its kernel over our link-local address: ${prefix}`, async (t) => {
    t.equal(await until('the route', async () => (await wayTo(router, prefix)) === way), true)
  })

t.test('the peer goes: so do its routes', async (t) => {
  await router.run('birdc', ['-s', control, 'disable', 'tortie'])
  t.equal(await until('gone', async () => (await wayTo(ours, 'fd05::/64')) === undefined), true)
})
