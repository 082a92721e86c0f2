/** Against FRR's bfdd beside its bgpd, each side in a network namespace. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { address } from '../session/fixture.ts'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from '../session/namespace-lab.ts'

t.setTimeout(300_000)

const run = promisify(execFile)
const terms = { minTxMs: 300, minRxMs: 200, multiplier: 4 }

/** @property tell runs lines of vtysh */
type Frr = { readonly tell: (...commands: readonly string[]) => Promise<string> }

/** zebra, bfdd and bgpd. @param remote our end @param lines for the neighbor */
async function frr(t: Test, lab: NamespaceLab, remote: string, lines: readonly string[]): Promise<Frr> {
  const { directory } = lab
  const config = await lab.file(
    'bgpd.conf',
    `router bgp 65002
 bgp router-id 10.99.0.2
 no bgp ebgp-requires-policy
 neighbor ${remote} remote-as 65001
 neighbor ${remote} timers 30 90
 neighbor ${remote} timers connect 1
${['bfd profile lab', ...lines].map((line) => ` neighbor ${remote} ${line}\n`).join('')}
`,
  )
  const profile = await lab.file('bfdd.conf', 'bfd\n profile lab\n  detect-multiplier 5\n  receive-interval 250\n  transmit-interval 250\n')
  await run('chown', ['-R', 'frr:frr', directory])
  const common = ['-A', '127.0.0.1', '--vty_socket', directory, '-z', `${directory}/zserv.api`]
  const tell: Frr['tell'] = (...commands) =>
    lab.inside(lab.theirs, 'vtysh', '--vty_socket', directory, ...commands.flatMap((command) => ['-c', command]))
  const start = (daemon: string, ...args: readonly string[]) =>
    lab.start(t, lab.theirs, `/usr/lib/frr/${daemon}`, [...common, '-i', `${directory}/${daemon}.pid`, ...args])
  start('zebra')
  await untilOutput(() => tell('show interface brief'), /eth0/)
  start('bfdd', '-f', profile, '--bfdctl', `${directory}/bfdd.sock`)
  start('bgpd', '-f', config)
  return { tell }
}

const kinds: [title: string, tag: string, ends: [local: string, remote: string], lines: string[], peer: object][] = [
  ['RFC 5881 IPv4', 'e', ['10.99.0.2', '10.99.0.1'], [], {}],
  ['RFC 5881 IPv6', 'f', ['fd99::2', 'fd99::1'], [], {}],
  ['RFC 5883 IPv4', 'h', ['10.99.0.2', '10.99.0.1'], ['ebgp-multihop 2'], { multihop: 2 }],
]
for (const [title, tag, [local, remote], lines, peer] of kinds) {
  t.test(`${title}: both are up with the agreed intervals, and a link that is cut ends BGP for good`, async (t) => {
    const lab = await NamespaceLab.create(t, tag)
    const { tell } = await frr(t, lab, remote, lines)
    const speaker = new LabSpeaker(t, lab, labOrder({ address: address(local), holdTimeSec: 90, bfd: terms, ...peer }))
    // not the counts: over IPv6 bfdd begins its session anew once BGP is Established, and bgpd ends that for it
    const { peers } = await speaker.until(({ peers: [peer] }) => {
      return peer?.state === 'Established' && peer.bfd?.state === 'Up' && peer.bfd.intervalMs === 300 && peer.bfd.remote?.minTxMs === 250
    })
    const remoteTerms = { state: 'Up', minTxMs: 250, minRxMs: 250, multiplier: 5 }
    t.match(peers, [{ bfd: { multihop: lines.length > 0, detectionTimeMs: 1250, remote: remoteTerms } }])
    const theirs = await untilOutput(() => tell('show bfd peers json'), /"status":"up"/)
    t.match(JSON.parse(theirs), [
      {
        multihop: lines.length > 0,
        peer: remote,
        status: 'up',
        diagnostic: 'ok',
        'remote-receive-interval': 200,
        'remote-transmit-interval': 300,
        'remote-detect-multiplier': 4,
      },
    ])
    await lab.inside(lab.theirs, 'ip', 'link', 'set', 'eth0', 'down')
    const cut = await speaker.until(({ peers: [peer] }) => peer?.state !== 'Established')
    // FRR sets the N bit (RFC 8538), so BFD Down goes inside a Hard Reset (RFC 9384 §3)
    t.match(cut.peers, [
      {
        lastError: { name: 'Cease/Hard Reset (6/9), sent', message: 'Cease: bfd down' },
        bfd: { state: 'Down', diagnostic: 'Control Detection Time Expired' },
      },
    ])
  })
}

t.test('RFC 5882 §3.2: BFD that is shut down at FRR does not end BGP, and comes up again', async (t) => {
  const lab = await NamespaceLab.create(t, 'i')
  const { tell } = await frr(t, lab, '10.99.0.1', [])
  const speaker = new LabSpeaker(t, lab, labOrder({ holdTimeSec: 90, bfd: terms }))
  const before = await speaker.until(({ peers: [peer] }) => peer?.state === 'Established' && peer.bfd?.state === 'Up')
  const profile = ['configure terminal', 'bfd', 'profile lab']
  await tell(...profile, 'shutdown')
  const closed = await speaker.until(({ peers: [peer] }) => peer?.bfd?.state === 'Down' && peer.bfd.remote?.state === 'AdminDown')
  await tell(...profile, 'no shutdown')
  const after = await speaker.until(({ peers: [peer] }) => peer?.bfd?.state === 'Up')
  const { downs, ups = 0 } = before.peers[0]?.bfd ?? {}
  t.match(closed.peers, [{ state: 'Established', bfd: { diagnostic: 'Neighbor Signaled Session Down', downs } }])
  t.match(after.peers, [{ state: 'Established', since: before.peers[0]?.since, bfd: { ups: ups + 1, downs } }])
})
