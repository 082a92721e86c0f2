import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { stringify } from 'yaml'
import { agentCommand } from './agent-command.ts'
import { Namespace } from './namespace.ts'
import { Pod } from './pod.ts'
import { TortieNode } from './tortie-node.ts'

export type PodOptions = {
  readonly name: string
  /** The last octet: 10.244.1.N and fd00:244:1::N. */
  readonly host: number
  readonly labels?: Readonly<Record<string, string>>
  /** Default: "default". */
  readonly namespace?: string
  /** More of the WorkloadEndpoint's `spec`: profiles, ports, serviceAccountName. */
  readonly spec?: Readonly<Record<string, unknown>>
  readonly ipv6?: boolean
}

/** One Tortie node without BGP, its pods, and one machine outside at 10.99.0.9 that reaches the pods through it. */
export class SingleNode {
  readonly node: TortieNode
  /** A machine that is no pod, with the processes of one. Its address is 10.99.0.9. */
  readonly outside: Pod
  readonly #pods = new Map<string, Pod>()
  readonly #directory: string

  private constructor(directory: string, node: TortieNode, outside: Pod) {
    this.#directory = directory
    this.node = node
    this.outside = outside
  }

  /** Namespaces and cable; `start` the agent with `lab.node.start()`. @param felix of the configuration */
  static async create(felix: Readonly<Record<string, unknown>> = {}): Promise<SingleNode> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-'))
    const namespace = await Namespace.create(`tort${process.pid}-n`)
    try {
      const options = { name: 'node-n', address: '10.99.0.1', asNumber: 64512, podCidr: '10.244.1.0/24', peers: [], directory }
      const node = new TortieNode({ ...options, command: agentCommand() }, namespace)
      const outside = await Pod.create(namespace, { name: 'outside', address: '10.99.0.9', hostInterface: 'eth0', gateway: '10.99.0.1' })
      await namespace.ip('addr', 'add', '10.99.0.1/24', 'dev', 'eth0')
      await namespace.ip('link', 'set', 'eth0', 'up')
      await node.writeConfig({ bgp: { enabled: false }, felix })
      return new SingleNode(directory, node, outside)
    } catch (error) {
      await namespace.remove()
      throw error
    }
  }

  get namespace(): Namespace {
    return this.node.namespace
  }

  /** A pod made before. @throws when there is none of that name */
  pod(name: string): Pod {
    const pod = this.#pods.get(name)
    if (pod === undefined) throw new Error(`the lab has no pod ${name}`)
    return pod
  }

  /** A further machine that is no pod, on a cable of its own; the node's side of it is left to the caller. */
  async addMachine(options: { name: string; address: string; hostInterface: string; gateway: string }): Promise<Pod> {
    const machine = await Pod.create(this.namespace, options)
    this.#pods.set(options.name, machine)
    return machine
  }

  /** Makes the pod's side and leaves it to the caller to post `endpoint(options)`. */
  async makePod(options: PodOptions): Promise<Pod> {
    const { name, host, ipv6 = false } = options
    const pod = await Pod.create(this.namespace, { name, address: `10.244.1.${host}`, hostInterface: `tort${name}` })
    this.#pods.set(name, pod)
    if (ipv6) await pod.addIpv6(this.namespace, `fd00:244:1::${host}`, `tort${name}`)
    return pod
  }

  /** Makes pods and tells the agent of them in one request. */
  async addPods<Options extends readonly PodOptions[]>(...all: Options): Promise<{ [Index in keyof Options]: Pod }> {
    const pods = await Promise.all(all.map((options) => this.makePod(options)))
    await this.node.apply(all.map(endpoint).join('---\n'))
    return pods as { [Index in keyof Options]: Pod }
  }

  /** Rules and default policies without counters. @param tool any of the -save programs. */
  async rules(tool = 'iptables-save'): Promise<readonly string[]> {
    return (await this.namespace.run(tool, [])).split('\n').flatMap((line) => {
      const policy = /^:(\S+) (ACCEPT|DROP) /.exec(line)
      if (policy !== null) return [`-P ${policy[1]} ${policy[2]}`]
      return line.startsWith('-A') ? [line] : []
    })
  }

  /** Ends all processes, removes all namespaces and files. Safe to call in any state. */
  async remove(): Promise<void> {
    await Promise.allSettled([...this.#pods.values(), this.outside].map((pod) => pod.remove()))
    await Promise.allSettled([this.namespace.remove()])
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/** The WorkloadEndpoint of a pod, as its maker posts it. */
export function endpoint({ name, host, labels = {}, namespace = 'default', spec = {}, ipv6 = false }: PodOptions): string {
  return stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { name, namespace, labels },
    spec: {
      node: 'node-n',
      orchestrator: 'k8s',
      pod: name,
      endpoint: 'eth0',
      interfaceName: `tort${name}`,
      ipNetworks: [`10.244.1.${host}/32`, ...(ipv6 ? [`fd00:244:1::${host}/128`] : [])],
      ...spec,
    },
  })
}
