/**
 * Runs in the peers' namespace: one route of a loaded table gets another path, and how soon the sink knows.
 * Arguments: COUNT CHANGES PIDS. Prints one JSON line.
 */
import { announce } from './bgp-client.ts'
import { percentile } from './figures.ts'
import { processUse } from './process-use.ts'
import { quiet } from './run-time.ts'
import { plainAttributes, TablePeers } from './table-peers.ts'
import { nlri } from './table-shape.ts'

const [count = '', changes = '200', pidList = ''] = process.argv.slice(2)
const pids = pidList.split(',').map(Number)
const peers = new TablePeers(Number(count), 1)
const { sink, prefixes } = peers
await peers.established()
await peers.announce()
await quiet()

const latencies: number[] = []
for (let change = 0; change < Number(changes); change++) {
  const prefix = prefixes[Math.floor((change * prefixes.length) / Number(changes))]
  if (prefix === undefined) throw new Error('an empty table')
  const message = announce(plainAttributes(65002, '10.99.0.2', 100_000 + change), nlri([prefix]))
  const heard = sink.announced + 1
  const began = performance.now()
  await Promise.all([peers.feeders[0]?.client.send([message]), sink.until(() => sink.announced >= heard)])
  latencies.push(performance.now() - began)
}
const rounded = (percent: number) => Math.round(percentile(latencies, percent) * 100) / 100
const result = {
  prefixes: Number(count),
  changes: Number(changes),
  p50Ms: rounded(50),
  p99Ms: rounded(99),
  maxMs: rounded(100),
  peakMb: processUse(pids).peakMb,
}
console.log(JSON.stringify(result))
process.exit(0)
