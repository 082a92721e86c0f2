/** One policy among many is changed, again and again: how long from the request to the rule in the kernel, and how much of that is ours. */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { agentCommand } from '../e2e/lab/agent-command.ts'
import { Namespace } from '../e2e/lab/namespace.ts'
import { TortieNode } from '../e2e/lab/tortie-node.ts'
import { type Figures, medianOf, percentile } from './figures.ts'
import { endpoint, policy } from './many-resources.ts'

/** Changes of the policy in one run, after as many to warm up. */
const changes = 200
const local = 20

/** @param parameters how many policies the node has, each selecting one of its 20 workloads */
export async function benchPolicy([policies = '100']: readonly string[], runs: number): Promise<void> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-bench-'))
  const namespace = await Namespace.create(`bench${process.pid}-n`)
  try {
    const node = await startNode(namespace, directory, Number(policies))
    await measure(node)
    const all: Figures[] = []
    for (let run = 0; run < runs; run += 1) all.push(await measure(node))
    console.log(`policy  tortie ${JSON.stringify({ policies: Number(policies), changes, ...medianOf(all) })}`)
  } finally {
    await namespace.remove()
    await rm(directory, { recursive: true, force: true })
  }
}

/** `own` is what is left of each change without the time in which iptables and ipset ran. */
async function measure(node: TortieNode): Promise<Figures> {
  const totals: number[] = []
  const owns: number[] = []
  for (let change = 0; change < changes; change += 1) {
    const toolsBefore = await toolMs(node)
    const began = performance.now()
    await node.apply(policy('policy-0', 'app0', `app${1 + (change % 5)}`, 2000 + change))
    const total = performance.now() - began
    totals.push(total)
    owns.push(total - ((await toolMs(node)) - toolsBefore))
  }
  const rounded = (values: readonly number[], percent: number) => Math.round(percentile(values, percent) * 10) / 10
  return { totalP50Ms: rounded(totals, 50), totalP99Ms: rounded(totals, 99), ownP50Ms: rounded(owns, 50), ownP99Ms: rounded(owns, 99) }
}

/** How long programs ran for felix since the start, milliseconds. */
async function toolMs(node: TortieNode): Promise<number> {
  const { body } = await node.request('GET', '/metrics')
  const found = [...String(body).matchAll(/^tortie_kernel_tools_busy_seconds_total (\S+)$/gm)]
  if (found.length === 0) throw new Error('/metrics does not say how long tools ran')
  return found.reduce((sum, [, seconds]) => sum + Number(seconds) * 1000, 0)
}

async function startNode(namespace: Namespace, directory: string, policies: number): Promise<TortieNode> {
  await namespace.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1')
  await namespace.ip('addr', 'add', '10.99.0.1/24', 'dev', 'eth0')
  const workloads = Array.from({ length: local }, (_, n) => `tort${n}`)
  const links = workloads.map((name, n) => `link add ${name} type veth peer name peer${n}`)
  await execa('ip', ['-n', namespace.name, '-batch', '-'], { input: `${links.join('\n')}\n` })
  const options = { name: 'node-a', address: '10.99.0.1', asNumber: 64512, podCidr: '10.244.0.0/16', peers: [], directory }
  const node = new TortieNode({ ...options, command: agentCommand() }, namespace)
  await node.writeConfig({ log: { level: 'warn' }, bgp: { enabled: false } })
  await node.start()
  const endpoints = workloads.map((name, n) => endpoint(`local-${n}`, 'node-a', name, `10.244.0.${n + 1}`, `app${n}`))
  const all = Array.from({ length: policies }, (_, n) => policy(`policy-${n}`, `app${n % local}`, `app${(n * 7) % local}`, 1000 + n))
  await node.apply([...endpoints, ...all].join('\n---\n'))
  return node
}
