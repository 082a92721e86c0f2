/**
 * Runs in the feeder's namespace: one feeder, one sink, a table through the speaker, then the withdrawal of all of it.
 * Arguments: COUNT PIDS. Prints one JSON line: seconds from the first byte sent to the last prefix heard.
 */
import { BgpClient } from './bgp-client.ts'
import { processUse } from './process-use.ts'
import { joined, Random, tablePrefixes, tableUpdates, tableWithdrawals } from './table-shape.ts'

const count = Number(process.argv[2])
const pids = (process.argv[3] ?? '').split(',').map(Number)
const random = new Random(42)
const prefixes = tablePrefixes(count, random)
const updates = joined(tableUpdates(prefixes, 65002, '10.99.0.2', random))
const withdrawals = joined(tableWithdrawals(prefixes))

const feeder = new BgpClient({ speaker: '10.99.0.1', address: '10.99.0.2', asNumber: 65002, deaf: true })
const sink = new BgpClient({ speaker: '10.99.0.1', address: '10.99.0.3', asNumber: 65003 })
await Promise.all([feeder.established, sink.established])
await quiet()

const idle = processUse(pids)
const announceSec = await timed(async () => {
  const sent = feeder.send(updates)
  await sink.until(() => sink.announced >= count)
  await sent
})
const full = processUse(pids)
await quiet()
const before = processUse(pids)
const withdrawSec = await timed(async () => {
  const sent = feeder.send(withdrawals)
  await sink.until(() => sink.withdrawn >= count)
  await sent
})
const after = processUse(pids)
const result = {
  prefixes: count,
  announceSec,
  withdrawSec,
  announceCpuSec: round(full.cpuSec - idle.cpuSec),
  withdrawCpuSec: round(after.cpuSec - before.cpuSec),
  idleMb: idle.residentMb,
  peakMb: after.peakMb,
}
console.log(JSON.stringify(result))
process.exit(0)

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return round((performance.now() - began) / 1000)
}

/** The speaker's first keepalives, End-of-RIBs and timers are not part of the figure. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1500))
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
