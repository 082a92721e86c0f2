/** RFC 7911 against BIRD 2 and FRR: several paths of a prefix both ways; this node reflects between them. */
import t, { type Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import { address, peerConfig } from './fixture.ts'
import { LabSpeaker, labOrder, NamespaceLab, type StartOrder, untilOutput } from './namespace-lab.ts'

t.setTimeout(300_000)

const families = ['ipv4-unicast', 'ipv6-unicast'] as const

/** The one that takes and sends several paths is at .2, a plain client at .3 with a path to what this node originates too. */
function order(): StartOrder {
  const client = { asNumber: asn(65001), routeReflectorClient: true, port: 179, holdTimeSec: 9, families, export: 'all' } as const
  return {
    ...labOrder({}),
    options: { ...labOrder({}).options, clusterId: 1 },
    peers: [
      peerConfig({ name: 'several', address: address('10.99.0.2'), ...client, addPath: { receive: true, send: 8 } }),
      peerConfig({ name: 'plain', address: address('10.99.0.3'), ...client }),
    ],
  }
}

type Bird = {
  readonly last: number
  readonly remote: string
  readonly localAs: number
  readonly remoteAs: number
  readonly channel: string
  readonly statics: string
}

async function bird(t: Test, lab: NamespaceLab, { last, remote, localAs, remoteAs, channel, statics }: Bird) {
  const control = `${lab.directory}/bird${last}.ctl`
  const config = await lab.file(
    `bird${last}.conf`,
    `router id 10.99.0.${last};
protocol device {}
${statics}
protocol bgp tortie {
  local 10.99.0.${last} as ${localAs};
  neighbor ${remote} as ${remoteAs};
  strict bind yes;
  ${localAs === remoteAs ? '' : 'multihop 2;'}
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  ipv4 { import all; export where source = RTS_STATIC; ${channel} };
  ipv6 { import all; export where source = RTS_STATIC; next hop address fd99::${last}; ${channel} };
}
`,
  )
  lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control])
  return (...words: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words)
}

/** At .3: has the prefixes that this node originates as well. */
async function plainClient(t: Test, lab: NamespaceLab): Promise<void> {
  for (const last of [3, 4]) {
    await lab.inside(lab.theirs, 'ip', 'addr', 'add', `10.99.0.${last}/24`, 'dev', 'eth0')
    await lab.inside(lab.theirs, 'ip', '-6', 'addr', 'add', `fd99::${last}/64`, 'dev', 'eth0', 'nodad')
  }
  const statics = 'protocol static s4 { ipv4; route 10.244.1.0/24 blackhole; }\nprotocol static s6 { ipv6; route fd00:1::/64 blackhole; }'
  await bird(t, lab, { last: 3, remote: '10.99.0.1', localAs: 65001, remoteAs: 65001, channel: 'next hop self;', statics })
}

/** Next hops of what the peer sent, by prefix, one for each identifier. */
async function sentBy(speaker: LabSpeaker, name: string, count: number): Promise<string[]> {
  const paths = ({ routes }: Awaited<ReturnType<LabSpeaker['report']>>) =>
    routes.routes.flatMap(({ prefix, paths }) =>
      paths.filter(({ peer, pathId }) => peer === name && pathId !== undefined).map(({ nextHop }) => `${prefix} ${nextHop}`),
    )
  return paths(await speaker.until((report) => paths(report).length >= count)).toSorted()
}

t.test('BIRD: both ways, both families; a path that goes is withdrawn alone', async (t) => {
  const lab = await NamespaceLab.create(t, 'b')
  await plainClient(t, lab)
  const statics = [3, 4]
    .map(
      (last) =>
        `protocol static a${last} { ipv4; route 10.5.0.0/16 via 10.99.0.${last}; }\nprotocol static b${last} { ipv6; route fd00:5::/64 via fd99::${last}; }`,
    )
    .join('\n')
  const birdc = await bird(t, lab, { last: 2, remote: '10.99.0.1', localAs: 65001, remoteAs: 65001, channel: 'add paths on;', statics })
  const speaker = new LabSpeaker(t, lab, order())
  t.strictSame(await sentBy(speaker, 'several', 4), [
    '10.5.0.0/16 10.99.0.3',
    '10.5.0.0/16 10.99.0.4',
    'fd00:5::/64 fd99::3',
    'fd00:5::/64 fd99::4',
  ])
  const { best } = await speaker.until(({ best }) => best.length === 2)
  t.strictSame(best[0], ['10.5.0.0/16', '10.99.0.3 10.99.0.4'], 'both share the traffic')
  for (const [prefix, one, other] of [
    ['10.244.1.0/24', '10.99.0.1', '10.99.0.3'],
    ['fd00:1::/64', 'fd99::1', 'fd99::3'],
  ] as const) {
    const text = await untilOutput(() => birdc('show', 'route', 'all', 'where', `net = ${prefix}`), new RegExp(`BGP.next_hop: ${other}\\s`))
    t.match(text, new RegExp(`BGP.next_hop: ${one}\\s`))
  }
  await birdc('disable', 'a4')
  await speaker.until(({ best }) => best[0]?.[1] === '10.99.0.3')
})

t.test('FRR: both ways', async (t) => {
  const lab = await NamespaceLab.create(t, 'f')
  await plainClient(t, lab)
  const config = await lab.file(
    'bgpd.conf',
    `router bgp 65001
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 timers bgp 3 9
 neighbor 10.99.0.1 remote-as 65001
 neighbor 10.99.0.1 timers connect 1
 neighbor 10.99.0.1 advertisement-interval 0
 neighbor 10.99.0.4 remote-as 65004
 neighbor 10.99.0.4 timers connect 1
 neighbor 10.99.0.4 ebgp-multihop 2
 neighbor 10.99.0.4 update-source 10.99.0.2
 address-family ipv4 unicast
  network 10.5.0.0/16
  neighbor 10.99.0.1 addpath-tx-all-paths
 exit-address-family
`,
  )
  const common = ['-n', '-S', '-u', 'root', '-g', 'root', '-A', '127.0.0.1', '-l', '10.99.0.2', '-f', config]
  lab.start(t, lab.theirs, '/usr/lib/frr/bgpd', [...common, '-i', `${lab.directory}/bgpd.pid`, '--vty_socket', lab.directory])
  const statics = 'protocol static s4 { ipv4; route 10.5.0.0/16 blackhole; }'
  await bird(t, lab, { last: 4, remote: '10.99.0.2', localAs: 65004, remoteAs: 65001, channel: 'next hop self;', statics })
  const speaker = new LabSpeaker(t, lab, order())
  t.strictSame(await sentBy(speaker, 'several', 2), ['10.5.0.0/16 10.99.0.2', '10.5.0.0/16 10.99.0.4'])
  const show = () => lab.inside(lab.theirs, 'vtysh', '--vty_socket', lab.directory, '-c', 'show bgp ipv4 unicast 10.244.1.0/24')
  const shown = await untilOutput(show, /10\.99\.0\.1[\s\S]*10\.99\.0\.3|10\.99\.0\.3[\s\S]*10\.99\.0\.1 /)
  t.match(shown, /\(2 available/)
  t.match(shown, /AddPath ID: RX \d+/i)
})
