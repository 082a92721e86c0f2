/**
 * Runs in the feeder's namespace: a table of one attribute set into the kernel of the speaker's namespace and out again.
 * Arguments: COUNT NAMESPACE. Prints one JSON line: seconds from the first byte sent to the last route standing, or gone.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { announce, BgpClient, withdraw } from './bgp-client.ts'
import { joined, nlri, type TablePrefix } from './table-shape.ts'

const count = Number(process.argv[2])
const namespace = process.argv[3] ?? ''

/** Prints the number of prefixes in the kernel's main trie every 20 ms. */
const counting = "while :; do awk '/^Main:/{m=1} /Prefixes:/{if(m){print $2; exit}}' /proc/net/fib_triestat; sleep 0.02; done"
const counter = spawn('ip', ['netns', 'exec', namespace, 'sh', '-c', counting], { stdio: ['ignore', 'pipe', 'inherit'] })
let routes = 0
let waiting: { readonly met: () => boolean; readonly resolve: () => void } | undefined
createInterface({ input: counter.stdout }).on('line', (line) => {
  routes = Number(line)
  if (waiting?.met() === true) waiting.resolve()
})

const prefixes = Array.from({ length: count }, (_, i): TablePrefix => ({ address: ((100 << 24) + i * 256) >>> 0, length: 24 }))
const attributes = Buffer.from([0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 65002 >> 8, 65002 & 255, 0x40, 3, 4, 10, 99, 0, 2])
const groups = Array.from({ length: Math.ceil(count / 900) }, (_, i) => nlri(prefixes.slice(i * 900, i * 900 + 900)))

const feeder = new BgpClient({ speaker: '10.99.0.1', address: '10.99.0.2', asNumber: 65002, deaf: true })
await feeder.established
await quiet()
const base = routes
const toKernelSec = await timed(
  groups.map((group) => announce(attributes, group)),
  () => routes >= base + count,
)
await quiet()
const withdrawnSec = await timed(groups.map(withdraw), () => routes <= base)
console.log(JSON.stringify({ routes: count, toKernelSec, withdrawnSec }))
counter.kill()
process.exit(0)

async function timed(messages: readonly Buffer[], met: () => boolean): Promise<number> {
  const began = performance.now()
  const sent = feeder.send(joined(messages))
  await new Promise<void>((resolve) => {
    waiting = { met, resolve }
  })
  await sent
  return Math.round(performance.now() - began) / 1000
}

function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1500))
}
