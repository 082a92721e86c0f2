/** One side of the differential test, in a namespace: our speaker, and the feeders, which tell it and the speaker at `other` the same. */
import { asn } from '../../src/net/asn.ts'
import type { RouteEntry } from '../peer.ts'
import { Speaker } from '../speaker.ts'
import { address, peerConfig, until } from './fixture.ts'
import { type Feeder, feeders, streamOf } from './random-feed.ts'
import { ipv4Unicast, RawPeer } from './raw-peer.ts'

export type FeedOrder = { readonly seed: number; readonly prefixes: number; readonly updates: number; readonly other: string }
/** Best routes of ours: prefix, the peer it is from, the step that chose it. */
export type FeedResult = readonly (readonly [prefix: string, peer: string, decidedBy: string])[]

const here = '10.99.0.1'
const port = 179

process.on('message', (order: FeedOrder) => void run(order))
process.on('disconnect', () => process.exit(0))

async function run({ seed, prefixes, updates, other }: FeedOrder): Promise<void> {
  const speaker = await start()
  const feeds = feeders.map((feeder) => ({ feeder, octets: streamOf(seed, feeder, prefixes, updates) }))
  await Promise.all(feeds.flatMap(({ feeder, octets }) => [here, other].map((to) => feed(feeder, octets, to))))
  await until(() => feeders.every(({ name }, i) => speaker.routes({ table: 'in', peer: name, prefix: lastOf(i), limit: 1 }).total === 1))
  await speaker.nextHopsChanged() // all that was received is decided on then
  process.send?.(bestOf(speaker))
}

const lastOf = (i: number) => `192.0.2.${i * 16}/28` as Parameters<Speaker['routes']>[0]['prefix'] & string

async function start(): Promise<Speaker> {
  const at = address(here)
  const quiet = () => {}
  const log = { debug: quiet, info: quiet, warn: quiet, error: console.error }
  const options = { asNumber: asn(65001), routerId: 0x0a00_0001, listenAddresses: [at], listenPort: port, localAddress: { ipv4: at } }
  const speaker = new Speaker(
    { ...options, restarting: false, restartTimeSec: 120 },
    { log, nextHopMetric: (nextHop) => (nextHop.startsWith('10.98.') ? Number(nextHop.split('.')[2]) : 0), onBest: quiet, onChange: quiet },
  )
  speaker.setPeers(
    feeders.map(({ name, address: from, asNumber }) =>
      peerConfig({ name, address: address(from), asNumber: asn(asNumber), port, passive: true, export: 'none', holdTimeSec: 0 }),
    ),
  )
  await speaker.start()
  return speaker
}

async function feed({ address: from, asNumber, routerId }: Feeder, octets: Buffer, to: string): Promise<void> {
  const raw = await RawPeer.dial(from, to, port)
  const capabilities = [ipv4Unicast, { type: 'four-octet-as', asNumber }] as const
  await raw.establish({ myAs: asNumber, routerId, holdTimeSec: 0, capabilities })
  raw.send(octets)
}

function bestOf(speaker: Speaker): FeedResult {
  const entries: RouteEntry[] = []
  let cursor: string | undefined
  do {
    const page = speaker.routes({ table: 'best', limit: 10_000, ...(cursor === undefined ? {} : { cursor }) })
    entries.push(...page.routes)
    cursor = page.cursor
  } while (cursor !== undefined)
  return entries.map(
    ({ prefix, paths, decidedBy = '' }) => [prefix, paths.find(({ best }) => best === true)?.peer ?? '', decidedBy] as const,
  )
}
