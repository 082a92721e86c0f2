/** Against BIRD 2's BFD, each in a network namespace. */
import t, { type Test } from 'tap'
import { address } from '../session/fixture.ts'
import { LabSpeaker, labOrder, NamespaceLab, untilOutput } from '../session/namespace-lab.ts'

t.setTimeout(120_000)

const terms = { minTxMs: 300, minRxMs: 200, multiplier: 4 }

/** @param local BIRD's end, `remote` ours @param options lines of the session */
async function bird(t: Test, lab: NamespaceLab, local: string, remote: string, options: string) {
  const control = `${lab.directory}/bird.ctl`
  const config = await lab.file(
    'bird.conf',
    `router id 10.99.0.2;
protocol device {}
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
  ipv4 { import all; export none; };
  ipv6 { import all; export none; };
}
`,
  )
  lab.start(t, lab.theirs, 'bird', ['-f', '-c', config, '-s', control])
  return (...words: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', control, ...words)
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
    const birdc = await bird(t, lab, local, remote, options)
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
