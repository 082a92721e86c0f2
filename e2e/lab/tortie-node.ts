import type { ChildProcess } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { stringify } from 'yaml'
import { end, type Namespace } from './namespace.ts'
import { Pod } from './pod.ts'
import { patience, until } from './until.ts'

export type TortieOptions = {
  readonly name: string
  readonly address: string
  readonly asNumber: number
  readonly podCidr: string
  /** Entries of `bgp.peers` as INTERFACE §2 writes them. */
  readonly peers: readonly Record<string, unknown>[]
  /** Where configuration, socket and store live. */
  readonly directory: string
  /** How the agent is started, up to "agent": a command and its first arguments. */
  readonly command: readonly string[]
}

export type ApiAnswer = { readonly status: number; readonly body: unknown }

/** A node that runs the real agent; pods are connected as INTERFACE §4 says of a workload made by someone else. */
export class TortieNode {
  readonly options: TortieOptions
  readonly namespace: Namespace
  readonly pods = new Map<string, Pod>()
  /** The end of what the agent printed, for the report of a failure. */
  log = ''
  #agent: ChildProcess | undefined
  #interfaces = 0

  constructor(options: TortieOptions, namespace: Namespace) {
    this.options = options
    this.namespace = namespace
  }

  get socketPath(): string {
    return path.join(this.options.directory, 'api.sock')
  }

  async writeConfig(changes: Record<string, unknown> = {}): Promise<void> {
    const { name, address, asNumber, podCidr, peers, directory } = this.options
    await mkdir(directory, { recursive: true })
    const config = {
      node: { name, ipv4: `${address}/24`, podCidrs: [podCidr] },
      bgp: { asNumber, peers },
      api: { socket: this.socketPath },
      datastore: { type: 'embedded', path: path.join(directory, 'store') },
      ...changes,
    }
    await writeFile(path.join(directory, 'tortie.yaml'), stringify(config))
  }

  /** Starts the agent and returns once /readyz says so. */
  async start(): Promise<void> {
    const [command = 'tortie', ...args] = this.options.command
    this.#agent = this.namespace.start(command, [...args, 'agent', '--config', path.join(this.options.directory, 'tortie.yaml')], {
      onOutput: (text) => {
        this.log = (this.log + text).slice(-20_000)
      },
    })
    await this.ready()
  }

  async ready(): Promise<void> {
    await until(`${this.options.name} is ready`, async () => {
      if (this.#agent?.exitCode !== null) throw new Error(`the agent ended: ${this.log}`)
      return (await this.request('GET', '/readyz')).status === 200
    })
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#agent !== undefined) await end(this.#agent, signal)
  }

  /** A signal that the agent survives: SIGHUP, SIGSTOP and then SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#agent?.kill(signal)
  }

  get pid(): number | undefined {
    return this.#agent?.pid
  }

  /** One request to the agent's API. A string body is YAML. */
  request(method: string, url: string, body?: string): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        { socketPath: this.socketPath, method, path: url, headers: body === undefined ? {} : { 'content-type': 'application/yaml' } },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
          })
          response.on('end', () => {
            const isJson = response.headers['content-type']?.includes('json') === true
            resolve({ status: response.statusCode ?? 0, body: isJson ? (JSON.parse(text) as unknown) : text })
          })
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  }

  /** Applies YAML and waits until it is programmed. @throws with the API's answer unless it is 200 */
  async apply(yaml: string): Promise<ApiAnswer> {
    const answer = await this.request('POST', `/v1/apply?wait=${20 * patience}`, yaml)
    if (answer.status !== 200) throw new Error(`${this.options.name} refused: ${JSON.stringify(answer.body)}`)
    return answer
  }

  async delete(yaml: string): Promise<ApiAnswer> {
    const answer = await this.request('POST', `/v1/delete?wait=${20 * patience}`, yaml)
    if (answer.status !== 200) throw new Error(`${this.options.name} refused: ${JSON.stringify(answer.body)}`)
    return answer
  }

  /** Makes a pod and tells this node about it; other nodes learn of it with `endpointYaml`. */
  async addPod(name: string, address: string, labels: Readonly<Record<string, string>>): Promise<Pod> {
    const hostInterface = `tort${name}${this.#interfaces++}`
    const pod = await Pod.create(this.namespace, { name, address, hostInterface })
    this.pods.set(name, pod)
    await this.apply(endpointYaml({ node: this.options.name, name, address, labels, hostInterface }))
    return pod
  }
}

export function endpointYaml(endpoint: {
  node: string
  name: string
  address: string
  labels: Readonly<Record<string, string>>
  hostInterface: string
}): string {
  return stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { name: endpoint.name, namespace: 'default', labels: endpoint.labels },
    spec: {
      node: endpoint.node,
      orchestrator: 'k8s',
      pod: endpoint.name,
      endpoint: 'eth0',
      interfaceName: endpoint.hostInterface,
      ipNetworks: [`${endpoint.address}/32`],
    },
  })
}
