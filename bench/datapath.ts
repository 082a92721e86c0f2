/** What policy costs packets: two pods talk through their node, beside the same on a node whose agent has no policies. Pair after pair, for noise to hit both. */
import path from 'node:path'
import type { Pod } from '../e2e/lab/pod.ts'
import type { TortieNode } from '../e2e/lab/tortie-node.ts'
import { type Figures, medianOf } from './figures.ts'
import { endpoint, policy } from './many-resources.ts'
import { applyAll, type PolicyLab, policyLab } from './policy-lab.ts'
import { round } from './run-time.ts'

const workloads = 100
/** Policies that select both pods, ingress and egress; only the last of them lets the two talk. */
const onPair = 10
const streamSec = 4
/** Which core a process comes to is worth a tenth of its connections, so each node has several of them in a pair. */
const connectors = 4
const connectSec = 1.5

type Ends = { readonly client: Pod; readonly server: Pod }

/** @param parameters how many policies one of the nodes has; the other has none. @param felix of both configurations */
export async function benchDatapath(
  [policies = '10000']: readonly string[],
  pairs: number,
  felix: Readonly<Record<string, unknown>>,
): Promise<void> {
  const labs: PolicyLab[] = []
  try {
    for (const name of ['none', 'many']) labs.push(await policyLab(workloads, felix, name))
    const [without, policed] = await Promise.all(labs.map(({ node }) => makeEnds(node)))
    if (without === undefined || policed === undefined || labs[1] === undefined) throw new Error('two nodes were to be made')
    await applyAll(labs[1].node, pairPolicies())
    await applyAll(labs[1].node, otherPolicies(Number(policies) - onPair))
    const all: Figures[] = []
    for (let pair = 0; pair <= pairs; pair += 1) {
      const figures = await measurePair(without, policed, pair % 2 === 1)
      if (pair > 0) all.push(figures) // the first warms up
    }
    console.log(`datapath tortie ${JSON.stringify({ policies: Number(policies), onPair, pairs, ...medianOf(all) })}`)
  } finally {
    for (const lab of labs) {
      await Promise.all([...lab.node.pods.values()].map((pod) => pod.remove()))
      await lab.remove()
    }
  }
}

/** The ratios are of one pair each. @param isTurned who is first takes turns, too */
async function measurePair(without: Ends, policed: Ends, isTurned: boolean): Promise<Figures> {
  const gigabits = await turn(throughput, without, policed, isTurned)
  const rates: Turn[] = []
  for (let n = 0; n < connectors; n += 1) rates.push(await turn(connectionRate, without, policed, (n % 2 === 1) !== isTurned))
  const connections = { base: mean(rates.map(({ base }) => base)), ours: mean(rates.map(({ ours }) => ours)) }
  return {
    baseGbps: round(gigabits.base),
    gbps: round(gigabits.ours),
    throughputRatio: round(gigabits.ours / gigabits.base),
    baseConnectionsPerSec: Math.round(connections.base),
    connectionsPerSec: Math.round(connections.ours),
    connectionsRatio: round(connections.ours / connections.base),
  }
}

type Turn = { readonly base: number; readonly ours: number }

async function turn(measure: (ends: Ends) => Promise<number>, without: Ends, policed: Ends, isTurned: boolean): Promise<Turn> {
  if (!isTurned) return { base: await measure(without), ours: await measure(policed) }
  const ours = await measure(policed)
  return { base: await measure(without), ours }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** One established TCP connection, as the receiver counts it. */
async function throughput({ client, server }: Ends): Promise<number> {
  const json = await client.namespace.run('iperf3', ['-c', server.address, '-t', String(streamSec), '-O', '1', '-J'])
  const { end } = JSON.parse(json) as { readonly end: { readonly sum_received: { readonly bits_per_second: number } } }
  return end.sum_received.bits_per_second / 1e9
}

/** Connections a second that one process makes and resets, eight at a time. */
async function connectionRate({ client, server }: Ends): Promise<number> {
  const connector = path.join(import.meta.dirname, 'connector.ts')
  return Number(await client.namespace.run(process.execPath, [connector, server.address, '8080', String(connectSec)]))
}

/** Its 100 other workloads, and two pods with processes. */
async function makeEnds(node: TortieNode): Promise<Ends> {
  const others = Array.from({ length: workloads }, (_, n) => endpoint(`local-${n}`, 'node-a', `tort${n}`, `10.244.0.${n + 1}`, `app${n}`))
  await applyAll(node, others)
  const client = await node.addPod('client', '10.244.1.1', { talks: 'yes' })
  const server = await node.addPod('server', '10.244.1.2', { talks: 'yes' })
  await listening(server)
  return { client, server }
}

/** @throws when iperf3 is not installed */
async function listening(server: Pod): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const process = server.namespace.start('iperf3', ['-s', '--forceflush'], {
    onOutput: (text) => {
      if (text.includes('listening')) resolve()
    },
  })
  process.once('exit', () => reject(new Error('iperf3 does not run: is the Debian package iperf3 installed?')))
  await promise
}

function pairPolicies(): string[] {
  return Array.from({ length: onPair }, (_, n) => {
    const peer = `{ selector: ${n === onPair - 1 ? "talks == 'yes'" : `app == 'app${n}'`} }`
    return `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: pair-${n} }
spec:
  order: ${n}
  selector: talks == 'yes'
  types: [Ingress, Egress]
  ingress: [{ action: Allow, protocol: TCP, source: ${peer} }]
  egress: [{ action: Allow, protocol: TCP, destination: ${peer} }]`
  })
}

function otherPolicies(count: number): string[] {
  return Array.from({ length: count }, (_, n) => policy(`policy-${n}`, `app${n % workloads}`, `app${(n * 7) % workloads}`, 1_000 + n))
}
