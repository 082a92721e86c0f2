/** Against BIRD 2's BFD, each in a network namespace. */
import t, { type Test } from 'tap'
import { address } from '../session/fixture.ts'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from '../session/namespace-lab.ts'

t.setTimeout(300_000)

const terms = { minTxMs: 300, minRxMs: 200, multiplier: 4 }

/** @param local BIRD's end, `remote` ours @param options lines of the session @returns what asks it, and what kills it or starts it again */
async function bird(t: Test, lab: NamespaceLab, local: string, remote: string, options: string) {
  const control = `${lab.directory}/bird.ctl`
  const config = await lab.file(
    'bird.conf',
    `router id 10.99.0.2;
protocol device {}
protocol static s4 { ipv4; route 10.2.0.0/16 blackhole; }
protocol bfd {
  interface "eth0" { interval 250 ms; multiplier 5; };
  multihop { interval 250 ms; multiplier 5; };
}
protocol bgp tortie {
  local ${local} as 65002;
  neighbor ${remote} as 65001;
  hold time 90;
  connect delay time 1;
  ${options}
  ipv4 { import all; export where source = RTS_STATIC; next hop self; };
  ipv6 { import all; export none; };
}
`,
  )
  const start = (...flags: readonly string[]) => lab.start(t, lab.theirs, 'bird', ['-f', ...flags, '-c', config, '-s', control])
  let child = start()
  return {
    birdc: (...words: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words),
    kill: () => void child.kill('SIGKILL'),
    /** `-R`: it tells that it forwarded meanwhile (F bit, RFC 4724 §3); without, its old routes go with the new session. */
    start: () => {
      child = start('-R')
    },
  }
}

const kinds: [title: string, tag: string, ends: [local: string, remote: string], options: string, peer: object][] = [
  ['RFC 5881 IPv4', 'a', ['10.99.0.2', '10.99.0.1'], 'bfd on;', {}],
  ['RFC 5881 IPv6', 'b', ['fd99::2', 'fd99::1'], 'bfd on;', {}],
  ['RFC 5883 IPv4', 'c', ['10.99.0.2', '10.99.0.1'], 'multihop 2; bfd on;', { multihop: 2 }],
  ['RFC 5883 IPv6', 'd', ['fd99::2', 'fd99::1'], 'multihop 2; bfd on;', { multihop: 2 }],
]
for (const [title, tag, [local, remote], options, peer] of kinds) {
  t.test(`${title}: both are up with the agreed intervals, and a link that is cut ends BGP with Cease/BFD Down`, async (t) => {
    const lab = await NamespaceLab.create(t, tag)
    const { birdc } = await bird(t, lab, local, remote, options)
    const order = labOrder({ address: address(local), holdTimeSec: 90, bfd: terms, ...peer })
    const speaker = new LabSpeaker(t, lab, order)
    const { peers } = await speaker.until(({ peers: [peer] }) => {
      return peer?.state === 'Established' && peer.bfd?.state === 'Up' && peer.bfd.intervalMs === 300 && peer.bfd.remote?.minTxMs === 250
    })
    t.match(peers, [
      {
        bfd: {
          state: 'Up',
          multihop: title.startsWith('RFC 5883'),
          diagnostic: 'No Diagnostic',
          intervalMs: 300,
          detectionTimeMs: 1250,
          remote: { state: 'Up', minTxMs: 250, minRxMs: 250, multiplier: 5, demand: false },
          ups: 1,
          downs: 0,
        },
      },
    ])
    t.match(await untilOutput(() => birdc('show', 'bfd', 'sessions'), /Up/), new RegExp(`${remote} .*Up .* 0\\.250 +1\\.200`))
    await lab.inside(lab.theirs, 'ip', 'link', 'set', 'eth0', 'down')
    const cut = await speaker.until(({ peers: [peer] }) => peer?.state !== 'Established')
    t.match(cut.peers, [{ lastError: { name: /BFD Down/, code: 6, direction: 'sent' }, bfd: { state: 'Down', downs: 1 } }])
  })
}

t.test('RFC 5882 §4.3.2: BIRD crashes and BFD with it; its routes stay over its restart', async (t) => {
  const lab = await NamespaceLab.create(t, 'g')
  const { kill, start } = await bird(t, lab, '10.99.0.2', '10.99.0.1', 'graceful restart on; bfd graceful;')
  const speaker = new LabSpeaker(t, lab, labOrder({ holdTimeSec: 90, bfd: terms }))
  const route = [['10.2.0.0/16', '10.99.0.2']]
  await speaker.until(({ peers: [peer], best }) => peer?.bfd?.state === 'Up' && best.length === 1)
  kill()
  const away = await speaker.until(({ peers: [peer] }) => peer?.bfd?.downs === 1 && peer.state !== 'Established')
  t.strictSame(away.best, route)
  t.match(away.peers, [{ families: { 'ipv4-unicast': { stale: 1 } }, bfd: { diagnostic: 'Control Detection Time Expired' } }])
  start()
  const back = await speaker.until(({ peers: [peer] }) => peer?.state === 'Established')
  t.strictSame(back.best, route)
  const fresh = await speaker.until(({ peers: [peer] }) => peer?.families['ipv4-unicast']?.stale === 0 && peer.bfd?.state === 'Up')
  t.strictSame(fresh.best, route)
  t.not(fresh.peers[0]?.lastError?.code, 6)
})

t.test('RFC 5881 §4 between link-local addresses: by the interface', async (t) => {
  const lab = await NamespaceLab.create(t, 'l')
  for (const [namespace, last] of [[lab.ours, 1] as const, [lab.theirs, 2] as const])
    await lab.inside(namespace, 'ip', '-6', 'addr', 'add', `fe80::99:${last}/64`, 'dev', 'eth0', 'nodad')
  await bird(t, lab, 'fe80::99:2', 'fe80::99:1%eth0', 'bfd on;')
  const speaker = new LabSpeaker(t, lab, labOrder({ address: address('fe80::99:2'), interface: 'eth0', bfd: terms }))
  await speaker.until(({ peers: [peer] }) => peer?.bfd?.state === 'Up' && peer.bfd.intervalMs === 300 && !peer.bfd.multihop)
})
