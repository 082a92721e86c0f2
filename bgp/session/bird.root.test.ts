/** Against BIRD 2, each in a network namespace: both directions of connection, routes on both sides, a restart without loss. */
import t, { type Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import { LabSpeaker, NamespaceLab, labOrder as order, untilOutput } from './namespace-lab.ts'

t.setTimeout(300_000)

/** @param mode `passive on` makes BIRD wait for us */
async function bird(t: Test, lab: NamespaceLab, mode: string, remoteAs = 65001, localAs = 65002) {
  const control = `${lab.directory}/bird.ctl`
  const config = await lab.file(
    'bird.conf',
    `router id 10.99.0.2;
protocol device {}
protocol static s4 { ipv4; route 10.2.0.0/16 blackhole; route 10.3.0.0/16 blackhole; }
protocol static s6 { ipv6; route fd00:2::/64 blackhole; }
protocol bgp tortie {
  local 10.99.0.2 as ${localAs};
  neighbor 10.99.0.1 as ${remoteAs};
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  ${mode}
  graceful restart aware;
  ipv4 { import all; export where source = RTS_STATIC; next hop self; };
  ipv6 { import all; export where source = RTS_STATIC; next hop address fd99::2; };
}
`,
  )
  lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control])
  return (...words: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words)
}

const theirs = [
  ['10.2.0.0/16', '10.99.0.2'],
  ['10.3.0.0/16', '10.99.0.2'],
  ['fd00:2::/64', 'fd99::2'],
]

const directions: [title: string, tag: string, passive: boolean, mode: string][] = [
  ['we dial, BIRD waits', 'd', false, 'passive on;'],
  ['BIRD dials, we wait', 'w', true, ''],
  ['both dial: the collision leaves one session', 'c', false, ''],
]
for (const [title, tag, passive, mode] of directions) {
  t.test(`${title}; routes of both families are on both sides`, async (t) => {
    const lab = await NamespaceLab.create(t, tag)
    const birdc = await bird(t, lab, mode)
    const speaker = new LabSpeaker(t, lab, order({ passive }))
    const { peers, best } = await speaker.until(({ best }) => best.length === 3)
    t.strictSame(best, theirs)
    t.match(peers, [{ state: 'Established', remoteRouterId: '10.99.0.2', timers: { holdTimeSec: 9, keepaliveSec: 3 } }])
    const ours = await untilOutput(() => birdc('show', 'route', 'protocol', 'tortie', 'all'), /10\.244\.1\.0\/24[\s\S]*fd00:1::\/64/)
    t.match(ours, /via 10\.99\.0\.1 on eth0/)
    t.match(ours, /BGP\.as_path: 65001/)
    t.match(ours, /BGP\.next_hop: 10\.99\.0\.1/)
    t.match(ours, /BGP\.next_hop: fd99::1/)
  })
}

t.test('iBGP: LOCAL_PREF both ways, an empty AS path', async (t) => {
  const lab = await NamespaceLab.create(t, 'i')
  const birdc = await bird(t, lab, '', 65001, 65001)
  const speaker = new LabSpeaker(t, lab, order({ asNumber: asn(65001) }))
  await speaker.until(({ best }) => best.length === 3)
  const ours = await untilOutput(() => birdc('show', 'route', '10.244.1.0/24', 'all'), /10\.244\.1\.0\/24/)
  t.match(ours, /BGP\.local_pref: 100/)
  t.match(ours, /BGP\.as_path: \n/)
})

t.test('RFC 4724: we are killed and come back; BIRD keeps our routes all the time and we keep its', async (t) => {
  const lab = await NamespaceLab.create(t, 'g')
  const birdc = await bird(t, lab, '')
  const first = new LabSpeaker(t, lab, order({}))
  await first.until(({ best }) => best.length === 3)
  const show = () => birdc('show', 'route', '10.244.1.0/24')
  await untilOutput(show, /via 10\.99\.0\.1/)
  await first.kill()
  const away = () => birdc('show', 'protocols', 'all', 'tortie')
  t.match(await untilOutput(away, /BGP state: +(Idle|Connect|Active)/), /graceful restart/i)
  t.match(await show(), /via 10\.99\.0\.1/, 'kept while we are away')
  const second = new LabSpeaker(t, lab, order({}, { restarting: true }))
  const report = await second.until(({ converged, best }) => converged && best.length === 3)
  t.strictSame(report.best, theirs)
  t.match(await show(), /via 10\.99\.0\.1/, 'kept over our return')
  await second.until(({ peers }) => peers[0]?.state === 'Established')
  t.match(await birdc('show', 'protocols', 'all', 'tortie'), /BGP state: +Established/)
})

t.test('an orderly end without a word keeps our routes at BIRD; Administrative Shutdown takes them away', async (t) => {
  const lab = await NamespaceLab.create(t, 's')
  const birdc = await bird(t, lab, '')
  const show = () => birdc('show', 'route', '10.244.1.0/24')
  const first = new LabSpeaker(t, lab, order({}))
  await untilOutput(show, /via 10\.99\.0\.1/)
  const ended = new Promise((resolve) => first.process.once('exit', resolve))
  first.process.send({ type: 'stop' })
  await ended
  t.match(await show(), /via 10\.99\.0\.1/)
  const second = new LabSpeaker(t, lab, order({}, { restarting: true }))
  await second.until(({ converged }) => converged)
  second.process.send({ type: 'stop', cease: 'shutdown' })
  await untilOutput(show, /Network not found/)
  t.match(await birdc('show', 'protocols', 'all', 'tortie'), /Administrative shutdown/i)
})
