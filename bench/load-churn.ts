/**
 * Runs in the peers' namespace: a table announced and withdrawn, again and again; what it leaves behind.
 * Arguments: COUNT ROUNDS PIDS. Prints one JSON line; each round's memory goes to stderr as it ends.
 */
import { processUse } from './process-use.ts'
import { quiet, round, secondsOf } from './run-time.ts'
import { TablePeers } from './table-peers.ts'

const [count = '', rounds = '10', pidList = ''] = process.argv.slice(2)
const pids = pidList.split(',').map(Number)
const peers = new TablePeers(Number(count), 1)
await peers.established()
await quiet()

const idle = processUse(pids)
const full: number[] = []
const empty: number[] = []
const seconds = await secondsOf(async () => {
  for (let each = 1; each <= Number(rounds); each++) {
    await peers.announce()
    full.push(processUse(pids).residentMb)
    await peers.withdraw()
    empty.push(processUse(pids).residentMb)
    console.error(`round ${each}: ${full.at(-1)} MB full, ${empty.at(-1)} MB empty`)
  }
})
await quiet()
const last = processUse(pids)
const result = {
  prefixes: Number(count),
  rounds: Number(rounds),
  roundSec: round(seconds / Number(rounds)),
  idleMb: idle.residentMb,
  firstFullMb: full[0] ?? Number.NaN,
  lastFullMb: full.at(-1) ?? Number.NaN,
  firstEmptyMb: empty[0] ?? Number.NaN,
  lastEmptyMb: empty.at(-1) ?? Number.NaN,
  peakMb: last.peakMb,
}
console.log(JSON.stringify(result))
process.exit(0)
