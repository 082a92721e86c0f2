import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Namespace } from './namespace.ts'
import type { Pod } from './pod.ts'
import { BirdNode, FrrNode } from './router-node.ts'
import { TortieNode } from './tortie-node.ts'

export type ClusterOptions = {
  /** Hold time the routers propose, seconds. */
  readonly holdTimeSec: number
  /** How the agent is started: command and first arguments. */
  readonly command: readonly string[]
  /** BIRD knows nothing of restarts (RFC 4724). */
  readonly birdGracefulRestart?: 'off'
}

/**
 * The small cluster of INTERFACE §1: two Tortie nodes (iBGP between them), one BIRD and one FRR node (eBGP to all), on one subnet,
 * a pod or two on each. Who dials differs by pair, so that both directions of connection are seen.
 */
export class Cluster {
  readonly #namespaces: Namespace[] = []
  readonly #pods: Pod[] = []
  readonly #directory: string
  readonly #switch: Namespace
  readonly nodeA: TortieNode
  readonly nodeB: TortieNode
  readonly bird: BirdNode
  readonly frr: FrrNode

  private constructor(
    directory: string,
    namespaces: readonly [Namespace, Namespace, Namespace, Namespace, Namespace],
    options: ClusterOptions,
  ) {
    const [bridge, a, b, bird, frr] = namespaces
    this.#directory = directory
    this.#switch = bridge
    this.#namespaces.push(...namespaces)
    const { birdGracefulRestart, command, holdTimeSec } = options
    const restarts = birdGracefulRestart === undefined ? {} : { gracefulRestart: birdGracefulRestart }
    this.nodeA = new TortieNode({ ...addresses.a, directory: path.join(directory, 'a'), command, peers: tortiePeers('a') }, a)
    this.nodeB = new TortieNode({ ...addresses.b, directory: path.join(directory, 'b'), command, peers: tortiePeers('b') }, b)
    const peers = routerPeers('bird')
    this.bird = new BirdNode({ ...addresses.bird, ...restarts, directory: path.join(directory, 'bird'), holdTimeSec, peers }, bird)
    this.frr = new FrrNode({ ...addresses.frr, directory: path.join(directory, 'frr'), holdTimeSec, peers: routerPeers('frr') }, frr)
  }

  /** Namespaces, bridge and cables; nothing runs yet. @param options how the agents start */
  static async create(options: ClusterOptions): Promise<Cluster> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-'))
    const name = (node: string) => `tort${process.pid}-${node}`
    const made: Namespace[] = []
    try {
      for (const node of ['sw', 'a', 'b', 'bird', 'frr']) made.push(await Namespace.create(name(node)))
      const [bridge, a, b, bird, frr] = made
      if (!bridge || !a || !b || !bird || !frr) throw new Error('five namespaces were made')
      const cluster = new Cluster(directory, [bridge, a, b, bird, frr], options)
      await cluster.#cable()
      return cluster
    } catch (error) {
      await Promise.allSettled(made.map((namespace) => namespace.remove()))
      throw error
    }
  }

  async #cable(): Promise<void> {
    await this.#switch.ip('link', 'add', 'br0', 'type', 'bridge')
    await this.#switch.ip('link', 'set', 'br0', 'up')
    for (const node of [this.nodeA, this.nodeB, this.bird, this.frr]) {
      const { name, address } = node.options
      await this.#switch.ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', node.namespace.name)
      await this.#switch.ip('link', 'set', name, 'master', 'br0', 'up')
      await node.namespace.ip('addr', 'add', `${address}/24`, 'dev', 'eth0')
      await node.namespace.ip('link', 'set', 'eth0', 'up')
    }
    for (const router of [this.bird, this.frr]) await router.namespace.sysctl('net.ipv4.ip_forward', '1')
  }

  /** Starts the four daemons; returns once each answers. Sessions come up after. */
  async start(): Promise<void> {
    await Promise.all([this.nodeA.writeConfig(), this.nodeB.writeConfig()])
    await Promise.all([this.bird.start(), this.frr.start(), this.nodeA.start(), this.nodeB.start()])
  }

  /** Pulls (or plugs) a node's cable at the switch: the node itself sees nothing but silence. */
  async setCable(node: { readonly options: { readonly name: string } }, state: 'up' | 'down'): Promise<void> {
    await this.#switch.ip('link', 'set', node.options.name, state)
  }

  /** A pod made by the caller that goes with the cluster. */
  keep(pod: Pod): Pod {
    this.#pods.push(pod)
    return pod
  }

  /** Ends all processes, removes all namespaces and files. Safe to call in any state. */
  async remove(): Promise<void> {
    const pods = [...this.#pods, ...this.nodeA.pods.values(), ...this.nodeB.pods.values()]
    await Promise.allSettled(pods.map((pod) => pod.remove()))
    await Promise.allSettled(this.#namespaces.map((namespace) => namespace.remove()))
    await rm(this.#directory, { recursive: true, force: true })
  }
}

const addresses = {
  a: { name: 'node-a', address: '10.99.0.1', asNumber: 64512, podCidr: '10.244.1.0/24' },
  b: { name: 'node-b', address: '10.99.0.2', asNumber: 64512, podCidr: '10.244.2.0/24' },
  bird: { name: 'bird', address: '10.99.0.3', asNumber: 65003, podCidr: '10.244.3.0/24' },
  frr: { name: 'frr', address: '10.99.0.4', asNumber: 65004, podCidr: '10.244.4.0/24' },
} as const

type NodeKey = keyof typeof addresses

/**
 * [dials, listens]: every session of the cluster once. Between the Tortie nodes both dial, so that collisions happen; node-a dials the
 * routers and node-b is dialled by them. A node that is killed must dial FRR: its helper mode waits for the restarting side (NSF).
 */
const sessions: readonly (readonly [NodeKey, NodeKey])[] = [
  ['a', 'b'],
  ['b', 'a'],
  ['a', 'bird'],
  ['bird', 'b'],
  ['a', 'frr'],
  ['frr', 'b'],
  ['bird', 'frr'],
]

function peersOf(node: NodeKey): readonly { key: NodeKey; passive: boolean }[] {
  const others = (Object.keys(addresses) as NodeKey[]).filter((key) => key !== node)
  return others.map((key) => ({ key, passive: !sessions.some(([dials, listens]) => dials === node && listens === key) }))
}

function tortiePeers(node: NodeKey): readonly Record<string, unknown>[] {
  return peersOf(node).map(({ key, passive }) => ({
    name: addresses[key].name,
    address: addresses[key].address,
    asNumber: addresses[key].asNumber,
    passive,
    holdTimeSec: 9,
  }))
}

function routerPeers(node: NodeKey): readonly { name: string; address: string; asNumber: number; passive: boolean }[] {
  return peersOf(node).map(({ key, passive }) => ({
    name: addresses[key].name,
    address: addresses[key].address,
    asNumber: addresses[key].asNumber,
    passive,
  }))
}
