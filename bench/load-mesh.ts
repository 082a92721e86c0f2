/**
 * Runs in the peers' namespace: many peers at once, each announcing its own /32s; sinks (and with BOTH the feeders too) must hear all.
 * Arguments: FEEDERS PREFIXES SETS SINKS IBGP BOTH PIDS. Prints one JSON line.
 */
import { announce, BgpClient, withdraw } from './bgp-client.ts'
import { meshAddresses, meshAs } from './mesh-plan.ts'
import { processUse } from './process-use.ts'
import { joined, nlri, type TablePrefix } from './table-shape.ts'

/** /32s that fit a message of 4,096 octets. */
const perUpdate = 700

const [feederCount = 1, perFeeder = 1, sets = 1, sinkCount = 1, ibgp = 0, both = 0] = process.argv.slice(2, 8).map(Number)
const pids = (process.argv[8] ?? '').split(',').map(Number)
const total = feederCount * perFeeder

const began = performance.now()
const { feeders: feederAddresses, sinks: sinkAddresses } = meshAddresses(feederCount, sinkCount)
const connect = (address: string, asNumber: number, deaf: boolean) => new BgpClient({ speaker: '10.77.0.1', address, asNumber, deaf })
const feeders = feederAddresses.map((address, i) => connect(address, meshAs('feeder', i, ibgp === 1), both === 0))
const sinks = sinkAddresses.map((address, i) => connect(address, meshAs('sink', i, ibgp === 1), false))
await Promise.all([...feeders, ...sinks].map((client) => client.established))
const sessionsUpSec = seconds(began)
await quiet()

const receivers = both === 1 ? [...feeders, ...sinks] : sinks
/** A feeder does not hear its own. */
const expected = (client: BgpClient) => (feeders.includes(client) ? total - perFeeder : total)
const before = processUse(pids)
const announceSec = await timed(announcements, (client) => client.announced >= expected(client))
const after = processUse(pids)
await quiet()
const withdrawSec = await timed(
  (_, i) => withdrawals(i),
  (client) => client.withdrawn >= expected(client),
)
const result = {
  feeders: feederCount,
  prefixes: total,
  receivers: receivers.length,
  sessionsUpSec,
  announceSec,
  withdrawSec,
  cpuSec: Math.round((after.cpuSec - before.cpuSec) * 100) / 100,
  peakMb: after.peakMb,
}
console.log(JSON.stringify(result))
process.exit(0)

async function timed(
  messages: (feeder: BgpClient, index: number) => readonly Buffer[],
  met: (client: BgpClient) => boolean,
): Promise<number> {
  const prepared = feeders.map((feeder, i) => joined(messages(feeder, i)))
  const start = performance.now()
  const sent = feeders.map((feeder, i) => feeder.send(prepared[i] ?? []))
  await Promise.all(receivers.map((client) => client.until(() => met(client))))
  await Promise.all(sent)
  return seconds(start)
}

function own(feeder: number): readonly TablePrefix[] {
  return Array.from({ length: perFeeder }, (_, i) => ({ address: ((100 << 24) + feeder * perFeeder + i) >>> 0, length: 32 }))
}

function announcements(client: BgpClient, feeder: number): readonly Buffer[] {
  const prefixes = own(feeder)
  const size = Math.min(Math.ceil(perFeeder / sets), perUpdate)
  return Array.from({ length: Math.ceil(perFeeder / size) }, (_, set) =>
    announce(attributes(client, set), nlri(prefixes.slice(set * size, (set + 1) * size))),
  )
}

function withdrawals(feeder: number): readonly Buffer[] {
  const prefixes = own(feeder)
  const count = Math.ceil(perFeeder / perUpdate)
  return Array.from({ length: count }, (_, i) => withdraw(nlri(prefixes.slice(i * perUpdate, (i + 1) * perUpdate))))
}

function attributes({ options }: BgpClient, set: number): Buffer {
  const path = ibgp === 1 ? [64_512 + (set % 1000)] : [options.asNumber, 100_000 + set]
  const asPath = Buffer.alloc(5 + 4 * path.length)
  asPath.set([0x40, 2, 2 + 4 * path.length, 2, path.length])
  for (const [i, asNumber] of path.entries()) asPath.writeUInt32BE(asNumber, 5 + 4 * i)
  const nextHop = Buffer.from([0x40, 3, 4, ...options.address.split('.').map(Number)])
  return Buffer.concat([Buffer.from([0x40, 1, 1, 0]), asPath, nextHop, ...(ibgp === 1 ? [Buffer.from([0x40, 5, 4, 0, 0, 0, 100])] : [])])
}

function seconds(start: number): number {
  return Math.round(performance.now() - start) / 1000
}

function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2000))
}
