/** One agent in a network namespace of its own with workloads of its own, for the benches of policy; what it takes from /proc and /metrics. */
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { agentCommand } from '../e2e/lab/agent-command.ts'
import { Namespace } from '../e2e/lab/namespace.ts'
import { TortieNode } from '../e2e/lab/tortie-node.ts'
import { processUse } from './process-use.ts'

export type PolicyLab = {
  readonly node: TortieNode
  readonly namespace: Namespace
  remove(): Promise<void>
}

/** Documents of one request. */
const perRequest = 1_000
const keptOpen = new http.Agent({ keepAlive: true })

/** @param workloads how many host interfaces (tort0, tort1 …) there are; felix uses iptables-nft. @param name of this lab among those at once */
export async function policyLab(workloads: number, felix: Readonly<Record<string, unknown>> = {}, name = 'n'): Promise<PolicyLab> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-bench-'))
  const namespace = await Namespace.create(`bench${process.pid}-${name}`)
  const options = { name: 'node-a', address: '10.99.0.1', asNumber: 64512, podCidr: '10.244.0.0/16', peers: [], directory }
  const node = new TortieNode({ ...options, command: agentCommand() }, namespace)
  const remove = async () => {
    await node.end('SIGTERM')
    await namespace.remove()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await namespace.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1')
    await namespace.ip('addr', 'add', '10.99.0.1/24', 'dev', 'eth0')
    const links = Array.from({ length: workloads }, (_, n) => `link add tort${n} type veth peer name peer${n}`)
    await execa('ip', ['-n', namespace.name, '-batch', '-'], { input: `${links.join('\n')}\n` })
    await node.writeConfig({ log: { level: 'warn' }, bgp: { enabled: false }, felix: { iptablesBackend: 'nft', ...felix } })
    await node.start()
  } catch (error) {
    await remove()
    throw error
  }
  return { node, namespace, remove }
}

/** Stores all of it, without waiting, then waits until it is programmed. @param documents objects, or YAML texts */
export async function applyAll(node: TortieNode, documents: readonly (object | string)[]): Promise<void> {
  for (let from = 0; from < documents.length; from += perRequest) {
    const some = documents.slice(from, from + perRequest)
    const texts = some.filter((document) => typeof document === 'string')
    const objects = some.filter((document) => typeof document === 'object')
    if (texts.length > 0) await applyYaml(node, texts.join('\n---\n'))
    if (objects.length > 0) await applyObjects(node, objects)
  }
  await programmed(node)
}

/** As programs do. @returns the revision */
export async function applyObjects(node: TortieNode, documents: readonly object[]): Promise<number> {
  return await post(node, 'application/json', JSON.stringify(documents))
}

/** As people do. @returns the revision */
export async function applyYaml(node: TortieNode, yaml: string): Promise<number> {
  return await post(node, 'application/yaml', yaml)
}

/** Nobody waits for it: the answer is that it is stored. */
async function post({ socketPath }: TortieNode, type: string, body: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const request = http.request({ socketPath, method: 'POST', path: '/v1/apply', headers: { 'content-type': type }, agent: keptOpen })
  request.on('error', reject).on('response', (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text.slice(0, 2_000)))))
  })
  request.end(body)
  return (JSON.parse(await promise) as { readonly revision: number }).revision
}

/** Until all that is stored is in the kernel. */
export async function programmed(node: TortieNode): Promise<void> {
  const { body } = await node.request('GET', '/v1/status')
  const { revision } = body as { readonly revision: number }
  await reached(node, revision)
}

export async function reached(node: TortieNode, revision: number): Promise<void> {
  const answer = await node.request('GET', `/v1/status?waitRevision=${revision}&timeout=300`)
  if (answer.status !== 200) throw new Error(`revision ${revision} is not programmed: ${JSON.stringify(answer.body)}`)
}

/** What programs cost that ran for felix since the start, in all. @property ms in which at least one ran */
export async function toolUse(node: TortieNode): Promise<{ readonly runs: number; readonly ms: number }> {
  const { body } = await node.request('GET', '/metrics')
  const sum = (metric: string) => {
    const found = [...String(body).matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))]
    if (found.length === 0) throw new Error(`/metrics does not have ${metric}`)
    return found.reduce((total, [, value]) => total + Number(value), 0)
  }
  return { runs: sum('tortie_kernel_tool_runs_total'), ms: sum('tortie_kernel_tools_busy_seconds_total') * 1000 }
}

export function agentUse(node: TortieNode): ReturnType<typeof processUse> {
  return processUse([node.pid ?? 0])
}
