/** The same random UPDATE streams into our speaker and into BIRD: equal best routes at the end, and each step of the decision decisive. */
import t from 'tap'
import type { FeedOrder, FeedResult } from './differential-process.ts'
import { NamespaceLab, untilOutput } from './namespace-lab.ts'
import { feeders, lastPrefixOf, metrics } from './random-feed.ts'

const prefixes = 10_000
const updates = 4000
const seeds = process.env.FUZZ_SEED === undefined ? [Date.now() % 2 ** 31, 4271] : [Number(process.env.FUZZ_SEED)]

/** BIRD as it decides by the RFCs alone: MED among all paths of a neighbour AS, never the older path. */
const config = `router id 10.0.0.1;
protocol device {}
protocol static { ipv4; ${metrics.map((metric) => `route 10.98.${metric}.0/24 via 10.99.0.254 { igp_metric = ${metric}; };`).join(' ')} }
${feeders
  .map(
    ({ name, address, asNumber }) => `protocol bgp ${name} {
  local 10.99.0.2 as 65001; neighbor ${address} as ${asNumber}; passive; hold time 0;
  deterministic med on; med metric off; prefer older off; default bgp_med 0; default bgp_local_pref 100; igp metric on;
  ipv4 { import all; export none; };
}`,
  )
  .join('\n')}
`

for (const [i, seed] of seeds.entries())
  t.test(
    `RFC 4271 §9.1.2.2, RFC 4456 §9 seed ${seed}: ${prefixes} prefixes from ${feeders.length} peers, the best are BIRD's`,
    async (t) => {
      t.comment(`FUZZ_SEED=${seed} repeats it`)
      const lab = await NamespaceLab.create(t, `d${i}`)
      for (const { address } of feeders) await lab.inside(lab.ours, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0')
      const [file, socket] = [await lab.file('bird.conf', config), `${lab.directory}/bird.ctl`]
      lab.start(t, lab.theirs, 'bird', ['-f', '-c', file, '-s', socket])
      const birdc = (...args: readonly string[]) => lab.inside(lab.theirs, 'birdc', '-s', socket, ...args)
      await untilOutput(() => birdc('show', 'status'), /Daemon is up/)

      const child = lab.start(t, lab.ours, process.execPath, [`${import.meta.dirname}/differential-process.ts`], true)
      const result = new Promise<FeedResult>((resolve) => child.once('message', (ours: FeedResult) => resolve(ours)))
      child.send({ seed, prefixes, updates, other: '10.99.0.2' } satisfies FeedOrder)
      const ours = await result
      for (const feeder of feeders) await untilOutput(() => birdc('show', 'route', lastPrefixOf(feeder)), /unicast/)

      const theirs = bestOfBird(await birdc('show', 'route', 'primary'))
      const steps = new Map<string, number>()
      for (const [, , step] of ours) steps.set(step, (steps.get(step) ?? 0) + 1)
      t.comment(`decided by: ${JSON.stringify(Object.fromEntries(steps))}`)
      const different = ours.filter(([prefix, peer]) => theirs.get(prefix) !== peer)
      t.strictSame(
        different.slice(0, 10).map(([prefix, peer, step]) => [prefix, peer, step, theirs.get(prefix)]),
        [],
      )
      t.equal(theirs.size, ours.length)
      t.ok(ours.length > prefixes * 0.9)
      const ladder = [
        'local-pref',
        'as-path-length',
        'origin',
        'med',
        'ebgp-over-ibgp',
        'igp-metric',
        'router-id',
        'cluster-list-length',
        'peer-address',
      ]
      t.strictSame(
        ladder.filter((step) => !steps.has(step)),
        [],
        'each step was decisive',
      )
    },
  )

/** "10.128.0.0/24        unicast [p1 11:22:33.444 from …] * (100) [AS65002i]": the protocol of each prefix's best route. */
function bestOfBird(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^(\S+\/\d+) +\w+ \[(p\d) [^\]]*\] \*/gm)
  return new Map([...lines].map(([, prefix = '', protocol = '']) => [prefix, protocol]))
}
