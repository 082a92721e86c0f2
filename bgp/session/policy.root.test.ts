/** What becomes of routes between us and FRR or BIRD, each in a network namespace: local AS, roles, filters that change on a session. */
import t, { type Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import { accept, filter, matching, reject } from '../policy/fixture.ts'
import { address } from './fixture.ts'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from './namespace-lab.ts'

t.setTimeout(300_000)

/** FRR of AS 65002, which originates two prefixes. @returns what `show` says. @param lines for the neighbor */
async function frr(t: Test, lab: NamespaceLab, remoteAs: number, lines: readonly string[]) {
  const { directory } = lab
  const config = await lab.file(
    'bgpd.conf',
    `router bgp 65002
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.99.0.1 remote-as ${remoteAs}
 neighbor 10.99.0.1 timers connect 1
 neighbor 10.99.0.1 advertisement-interval 0
${lines.map((line) => ` neighbor 10.99.0.1 ${line}\n`).join('')} address-family ipv4 unicast
  network 10.2.0.0/16
  network 10.3.0.0/16
 exit-address-family
!
`,
  )
  const common = ['-n', '-S', '-u', 'root', '-g', 'root', '-A', '127.0.0.1', '-f', config, '-i', `${directory}/bgpd.pid`]
  lab.start(t, lab.theirs, '/usr/lib/frr/bgpd', [...common, '--vty_socket', directory])
  return (command: string) => lab.inside(lab.theirs, 'vtysh', '--vty_socket', directory, '-c', `show ${command}`)
}

const ipv4 = { families: ['ipv4-unicast'] as const }

t.test('RFC 7705 FRR sees our local AS, with our own behind it; RFC 9234 as provider it marks what it tells us', async (t) => {
  const lab = await NamespaceLab.create(t, 'l')
  const show = await frr(t, lab, 64999, ['local-role provider strict-mode'])
  const role = { local: 'customer', strict: true } as const
  const speaker = new LabSpeaker(t, lab, labOrder({ ...ipv4, localAs: asn(64999), role }))
  const { peers, routes } = await speaker.until(({ best }) => best.length === 2)
  t.match(peers, [{ state: 'Established' }])
  const learned = routes.routes.find(({ prefix }) => prefix === '10.2.0.0/16')
  t.match(learned?.paths[0]?.unknownAttributes, [{ type: 35, hex: '0000fdea' }])
  const ours = await untilOutput(() => show('bgp ipv4 unicast 10.244.1.0/24 json'), /"valid":true/)
  t.match(JSON.parse(ours), { paths: [{ aspath: { string: '64999 65001' } }] })
})

t.test('RFC 9234 §4.2 FRR of the same role is refused with Role Mismatch, or refuses us', async (t) => {
  const lab = await NamespaceLab.create(t, 'r')
  await frr(t, lab, 65001, ['local-role customer'])
  const speaker = new LabSpeaker(t, lab, labOrder({ ...ipv4, role: { local: 'customer', strict: false } }))
  const { peers } = await speaker.until(({ peers }) => peers[0]?.lastError?.code === 2)
  t.match(peers[0]?.lastError?.name, /^OPEN Message Error\/Role Mismatch \(2\/11\)/)
})

t.test('filters that come, change and go on a session with FRR: routes follow both ways, the session does not notice', async (t) => {
  const lab = await NamespaceLab.create(t, 'f')
  const show = await frr(t, lab, 65001, [])
  const order = labOrder({ ...ipv4, importFilters: ['tor'], exportFilters: ['tor'] })
  const speaker = new LabSpeaker(t, lab, order)
  const missing = await speaker.until(({ peers }) => peers[0]?.families['ipv4-unicast']?.received === 2)
  t.strictSame(missing.best, [], 'a missing filter lets nothing in')
  const { since, flaps } = missing.peers[0] ?? {}
  t.notMatch(await show('bgp ipv4 unicast'), /10\.244\.1\.0/, 'and nothing out')

  const rules = [
    { ...matching('in 10.2.0.0/16'), ...reject },
    { ...matching('in 10.244.0.0/16'), ...accept, operations: [{ type: 'prepend-as-path' as const, asNumbers: [7, 8] }] },
  ]
  speaker.process.send({ type: 'policy', policy: { filters: [filter('tor', rules)] } })
  const there = await speaker.until(({ best }) => best.length > 0)
  t.strictSame(there.best, [['10.3.0.0/16', '10.99.0.2']])
  await untilOutput(() => show('bgp ipv4 unicast 10.244.1.0/24'), /65001 7 8/)

  const others = [
    { ...matching('in 10.3.0.0/16'), ...reject },
    { ...matching('in 10.244.0.0/16'), ...accept, operations: [{ type: 'add-community' as const, community: 65001 * 65536 + 7 }] },
  ]
  speaker.process.send({ type: 'policy', policy: { filters: [filter('tor', others)] } })
  const changed = await speaker.until(({ best }) => best[0]?.[0] === '10.2.0.0/16')
  t.strictSame(changed.best, [['10.2.0.0/16', '10.99.0.2']])
  t.notMatch(await untilOutput(() => show('bgp ipv4 unicast 10.244.1.0/24'), /65001:7/), /7 8/)

  speaker.process.send({ type: 'policy', policy: {} })
  const gone = await speaker.until(({ best }) => best.length === 0)
  await untilOutput(() => show('bgp ipv4 unicast 10.244.1.0/24'), /not in table/)
  t.match(gone.peers[0], { state: 'Established', since, flaps })
})

t.test('against BIRD: a local AS alone, GRACEFUL_SHUTDOWN and BLACKHOLE of its routes', async (t) => {
  const lab = await NamespaceLab.create(t, 'b')
  const control = `${lab.directory}/bird.ctl`
  const config = await lab.file(
    'bird.conf',
    `router id 10.99.0.2;
protocol device {}
protocol static s4 { ipv4; route 10.2.0.0/16 blackhole; route 10.3.0.3/32 blackhole; }
protocol bgp tortie {
  local 10.99.0.2 as 65002;
  neighbor 10.99.0.1 as 64999;
  connect delay time 1;
  ipv4 {
    import all;
    next hop self;
    export filter {
      if source != RTS_STATIC then reject;
      if net = 10.2.0.0/16 then bgp_community.add((65535, 0));
      if net = 10.3.0.3/32 then bgp_community.add((65535, 666));
      accept;
    };
  };
}
`,
  )
  lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control])
  const birdc = (...words: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words)
  const speaker = new LabSpeaker(t, lab, labOrder({ ...ipv4, localAs: asn(64999), replaceAs: true, acceptBlackhole: true }))
  const { best, routes } = await speaker.until(({ best }) => best.length === 2)
  t.strictSame(best, [
    ['10.2.0.0/16', '10.99.0.2'],
    ['10.3.0.3/32', 'discard'],
  ])
  const path = (prefix: string) => routes.routes.find((route) => route.prefix === prefix)?.paths[0]
  t.match(path('10.2.0.0/16'), { localPref: 0 })
  t.match(path('10.3.0.3/32'), { communities: ['blackhole', 'no-export'] })
  const ours = await untilOutput(() => birdc('show', 'route', '10.244.1.0/24', 'all'), /BGP\.as_path/)
  t.match(ours, /BGP\.as_path: 64999\n/)
})

t.test('RFC 8950 BIRD over IPv6: IPv4 prefixes both ways, with IPv6 next hops', async (t) => {
  const lab = await NamespaceLab.create(t, 'e')
  const control = `${lab.directory}/bird.ctl`
  const config = await lab.file(
    'bird.conf',
    `router id 10.99.0.2;
protocol device {}
protocol static s4 { ipv4; route 10.2.0.0/16 blackhole; }
protocol bgp tortie {
  local fd99::2 as 65002;
  neighbor fd99::1 as 65001;
  connect delay time 1;
  ipv4 { import all; export where source = RTS_STATIC; extended next hop on; next hop self; };
}
`,
  )
  lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control])
  const birdc = (...words: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words)
  const order = labOrder({ ...ipv4, address: address('fd99::2') }, { listenAddresses: [address('fd99::1')] })
  const { best } = await new LabSpeaker(t, lab, order).until(({ best }) => best.length === 1)
  t.strictSame(best, [['10.2.0.0/16', 'fd99::2']])
  const ours = await untilOutput(() => birdc('show', 'route', '10.244.1.0/24', 'all'), /BGP\.next_hop/)
  t.match(ours, /via fd99::1 on eth0/)
  t.match(ours, /BGP\.next_hop: fd99::1/)
})
