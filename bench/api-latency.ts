/** The API under load: mixed reads with many resources stored while a table loads, and how soon each of many watchers has a change. */
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { agentCommand } from '../e2e/lab/agent-command.ts'
import { Namespace } from '../e2e/lab/namespace.ts'
import { TortieNode } from '../e2e/lab/tortie-node.ts'
import { until } from '../e2e/lab/until.ts'
import { type Figures, medianOf, percentile } from './figures.ts'
import { manyResources, policy } from './many-resources.ts'

const requestsPerSec = 200
const measuredSec = 10
const watchers = 500
const changes = 20
const policies = '/apis/projectcalico.org/v3/globalnetworkpolicies'

const reads: readonly string[] = [
  `${policies}?limit=100`,
  `${policies}/policy-16`,
  '/apis/projectcalico.org/v3/namespaces/default/workloadendpoints/remote-11',
  '/apis/projectcalico.org/v3/namespaces/default/workloadendpoints?limit=100',
  '/v1/status',
  '/v1/bgp/peers',
  '/v1/bgp/routes?limit=100',
  '/v1/bgp/routes?prefix=10.0.0.0/8&longer=true&limit=100',
  '/v1/felix/routes?limit=100',
  '/v1/felix/ipsets?limit=100',
]

/** @param parameters how many resources are stored and how many prefixes load meanwhile */
export async function benchApi([resources = '10000', prefixes = '200000']: readonly string[], runs: number): Promise<void> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-bench-'))
  const namespace = await Namespace.create(`bench${process.pid}-n`)
  try {
    const node = await startNode(namespace, directory)
    const { yaml } = manyResources(Number(resources), 'node-c')
    const documents = yaml.split('\n---\n')
    for (let at = 0; at < documents.length; at += 1_000) await node.apply(documents.slice(at, at + 1_000).join('\n---\n'))
    await readUnderLoad(node, prefixes) // an agent that has just started is slower for a second: its code is not compiled yet
    const all: Figures[] = []
    for (let run = 0; run < runs; run += 1) all.push({ ...(await readUnderLoad(node, prefixes)), ...(await watchChanges(node)) })
    const conditions = { resources: Number(resources), prefixes: Number(prefixes), requestsPerSec, watchers, changes }
    console.log(`api     tortie ${JSON.stringify({ ...conditions, ...medianOf(all) })}`)
  } finally {
    await namespace.remove()
    await rm(directory, { recursive: true, force: true })
  }
}

async function startNode(namespace: Namespace, directory: string): Promise<TortieNode> {
  await namespace.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1')
  for (const address of ['10.99.0.1/24', '10.99.0.2/24']) await namespace.ip('addr', 'add', address, 'dev', 'eth0')
  await namespace.ip('link', 'set', 'eth0', 'up')
  const peers = [{ name: 'feeder', address: '10.99.0.2', asNumber: 65002, passive: true }]
  const options = { name: 'node-a', address: '10.99.0.1', asNumber: 65001, podCidr: '10.244.0.0/16', peers, directory }
  const node = new TortieNode({ ...options, command: agentCommand() }, namespace)
  await node.writeConfig({ felix: { enabled: false } })
  await node.start()
  return node
}

async function readUnderLoad(node: TortieNode, prefixes: string): Promise<Figures> {
  const established = Promise.withResolvers<void>()
  const feeder = node.namespace.start(process.execPath, [path.join(import.meta.dirname, 'feed-table.ts'), prefixes], {
    onOutput: (text) => text.includes('established') && established.resolve(),
  })
  await established.promise
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 })
  const times: number[] = []
  const requests: Promise<void>[] = []
  const began = performance.now()
  for (let count = 0; count < requestsPerSec * measuredSec; count += 1) {
    const due = began + (count * 1_000) / requestsPerSec
    if (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
    requests.push(read(node.socketPath, reads[count % reads.length] ?? '', agent).then((ms) => void times.push(ms)))
  }
  await Promise.all(requests)
  agent.destroy()
  feeder.kill()
  await until('the feeder has gone', async () => {
    const { body } = await node.request('GET', '/v1/bgp/routes?limit=1')
    return (body as { total: number }).total <= 1
  })
  return {
    readP50Ms: rounded(percentile(times, 50)),
    readP99Ms: rounded(percentile(times, 99)),
    readMaxMs: rounded(percentile(times, 100)),
  }
}

/** Milliseconds from sending to the last octet of the answer. @throws unless it is 200 */
function read(socketPath: string, url: string, agent: http.Agent): Promise<number> {
  const began = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  http
    .get({ socketPath, path: url, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`))
      response.resume().on('end', () => resolve(performance.now() - began))
    })
    .on('error', reject)
  return promise
}

/** From the request that changes a policy until the slowest watcher has it. */
async function watchChanges(node: TortieNode): Promise<Figures> {
  const { body } = await node.request('GET', '/v1/status')
  const url = `${policies}?watch=true&resourceVersion=${(body as { revision: number }).revision}`
  let [heard, wake] = [0, () => {}]
  const open = Array.from({ length: watchers }, () => {
    const opened = Promise.withResolvers<void>()
    const request = http.get({ socketPath: node.socketPath, path: url, agent: false }, (response) => {
      opened.resolve()
      response.on('error', () => {}) // it is left below
      response.on('data', () => {
        heard += 1
        if (heard === watchers) wake()
      })
    })
    request.on('error', opened.reject)
    return { request, opened: opened.promise }
  })
  await Promise.all(open.map(({ opened }) => opened))
  const slowest: number[] = []
  for (let change = 0; change < changes; change += 1) {
    const all = Promise.withResolvers<void>()
    ;[heard, wake] = [0, all.resolve]
    const began = performance.now()
    await Promise.all([node.request('POST', '/v1/apply', policy('policy-16', 'app0', 'app1', 5_000 + change)), all.promise])
    slowest.push(performance.now() - began)
  }
  for (const { request } of open) request.destroy()
  return { watchSlowestP50Ms: rounded(percentile(slowest, 50)), watchSlowestMs: rounded(percentile(slowest, 100)) }
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10
}
