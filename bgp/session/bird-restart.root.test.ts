/** Restarts and refreshes with BIRD 2: it crashes and comes back, long-lived stale routes in both roles (RFC 9494), frames (RFC 7313). */
import t, { type Test } from 'tap'
import type { PeerConfig } from '../peer.ts'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from './namespace-lab.ts'

t.setTimeout(300_000)

const theirs = [
  ['10.2.0.0/16', '10.99.0.2'],
  ['10.3.0.0/16', '10.99.0.2'],
  ['fd00:2::/64', 'fd99::2'],
]

type Bird = {
  readonly kill: () => void
  readonly start: (...more: string[]) => void
  readonly birdc: (...words: string[]) => Promise<string>
}

/** @param restart what it says of its restarts */
async function bird(t: Test, lab: NamespaceLab, restart: string): Promise<Bird> {
  const control = `${lab.directory}/bird.ctl`
  const config = await lab.file(
    'bird.conf',
    `router id 10.99.0.2;
protocol device {}
protocol static s4 { ipv4; route 10.2.0.0/16 blackhole; route 10.3.0.0/16 blackhole; }
protocol static s6 { ipv6; route fd00:2::/64 blackhole; }
protocol bgp tortie {
  local 10.99.0.2 as 65002;
  neighbor 10.99.0.1 as 65001;
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 2;
  ${restart}
  ipv4 { import all; export where source = RTS_STATIC; next hop self; };
  ipv6 { import all; export where source = RTS_STATIC; next hop address fd99::2; };
}
`,
  )
  const start = (...more: string[]) => lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control, ...more])
  let child = start()
  return {
    kill: () => void child.kill('SIGKILL'),
    start: (...more) => {
      child = start(...more)
    },
    birdc: (...words) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words),
  }
}

/** Ours, with a session of both families. BIRD alone dials: a collision of two connections would be a restart more (RFC 4271 §6.8). */
async function speakerFor(t: Test, lab: NamespaceLab, peer: Partial<PeerConfig> = {}): Promise<LabSpeaker> {
  const speaker = new LabSpeaker(t, lab, labOrder({ passive: true, ...peer }))
  await speaker.until(({ best }) => best.length === 3)
  return speaker
}

t.test('RFC 4724: BIRD is killed and recovers; its routes stay with us, and are fresh again', async (t) => {
  const lab = await NamespaceLab.create(t, 'k')
  const { kill, start } = await bird(t, lab, 'graceful restart on; graceful restart time 60;')
  const speaker = await speakerFor(t, lab)
  kill()
  const away = await speaker.until(({ peers }) => peers[0]?.families['ipv4-unicast']?.staleState === 'awaited')
  t.match(
    [away.best, away.peers[0]?.families],
    [theirs, { 'ipv4-unicast': { stale: 2 }, 'ipv6-unicast': { stale: 1, staleState: 'awaited' } }],
  )
  start('-R')
  const back = await speaker.until(({ peers }) => peers[0]?.state === 'Established')
  t.strictSame(back.best, theirs)
  const fresh = await speaker.until(({ peers }) => Object.values(peers[0]?.families ?? {}).every(({ stale }) => stale === 0))
  t.strictSame(fresh.best, theirs)
})

t.test('RFC 9494: BIRD is away for long; its routes are the last resort, and routes like any other once it is back', async (t) => {
  const lab = await NamespaceLab.create(t, 'l')
  const restart = 'graceful restart on; graceful restart time 1; long lived graceful restart on; long lived stale time 60;'
  const { kill, start } = await bird(t, lab, restart)
  const speaker = await speakerFor(t, lab, { longLivedStaleSec: 3600 })
  kill()
  const away = await speaker.until(({ peers }) =>
    Object.values(peers[0]?.families ?? {}).every(({ staleState }) => staleState === 'long-lived'),
  )
  t.strictSame(away.best, theirs)
  t.match(away.routes.routes.find(({ prefix }) => prefix === '10.2.0.0/16')?.paths, [{ communities: ['llgr-stale'], stale: true }])
  const left = away.peers[0]?.families['ipv4-unicast']?.staleLeftSec ?? 0
  t.ok(left > 50 && left <= 60, 'its time, within ours')
  start('-R')
  const fresh = await speaker.until(({ peers }) => Object.values(peers[0]?.families ?? {}).every(({ stale }) => stale === 0))
  t.strictSame(fresh.best, theirs)
  const [path] = fresh.routes.routes.find(({ prefix }) => prefix === '10.2.0.0/16')?.paths ?? []
  t.equal(path?.communities, undefined)
})

t.test('RFC 9494: we are away for long; BIRD keeps our routes with LLGR_STALE, and without it once we are back', async (t) => {
  const lab = await NamespaceLab.create(t, 'm')
  const { birdc } = await bird(t, lab, 'graceful restart on; long lived graceful restart on;')
  const peer = { passive: true, restartTimeSec: 1, longLivedStaleSec: 60 }
  const first = await speakerFor(t, lab, peer)
  await first.kill()
  const show = (prefix: string) => () => birdc('show', 'route', prefix, 'all')
  for (const prefix of ['10.244.1.0/24', 'fd00:1::/64']) t.match(await untilOutput(show(prefix), /\(65535,6\)/), /via/)
  const second = new LabSpeaker(t, lab, labOrder(peer, { restarting: true }))
  const { best } = await second.until(({ converged, best }) => converged && best.length === 3)
  t.strictSame(best, theirs)
  for (const prefix of ['10.244.1.0/24', 'fd00:1::/64'])
    t.notMatch(await untilOutput(show(prefix), /BGP\.as_path: 65001\n(?![\s\S]*65535,6)/), /\(65535,6\)/)
})

t.test('RFC 7313: BIRD asks for our routes and gets them framed; it frames what we ask for', async (t) => {
  const lab = await NamespaceLab.create(t, 'r')
  const { birdc } = await bird(t, lab, '')
  const speaker = await speakerFor(t, lab)
  await untilOutput(() => birdc('show', 'route', '10.244.1.0/24'), /10\.99\.0\.1/)
  await birdc('reload', 'in', 'tortie')
  const asked = await speaker.until(({ peers }) => peers[0]?.messages.sentByType?.routeRefresh === 4)
  t.equal(asked.peers[0]?.messages.receivedByType?.routeRefresh, 2, 'one of each family')
  t.match(await birdc('show', 'route', '10.244.1.0/24'), /via 10\.99\.0\.1/)
  t.match(await birdc('show', 'route', 'fd00:1::/64'), /via/)
  speaker.process.send({ type: 'request-refresh' })
  const told = await speaker.until(({ peers }) => peers[0]?.messages.receivedByType?.routeRefresh === 6)
  t.strictSame(told.best, theirs)
  t.match(told.peers[0]?.families, { 'ipv4-unicast': { received: 2, stale: 0 }, 'ipv6-unicast': { received: 1, stale: 0 } })
  t.equal(told.peers[0]?.flaps, 0)
})
