/** Restarts and refreshes with FRR's bgpd: sessions that end with a NOTIFICATION (RFC 8538), long-lived stale routes (RFC 9494), frames (RFC 7313). */
import t, { type Test } from 'tap'
import type { PeerConfig } from '../peer.ts'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from './namespace-lab.ts'

t.setTimeout(300_000)

const theirs = [
  ['10.2.0.0/16', '10.99.0.2'],
  ['10.3.0.0/16', '10.99.0.2'],
]

type Vtysh = (...commands: readonly string[]) => Promise<string>

/** bgpd with a session of IPv4. @param lines more of `router bgp` */
async function frr(t: Test, lab: NamespaceLab, ...lines: readonly string[]): Promise<Vtysh> {
  const { directory } = lab
  const config = await lab.file(
    'bgpd.conf',
    `router bgp 65002
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
${lines.map((line) => ` ${line}\n`).join('')} timers bgp 3 9
 neighbor 10.99.0.1 remote-as 65001
 neighbor 10.99.0.1 timers connect 1
 neighbor 10.99.0.1 advertisement-interval 0
 address-family ipv4 unicast
  network 10.2.0.0/16
  network 10.3.0.0/16
 exit-address-family
!
`,
  )
  const common = ['-n', '-S', '-u', 'root', '-g', 'root', '-A', '127.0.0.1', '-f', config, '-i', `${directory}/bgpd.pid`]
  lab.start(t, lab.theirs, '/usr/lib/frr/bgpd', [...common, '--vty_socket', directory])
  return (...commands) => lab.inside(lab.theirs, 'vtysh', '--vty_socket', directory, ...commands.flatMap((command) => ['-c', command]))
}

/** Ours, with a session. FRR alone dials: a collision of two connections would end one that is Established here already (RFC 4271 §6.8). */
async function speakerFor(t: Test, lab: NamespaceLab, peer: Partial<PeerConfig> = {}): Promise<LabSpeaker> {
  const speaker = new LabSpeaker(t, lab, labOrder({ families: ['ipv4-unicast'], passive: true, ...peer }))
  await speaker.until(({ best, peers }) => best.length === 2 && peers[0]?.families['ipv4-unicast']?.stale === 0)
  return speaker
}

const ours = (vtysh: Vtysh) => () => vtysh('show bgp ipv4 unicast 10.244.1.0/24 json')

t.test('RFC 8538 §4: FRR resets the session with a NOTIFICATION; both sides keep their routes', async (t) => {
  const lab = await NamespaceLab.create(t, 'n')
  const vtysh = await frr(t, lab, 'no bgp hard-administrative-reset')
  const speaker = await speakerFor(t, lab)
  await untilOutput(ours(vtysh), /"valid":true/)
  await vtysh('clear bgp ipv4 10.99.0.1')
  const { best, peers } = await speaker.until(({ peers }) => peers[0]?.flaps === 1)
  t.strictSame(best, theirs)
  t.match(peers[0]?.lastError, { code: 6, subcode: 4, direction: 'received' })
  const back = await speaker.until(({ peers }) => peers[0]?.state === 'Established' && peers[0].families['ipv4-unicast']?.stale === 0)
  t.strictSame(back.best, theirs)
})

t.test('RFC 8538 §3: its Hard Reset is understood, and shown with what it stands for', async (t) => {
  const lab = await NamespaceLab.create(t, 'x')
  const vtysh = await frr(t, lab, 'bgp hard-administrative-reset')
  const speaker = await speakerFor(t, lab)
  await vtysh('configure terminal', 'router bgp 65002', 'neighbor 10.99.0.1 shutdown')
  const { peers } = await speaker.until(({ best }) => best.length === 0)
  t.match(peers[0]?.lastError, { code: 6, subcode: 9, direction: 'received', message: /^Cease\/Administrative Shutdown \(6\/2\)/ })
})

t.test('RFC 8538 §4: we reset the session; FRR keeps our routes and we keep its', async (t) => {
  const lab = await NamespaceLab.create(t, 'o')
  const vtysh = await frr(t, lab)
  const speaker = await speakerFor(t, lab)
  await untilOutput(ours(vtysh), /"valid":true/)
  speaker.process.send({ type: 'reset' })
  const { best, peers } = await speaker.until(({ peers }) => peers[0]?.flaps === 1)
  t.strictSame(best, theirs)
  t.match(peers[0]?.lastError, { code: 6, subcode: 4, direction: 'sent' })
  t.match(await ours(vtysh)(), /"valid":true/, 'not gone for a moment')
  const back = await speaker.until(({ peers }) => peers[0]?.state === 'Established' && peers[0].families['ipv4-unicast']?.stale === 0)
  t.strictSame(back.best, theirs)
  t.notMatch(await untilOutput(ours(vtysh), /"valid":true(?![\s\S]*"stale")/), /"stale":true/)
})

t.test('RFC 8538 §5.1: our shutdown is a Hard Reset, and takes our routes away at FRR', async (t) => {
  const lab = await NamespaceLab.create(t, 's')
  const vtysh = await frr(t, lab)
  const speaker = await speakerFor(t, lab)
  await untilOutput(ours(vtysh), /"valid":true/)
  speaker.process.send({ type: 'stop', cease: 'shutdown' })
  await untilOutput(ours(vtysh), /^\{\s*\}\s*$/)
  t.match(await vtysh('show bgp neighbors 10.99.0.1 json'), /"lastResetDueTo":"BGP Notification received"/)
})

t.test('RFC 9494: we are away for long; FRR keeps our routes with LLGR_STALE, and without it once we are back', async (t) => {
  const lab = await NamespaceLab.create(t, 'l')
  const vtysh = await frr(t, lab, 'bgp long-lived-graceful-restart stale-time 60')
  const peer = { families: ['ipv4-unicast'], passive: true, restartTimeSec: 1, longLivedStaleSec: 60 } as const
  const first = await speakerFor(t, lab, peer)
  await first.kill()
  await untilOutput(ours(vtysh), /llgr-stale/)
  const second = new LabSpeaker(t, lab, labOrder(peer, { restarting: true }))
  const { best } = await second.until(({ converged, best }) => converged && best.length === 2)
  t.strictSame(best, theirs)
  await untilOutput(ours(vtysh), /"valid":true(?![\s\S]*llgr-stale)/)
})

t.test('RFC 7313: FRR asks for our routes and gets them framed; it frames what we ask for', async (t) => {
  const lab = await NamespaceLab.create(t, 'r')
  const vtysh = await frr(t, lab)
  const speaker = await speakerFor(t, lab)
  await untilOutput(ours(vtysh), /"valid":true/)
  await vtysh('clear bgp ipv4 10.99.0.1 soft in')
  await speaker.until(({ peers }) => peers[0]?.messages.sentByType?.routeRefresh === 2)
  t.match(await ours(vtysh)(), /"valid":true/)
  speaker.process.send({ type: 'request-refresh' })
  const told = await speaker.until(({ peers }) => peers[0]?.messages.receivedByType?.routeRefresh === 3)
  t.strictSame(told.best, theirs)
  t.match(told.peers[0], { flaps: 0, families: { 'ipv4-unicast': { accepted: 2, stale: 0 } } })
})
