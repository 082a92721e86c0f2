/** Restarts with GoBGP: it keeps our routes while we are away, and over a NOTIFICATION (RFC 4724, 8538). */
import t, { type Test } from 'tap'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from './namespace-lab.ts'

t.setTimeout(300_000)

type Gobgp = (...words: readonly string[]) => Promise<string>

async function gobgp(t: Test, lab: NamespaceLab): Promise<Gobgp> {
  const config = await lab.file(
    'gobgpd.toml',
    `[global.config]
  as = 65002
  router-id = "10.99.0.2"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.99.0.1"
    peer-as = 65001
  [neighbors.timers.config]
    connect-retry = 1
    hold-time = 9
    keepalive-interval = 3
  [neighbors.graceful-restart.config]
    enabled = true
    notification-enabled = true
    restart-time = 60
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
`,
  )
  lab.start(t, lab.theirs, 'gobgpd', ['-t', 'toml', '-f', config, '--api-hosts', '10.99.0.2:50051', '--log-level', 'panic'])
  const run: Gobgp = (...words) => lab.inside(lab.theirs, 'gobgp', '-u', '10.99.0.2', ...words)
  await untilOutput(() => run('global'), /AS: +65002/)
  await run('global', 'rib', 'add', '10.2.0.0/16')
  return run
}

const theirs = [['10.2.0.0/16', '10.99.0.2']]
const order = (options = {}) => labOrder({ families: ['ipv4-unicast'] }, options)
const shown = /10\.244\.1\.0\/24 +10\.99\.0\.1/

t.test('RFC 4724: we are killed and come back; GoBGP keeps our route all the time', async (t) => {
  const lab = await NamespaceLab.create(t, 'p')
  const run = await gobgp(t, lab)
  const ours = () => run('global', 'rib')
  const first = new LabSpeaker(t, lab, order())
  await first.until(({ best }) => best.length === 1)
  await untilOutput(ours, shown)
  await first.kill()
  await untilOutput(() => run('neighbor'), /(Idle|Active)/)
  t.match(await ours(), shown)
  const second = new LabSpeaker(t, lab, order({ restarting: true }))
  const { best } = await second.until(({ converged, best }) => converged && best.length === 1)
  t.strictSame(best, theirs)
  t.match(await ours(), shown)
})

t.test('RFC 8538 §4: we reset the session; both sides keep their routes', async (t) => {
  const lab = await NamespaceLab.create(t, 'q')
  const run = await gobgp(t, lab)
  const ours = () => run('global', 'rib')
  // GoBGP alone dials: no collision is a flap more (RFC 4271 §6.8), and no failure to dial comes after the reset
  const speaker = new LabSpeaker(t, lab, labOrder({ families: ['ipv4-unicast'], passive: true }))
  await speaker.until(({ best }) => best.length === 1)
  await untilOutput(ours, shown)
  speaker.process.send({ type: 'reset' })
  const { best, peers } = await speaker.until(({ peers }) => peers[0]?.flaps === 1)
  t.strictSame(best, theirs)
  t.match(peers[0]?.lastError, { code: 6, subcode: 4, direction: 'sent' })
  t.match(await ours(), shown)
  // GoBGP, which did not restart itself, comes back without the F bit: its old routes go with its OPEN (RFC 4724 §4.2) and are told again.
  const back = await speaker.until(
    ({ peers, best }) => peers[0]?.state === 'Established' && peers[0].families['ipv4-unicast']?.stale === 0 && best.length === 1,
  )
  t.strictSame(back.best, theirs)
  t.match(await ours(), shown)
})

t.test('RFC 8538 §5.1: our shutdown takes our route away at GoBGP', async (t) => {
  const lab = await NamespaceLab.create(t, 'u')
  const run = await gobgp(t, lab)
  const ours = () => run('global', 'rib')
  const speaker = new LabSpeaker(t, lab, order())
  await untilOutput(ours, shown)
  speaker.process.send({ type: 'stop', cease: 'shutdown' })
  await untilOutput(ours, /^(?![\s\S]*10\.244\.1\.0)[\s\S]*10\.2\.0\.0/)
  t.pass('with Cease/Hard Reset')
})
