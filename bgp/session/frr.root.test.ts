/** Against FRR's bgpd, each in a network namespace: both directions of connection, routes on both sides, its crash and ours. */
import t, { type Test } from 'tap'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from './namespace-lab.ts'

t.setTimeout(300_000)

type Frr = { readonly kill: () => void; readonly start: () => void; readonly show: (command: string) => Promise<string> }

/** @param neighbor lines for the neighbor: `passive` makes FRR wait for us */
async function frr(t: Test, lab: NamespaceLab, neighbor: readonly string[]): Promise<Frr> {
  const directory = lab.directory
  const config = await lab.file(
    'bgpd.conf',
    `router bgp 65002
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
 timers bgp 3 9
 neighbor 10.99.0.1 remote-as 65001
 neighbor 10.99.0.1 timers connect 1
 neighbor 10.99.0.1 advertisement-interval 0
${neighbor.map((line) => ` neighbor 10.99.0.1 ${line}\n`).join('')} address-family ipv4 unicast
  network 10.2.0.0/16
  network 10.3.0.0/16
 exit-address-family
 address-family ipv6 unicast
  neighbor 10.99.0.1 activate
  neighbor 10.99.0.1 route-map v6 out
  network fd00:2::/64
 exit-address-family
!
route-map v6 permit 10
 set ipv6 next-hop global fd99::2
!
`,
  )
  const common = ['-n', '-S', '-u', 'root', '-g', 'root', '-A', '127.0.0.1', '-f', config, '-i', `${directory}/bgpd.pid`]
  const start = () => lab.start(t, lab.theirs, '/usr/lib/frr/bgpd', [...common, '--vty_socket', directory])
  let child = start()
  return {
    kill: () => void child.kill('SIGKILL'),
    start: () => {
      child = start()
    },
    show: (command) => lab.inside(lab.theirs, 'vtysh', '--vty_socket', directory, '-c', `show ${command}`),
  }
}

const theirs = [
  ['10.2.0.0/16', '10.99.0.2'],
  ['10.3.0.0/16', '10.99.0.2'],
  ['fd00:2::/64', 'fd99::2'],
]

const directions: [title: string, tag: string, passive: boolean, neighbor: string[]][] = [
  ['we dial, FRR waits', 'd', false, ['passive']],
  ['FRR dials, we wait', 'w', true, []],
  ['both dial: the collision leaves one session', 'c', false, []],
]
for (const [title, tag, passive, neighbor] of directions) {
  t.test(`${title}; routes of both families are on both sides`, async (t) => {
    const lab = await NamespaceLab.create(t, tag)
    const { show } = await frr(t, lab, neighbor)
    const speaker = new LabSpeaker(t, lab, labOrder({ passive }))
    const { peers, best } = await speaker.until(({ best }) => best.length === 3)
    t.strictSame(best, theirs)
    t.match(peers, [{ state: 'Established', remoteRouterId: '10.99.0.2', timers: { holdTimeSec: 9, keepaliveSec: 3 } }])
    const ipv4 = await untilOutput(() => show('bgp ipv4 unicast 10.244.1.0/24 json'), /"valid":true/)
    t.match(JSON.parse(ipv4), { paths: [{ aspath: { string: '65001' }, nexthops: [{ ip: '10.99.0.1' }] }] })
    const ipv6 = await untilOutput(() => show('bgp ipv6 unicast fd00:1::/64 json'), /"valid":true/)
    t.match(JSON.parse(ipv6), { paths: [{ nexthops: [{ ip: 'fd99::1', scope: 'global' }] }] })
  })
}

t.test('RFC 4724: FRR crashes and comes back; its routes stay with us', async (t) => {
  const lab = await NamespaceLab.create(t, 'h')
  const { kill, start, show } = await frr(t, lab, [])
  const speaker = new LabSpeaker(t, lab, labOrder({}))
  await speaker.until(({ best }) => best.length === 3)
  kill()
  const away = await speaker.until(({ peers }) => peers[0]?.state !== 'Established')
  t.strictSame(away.best, theirs)
  t.not(away.peers[0]?.families['ipv4-unicast']?.stale, 0)
  start()
  const back = await speaker.until(({ peers }) => peers[0]?.state === 'Established')
  t.strictSame(back.best.slice(0, 2), theirs.slice(0, 2)) // FRR 8.4 ends the IPv6 table (End-of-RIB) before it has sent it
  const fresh = await speaker.until(({ best, peers }) => best.length === 3 && peers[0]?.families['ipv4-unicast']?.stale === 0)
  t.strictSame(fresh.best, theirs)
  await untilOutput(() => show('bgp ipv4 unicast 10.244.1.0/24 json'), /"valid":true/)
})

t.test('RFC 4724: we are killed and come back; FRR keeps our routes all the time', async (t) => {
  const lab = await NamespaceLab.create(t, 'g')
  const { show } = await frr(t, lab, [])
  const first = new LabSpeaker(t, lab, labOrder({}))
  const ours = () => show('bgp ipv4 unicast 10.244.1.0/24 json')
  await untilOutput(ours, /"valid":true/)
  await first.until(({ best }) => best.length === 3)
  await first.kill()
  await untilOutput(ours, /"stale":true/)
  const second = new LabSpeaker(t, lab, labOrder({}, { restarting: true }))
  const { best } = await second.until(({ converged, best }) => converged && best.length === 3)
  t.strictSame(best, theirs)
  t.notMatch(await untilOutput(ours, /"valid":true/), /"stale":true/)
})
