/** What TCP is asked for, against BIRD and FRR in network namespaces: keys, hop counts, routers in between, link-local ends, ranges. */
import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parseCidr } from '../../src/net/prefix.ts'
import type { PeerConfig } from '../peer.ts'
import { address, peerRange } from './fixture.ts'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from './namespace-lab.ts'

t.setTimeout(400_000)

const run = promisify(execFile)

type Ends = { readonly local?: string; readonly neighbor?: string; readonly name?: string }

/** BIRD of AS 65002 that announces 10.2.0.0/16 and fd00:2::/64. @param session lines of its BGP protocol */
async function bird(t: Test, lab: NamespaceLab, session: string, ends: Ends = {}) {
  const { local = '10.99.0.2', neighbor = '10.99.0.1', name = 'bird' } = ends
  const control = `${lab.directory}/${name}.ctl`
  const config = await lab.file(
    `${name}.conf`,
    `router id ${local.includes(':') ? '10.99.0.2' : local};
protocol device {}
protocol static s4 { ipv4; route 10.2.0.0/16 blackhole; }
protocol static s6 { ipv6; route fd00:2::/64 blackhole; }
protocol bgp tortie {
  local ${local} as 65002;
  neighbor ${neighbor} as 65001;
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 1;
  ${session}
  ipv4 { import all; export where source = RTS_STATIC; };
  ipv6 { import all; export where source = RTS_STATIC; };
}
`,
  )
  lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control])
  return (...words: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words)
}

/** FRR of AS 65002. @param neighbor lines for the neighbor */
async function frr(t: Test, lab: NamespaceLab, neighbor: readonly string[]) {
  const { directory } = lab
  const config = await lab.file(
    'bgpd.conf',
    `router bgp 65002
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp graceful-restart-disable
 timers bgp 3 9
 neighbor 10.99.0.1 remote-as 65001
 neighbor 10.99.0.1 timers connect 1
${neighbor.map((line) => ` neighbor 10.99.0.1 ${line}\n`).join('')} address-family ipv4 unicast
  network 10.2.0.0/16
 exit-address-family
`,
  )
  const common = ['-n', '-S', '-u', 'root', '-g', 'root', '-A', '127.0.0.1', '-f', config, '-i', `${directory}/bgpd.pid`]
  lab.start(t, lab.theirs, '/usr/lib/frr/bgpd', [...common, '--vty_socket', directory])
  return (...commands: readonly string[]) =>
    lab.inside(lab.theirs, 'vtysh', '--vty_socket', directory, ...commands.flatMap((command) => ['-c', command]))
}

/** What each speaker is told, so that both ends ask the same of TCP. */
const agreements: [title: string, tag: string, ours: Partial<PeerConfig>, birds: string, frrs: string[]][] = [
  ['RFC 2385 a key', 'k', { password: 'secret' }, 'password "secret";', ['password secret']],
  ['RFC 5082 neighbours', 'g', { ttlSecurity: 1 }, 'ttl security on;', ['ttl-security hops 1']],
  ['TTL 1, as neighbours send it', 'n', {}, '', []],
]
const waits: [title: string, tag: string, passive: boolean, birds: string, frrs: string[]][] = [
  ['we dial', 'd', false, 'passive on;', ['passive']],
  ['we wait', 'w', true, '', []],
]
for (const [title, tag, ours, birds, frrs] of agreements)
  for (const [how, letter, passive, birdWaits, frrWaits] of waits) {
    t.test(`${title}, ${how}: a session with BIRD`, async (t) => {
      const lab = await NamespaceLab.create(t, `b${tag}${letter}`)
      await bird(t, lab, `${birds} ${birdWaits}`)
      const speaker = new LabSpeaker(t, lab, labOrder({ ...ours, passive }))
      const { peers } = await speaker.until(({ best }) => best.some(([prefix]) => prefix === '10.2.0.0/16'))
      t.match(peers, [{ state: 'Established', flaps: 0 }])
    })
    t.test(`${title}, ${how}: a session with FRR`, async (t) => {
      const lab = await NamespaceLab.create(t, `f${tag}${letter}`)
      await frr(t, lab, [...frrs, ...frrWaits])
      const speaker = new LabSpeaker(t, lab, labOrder({ ...ours, passive }))
      const { peers } = await speaker.until(({ best }) => best.some(([prefix]) => prefix === '10.2.0.0/16'))
      t.match(peers, [{ state: 'Established', flaps: 0 }])
    })
  }

/** Segments dropped in our namespace for this reason, by its name in /proc/net/netstat. */
async function drops(lab: NamespaceLab, counter: RegExp): Promise<number> {
  const text = await lab.inside(lab.ours, 'cat', '/proc/net/netstat')
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  return names.reduce((sum, name, i) => (counter.test(name) ? sum + Number(values[i]) : sum), 0)
}

const refusals: [title: string, tag: string, counter: RegExp, ours: Partial<PeerConfig>, birds: string][] = [
  ['RFC 2385 another key', 'ka', /^TCPMD5Failure$/, { password: 'secret' }, 'password "guess";'],
  ['RFC 2385 no key', 'kn', /^TCPMD5(NotFound|Unexpected)$/, { password: 'secret' }, ''],
]
for (const [title, tag, counter, ours, birds] of refusals)
  t.test(`${title}: never a session with BIRD, the kernel drops what it sends`, async (t) => {
    const lab = await NamespaceLab.create(t, tag)
    await bird(t, lab, birds)
    const speaker = new LabSpeaker(t, lab, labOrder({ ...ours, passive: true }))
    while ((await drops(lab, counter)) < 3) await pause(100)
    t.match((await speaker.report()).peers, [{ state: /^(Active|OpenSent)$/, flaps: 0 }])
  })

t.test('#11 RFC 5082 §3 a TTL below 255: never a session with BIRD, nor what it said before the kernel knew', async (t) => {
  const lab = await NamespaceLab.create(t, 'gl')
  await bird(t, lab, 'multihop 9;')
  const speaker = new LabSpeaker(t, lab, labOrder({ ttlSecurity: 1, passive: true }))
  const { peers } = await speaker.until(({ peers }) => peers[0]?.lastError !== undefined)
  const message = 'it came with a TTL of 9, ttlSecurity takes 255 and more (RFC 5082)'
  t.match(peers, [{ state: 'Active', flaps: 0, messages: { received: 0 }, lastError: { direction: 'local', message } }])
})

t.test(
  '#11 RFC 5082 §3 a TTL below 255 behind a SYN cookie, which keeps no SYN: nothing is taken that the kernel did not check',
  async (t) => {
    const lab = await NamespaceLab.create(t, 'gc')
    await lab.inside(lab.ours, 'sysctl', '-qw', 'net.ipv4.tcp_syncookies=2') // always, as in a flood
    await bird(t, lab, 'multihop 9;')
    const speaker = new LabSpeaker(t, lab, labOrder({ ttlSecurity: 1, passive: true }))
    const { peers } = await speaker.until(({ peers }) => peers[0]?.lastError !== undefined)
    const message = 'it came with a TTL that is not known (SYN cookies), ttlSecurity takes 255 and more (RFC 5082)'
    t.match(peers, [{ state: 'Active', flaps: 0, messages: { received: 0 }, lastError: { direction: 'local', message } }])
  },
)

t.test('RFC 2385 a key that changes at both ends: ours goes on with it, and BIRD is back with it', async (t) => {
  const lab = await NamespaceLab.create(t, 'lk')
  const birdc = await bird(t, lab, 'password "old";')
  const order = labOrder({ password: 'old' })
  const speaker = new LabSpeaker(t, lab, order)
  await speaker.until(({ peers }) => peers[0]?.state === 'Established')
  speaker.setPeers(order.peers.map((peer) => ({ ...peer, password: 'new' })))
  t.match((await speaker.report()).peers, [{ state: 'Established', flaps: 0 }], 'nothing happens to the session by that')
  const file = `${lab.directory}/bird.conf`
  await lab.inside(lab.theirs, 'sed', '-i', 's/"old"/"new"/', file)
  await birdc('configure')
  await untilOutput(() => birdc('show', 'protocols', 'tortie'), /Established/)
  await speaker.until(({ peers }) => peers[0]?.state === 'Established')
})

t.test('two hops away, over a router: multihop reaches the peer, without it TTL 1 does not', async (t) => {
  const lab = await NamespaceLab.create(t, 'mh')
  const { ours, theirs } = lab
  const router = `${ours}r`
  const ip = (...words: string[]) => run('ip', words)
  await ip('netns', 'add', router)
  t.teardown(() => ip('netns', 'del', router))
  for (const [namespace, third, mine] of [
    [ours, 1, '10.98.1.1'],
    [theirs, 2, '10.98.2.1'],
  ] as const) {
    await ip('link', 'add', 'eth1', 'netns', namespace, 'type', 'veth', 'peer', 'name', `eth${third}`, 'netns', router)
    await ip('-n', namespace, 'addr', 'add', `${mine}/24`, 'dev', 'eth1')
    await ip('-n', namespace, 'link', 'set', 'eth1', 'up')
    await ip('-n', router, 'addr', 'add', `10.98.${third}.254/24`, 'dev', `eth${third}`)
    await ip('-n', router, 'link', 'set', `eth${third}`, 'up')
    await ip('-n', namespace, 'route', 'add', '10.98.0.0/16', 'via', `10.98.${third}.254`)
  }
  await lab.inside(router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
  await bird(t, lab, 'multihop 5; passive on;', { local: '10.98.2.1', neighbor: '10.98.1.1' })
  const sourceAddress = address('10.98.1.1')
  const order = labOrder({ address: address('10.98.2.1'), sourceAddress }, { listenAddresses: [sourceAddress] })
  const speaker = new LabSpeaker(t, lab, order)
  // 11: time exceeded in transit, told by the router
  await untilOutput(() => lab.inside(router, 'cat', '/proc/net/snmp'), /IcmpMsg: .*OutType11/)
  t.match((await speaker.report()).peers, [{ flaps: 0, state: /^(Connect|Active)$/ }])
  speaker.setPeers(order.peers.map((peer) => ({ ...peer, multihop: 2 })))
  await speaker.until(({ best }) => best.length > 0)
})

for (const [how, tag, passive, birdWaits] of [
  ['we dial', 'ld', false, 'passive on;'],
  ['we wait', 'lw', true, ''],
] as const)
  t.test(`a link-local session over IPv6, ${how}: with BIRD`, async (t) => {
    const lab = await NamespaceLab.create(t, tag)
    for (const [namespace, last] of [
      [lab.ours, 1],
      [lab.theirs, 2],
    ] as const)
      await lab.inside(namespace, 'ip', '-6', 'addr', 'add', `fe80::${last}/64`, 'dev', 'eth0', 'nodad')
    const birdc = await bird(t, lab, `interface "eth0"; direct; ${birdWaits}`, { local: 'fe80::2', neighbor: 'fe80::1%eth0' })
    const peer = { address: address('fe80::2'), interface: 'eth0', families: ['ipv6-unicast'] as const, passive }
    const speaker = new LabSpeaker(
      t,
      lab,
      labOrder(peer, { listenAddresses: [address('10.99.0.1'), address('::')], localAddress: { ipv4: address('10.99.0.1') } }),
    )
    const { peers } = await speaker.until(({ best }) => best.some(([prefix]) => prefix === 'fd00:2::/64'))
    t.match(peers, [{ state: 'Established', address: 'fe80::2', interface: 'eth0', flaps: 0 }])
    t.ok(
      (await speaker.report()).best.some(([prefix, nextHop]) => prefix === 'fd00:2::/64' && nextHop === 'fe80::2%eth0'),
      'RFC 2545: over the link',
    )
    await untilOutput(() => birdc('show', 'route', 'for', 'fd00:1::/64'), /fd00:1::\/64 +unicast[\s\S]*via fe80::1 on eth0/)
  })

t.test('RFC 2545 a link-local session with FRR: routes both ways, over the link', async (t) => {
  const lab = await NamespaceLab.create(t, 'lf')
  for (const [namespace, last] of [
    [lab.ours, 1],
    [lab.theirs, 2],
  ] as const) {
    // Without a global address FRR has none to tell; without another link-local one the session is between these.
    await lab.inside(namespace, 'ip', '-6', 'addr', 'flush', 'dev', 'eth0')
    await lab.inside(namespace, 'ip', '-6', 'addr', 'add', `fe80::${last}/64`, 'dev', 'eth0', 'nodad')
  }
  const { directory } = lab
  const config = await lab.file(
    'bgpd.conf',
    `router bgp 65002
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp 3 9
 neighbor fe80::1 remote-as 65001
 neighbor fe80::1 interface eth0
 neighbor fe80::1 timers connect 1
 address-family ipv6 unicast
  neighbor fe80::1 activate
  network fd00:2::/64
 exit-address-family
`,
  )
  const common = ['-A', '127.0.0.1', '--vty_socket', directory, '-z', `${directory}/zserv.api`]
  // The daemons drop to their own user, as the package sets them up.
  await run('chown', ['-R', 'frr:frr', directory])
  await run('chmod', ['755', directory])
  lab.start(t, lab.theirs, '/usr/lib/frr/zebra', [...common, '-i', `${directory}/zebra.pid`, '-f', '/dev/null'])
  await untilOutput(() => lab.inside(lab.theirs, 'vtysh', '--vty_socket', directory, '-d', 'zebra', '-c', 'show interface brief'), /eth0/)
  lab.start(t, lab.theirs, '/usr/lib/frr/bgpd', [...common, '-f', config, '-i', `${directory}/bgpd.pid`])
  const peer = { address: address('fe80::2'), interface: 'eth0', families: ['ipv6-unicast'] as const }
  const localAddress = { ipv4: address('10.99.0.1') }
  const speaker = new LabSpeaker(t, lab, labOrder(peer, { listenAddresses: [address('10.99.0.1'), address('::')], localAddress }))
  const over = /^fe80::2%eth0$/
  await speaker.until(({ best }) => best.some(([prefix, nextHop]) => prefix === 'fd00:2::/64' && over.test(nextHop)))
  t.match(await untilOutput(() => lab.inside(lab.theirs, 'ip', '-6', 'route', 'show', 'fd00:1::/64'), /via/), /via fe80::1 dev eth0/)
})

t.test('three BIRDs from a listen range with a key: each is a peer under its address, and none once it is gone', async (t) => {
  const lab = await NamespaceLab.create(t, 'dy')
  const names = ['10.99.0.2', '10.99.0.3', '10.99.0.4']
  for (const extra of names.slice(1)) await lab.inside(lab.theirs, 'ip', 'addr', 'add', `${extra}/24`, 'dev', 'eth0')
  const order = labOrder({})
  const speaker = new LabSpeaker(t, lab, { ...order, peers: [] })
  const { template } = peerRange({})
  const prefix = parseCidr('10.99.0.0/24')
  if (prefix === undefined) throw new Error('no prefix')
  speaker.setPeers([], [peerRange({ prefix, limit: 3, template: { ...template, password: 'secret' } })])
  const birds = []
  for (const local of names) birds.push(await bird(t, lab, 'strict bind yes; password "secret";', { local, name: `bird-${local}` }))
  const { peers } = await speaker.until(({ peers }) => peers.filter(({ state }) => state === 'Established').length === 3)
  t.strictSame(peers.map(({ name }) => name).sort(), ['nodes-10.99.0.2', 'nodes-10.99.0.3', 'nodes-10.99.0.4'])
  await birds[0]?.('disable', 'tortie')
  const left = await speaker.until(({ peers }) => peers.length === 2)
  t.match(left.peers, [
    { state: 'Established', flaps: 0 },
    { state: 'Established', flaps: 0 },
  ])
})

t.test('RFC 9003 the words of a shutdown arrive at FRR, and those of BIRD here', async (t) => {
  const lab = await NamespaceLab.create(t, 'sd')
  const vtysh = await frr(t, lab, [])
  const order = labOrder({ passive: true }) // so that no failure to dial comes after the words
  const speaker = new LabSpeaker(t, lab, order)
  await speaker.until(({ peers }) => peers[0]?.state === 'Established')
  speaker.setPeers(order.peers.map((peer) => ({ ...peer, shutdown: 'back at six' })))
  t.match(await untilOutput(() => vtysh('show bgp neighbors 10.99.0.1 json'), /Administrative Shutdown/i), /back at six/)

  const other = await NamespaceLab.create(t, 'sb')
  const birdc = await bird(t, other, '')
  const second = new LabSpeaker(t, other, order)
  await second.until(({ peers }) => peers[0]?.state === 'Established')
  // what BIRD has not read when it closes makes a reset of it, and its words are lost
  await untilOutput(() => birdc('show', 'protocols', 'tortie'), /Established/)
  await birdc('disable', 'tortie', '"for the night"')
  const { peers } = await second.until(({ peers }) => peers[0]?.lastError !== undefined && peers[0].state !== 'Established')
  t.match(peers[0]?.lastError, { code: 6, subcode: 2, direction: 'received', message: 'for the night' })
})
