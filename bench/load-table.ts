/**
 * Runs in the peers' namespace: feeders with the same prefixes, one sink, a table through the speaker, then the withdrawal of all of it.
 * Arguments: COUNT FEEDERS SOCKET PIDS. Prints one JSON line: seconds from the first byte sent to the last prefix heard.
 */
import { loopLag } from './agent-metrics.ts'
import { processUse } from './process-use.ts'
import { quiet, round, secondsOf } from './run-time.ts'
import { TablePeers } from './table-peers.ts'

const [count = '', feeders = '1', socketPath = '-', pidList = ''] = process.argv.slice(2)
const pids = pidList.split(',').map(Number)
const peers = new TablePeers(Number(count), Number(feeders))
await peers.established()
await quiet()

await loopLag(socketPath)
const idle = processUse(pids)
const announceSec = await secondsOf(() => peers.announce())
const full = processUse(pids)
const lag = await loopLag(socketPath)
await quiet()
const before = processUse(pids)
const withdrawSec = await secondsOf(() => peers.withdraw())
const after = processUse(pids)
const result = {
  prefixes: Number(count),
  feeders: Number(feeders),
  announceSec,
  withdrawSec,
  announceCpuSec: round(full.cpuSec - idle.cpuSec),
  withdrawCpuSec: round(after.cpuSec - before.cpuSec),
  idleMb: idle.residentMb,
  peakMb: after.peakMb,
  ...lag,
}
console.log(JSON.stringify(result))
process.exit(0)
