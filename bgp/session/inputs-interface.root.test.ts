/** Bad input #76: the interface that a session runs over is gone, and there again. */
import t from 'tap'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from './namespace-lab.ts'

t.test('#76 an interface vanishes with its addresses: the hold timer ends the session, and it is back when they are', async (t) => {
  const lab = await NamespaceLab.create(t, 'if')
  const config = await lab.file(
    'bird.conf',
    `router id 10.99.0.2;
protocol device { scan time 1; }
protocol static { ipv4; route 10.2.0.0/16 blackhole; }
protocol bgp tortie {
  local 10.99.0.2 as 65002;
  neighbor 10.99.0.1 as 65001;
  hold time 9;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 2;
  ipv4 { import all; export all; };
}
`,
  )
  const control = `${lab.directory}/bird.ctl`
  lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control, '-P', `${lab.directory}/bird.pid`])
  await untilOutput(() => lab.inside(lab.theirs, 'birdc', '-s', control, 'show', 'status'), /Daemon is up/)
  const speaker = new LabSpeaker(t, lab, labOrder({ families: ['ipv4-unicast'] }))
  await speaker.until(({ peers, best }) => peers[0]?.state === 'Established' && best.length === 1)

  await lab.inside(lab.ours, 'ip', 'link', 'del', 'eth0')
  const { peers } = await speaker.until(({ peers, best }) => peers[0]?.state !== 'Established' && best.length === 0)
  t.match(peers, [{ flaps: 1, lastError: { code: 4, subcode: 0, direction: 'sent' } }])

  await lab.connect()
  const back = await speaker.until(({ peers, best }) => peers[0]?.state === 'Established' && best.length === 1)
  t.strictSame(back.best, [['10.2.0.0/16', '10.99.0.2']])
})
