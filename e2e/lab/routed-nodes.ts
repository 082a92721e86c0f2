import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Namespace } from './namespace.ts'
import { Pod } from './pod.ts'
import { packetsCounted } from './rule-counter.ts'
import { TortieNode } from './tortie-node.ts'

const places = {
  a: { name: 'node-a', address: '10.98.1.1', podCidr: '10.244.1.0/24' },
  b: { name: 'node-b', address: '10.98.2.2', podCidr: '10.244.2.0/24' },
  c: { name: 'node-c', address: '10.98.1.3', podCidr: '10.244.3.0/24' },
} as const

const counters = ['-A FORWARD -p ipencap', '-A FORWARD -d 10.244.0.0/16', '-A FORWARD -s 10.244.0.0/16']

/** A machine of the first subnet that nobody counts among the nodes; the source of what it sends is a pod's address of node-a. */
export const stranger = { address: '10.98.1.9', innerAddress: '10.244.1.99' } as const

/**
 * Three Tortie nodes, iBGP between all, around a router that knows no pod: node-a and node-c in 10.98.1.0/24, node-b in 10.98.2.0/24.
 * Between the subnets a pod's packet arrives in a tunnel or not at all.
 */
export class RoutedNodes {
  readonly #directory: string
  readonly #namespaces: readonly Namespace[]
  readonly router: Namespace
  readonly nodeA: TortieNode
  readonly nodeB: TortieNode
  readonly nodeC: TortieNode
  #stranger: Pod | undefined

  private constructor(directory: string, command: readonly string[], namespaces: readonly [Namespace, Namespace, Namespace, Namespace]) {
    const [router, a, b, c] = namespaces
    this.#directory = directory
    this.#namespaces = namespaces
    this.router = router
    const options = (key: keyof typeof places) => ({
      ...places[key],
      asNumber: 64512,
      command,
      directory: path.join(directory, key),
      peers: peersOf(key),
    })
    this.nodeA = new TortieNode(options('a'), a)
    this.nodeB = new TortieNode(options('b'), b)
    this.nodeC = new TortieNode(options('c'), c)
  }

  get nodes(): readonly TortieNode[] {
    return [this.nodeA, this.nodeB, this.nodeC]
  }

  /** A machine that is no node but makes IP-in-IP for node-b, with a valid packet inside. */
  get stranger(): Pod {
    if (this.#stranger === undefined) throw new Error('the lab was not cabled')
    return this.#stranger
  }

  /** Namespaces, cables and the router; the agents do not run yet. @param command how they are started */
  static async create(command: readonly string[]): Promise<RoutedNodes> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-'))
    const create = (name: string) => Namespace.create(`tort${process.pid}-${name}`)
    const lab = new RoutedNodes(directory, command, [await create('r'), await create('a'), await create('b'), await create('c')])
    try {
      await lab.#cable()
      return lab
    } catch (error) {
      await lab.remove()
      throw error
    }
  }

  async #cable(): Promise<void> {
    await this.router.sysctl('net.ipv4.ip_forward', '1')
    for (const rule of counters) await this.router.run('iptables-legacy', rule.split(' '))
    for (const subnet of ['1', '2']) {
      await this.router.ip('link', 'add', `br${subnet}`, 'type', 'bridge')
      await this.router.ip('addr', 'add', `10.98.${subnet}.254/24`, 'dev', `br${subnet}`)
      await this.router.ip('link', 'set', `br${subnet}`, 'up')
    }
    for (const { namespace, options } of this.nodes) {
      const subnet = options.address.split('.')[2]
      await this.router.ip('link', 'add', options.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace.name)
      await this.router.ip('link', 'set', options.name, 'master', `br${subnet}`, 'up')
      await namespace.ip('addr', 'add', `${options.address}/24`, 'dev', 'eth0')
      await namespace.ip('link', 'set', 'eth0', 'up')
      await namespace.ip('route', 'add', 'default', 'via', `10.98.${subnet}.254`)
    }
    await this.#addStranger()
  }

  async #addStranger(): Promise<void> {
    const options = { name: 'stranger', address: stranger.address, hostInterface: 'stranger', gateway: '10.98.1.254' }
    this.#stranger = await Pod.create(this.router, options)
    const { namespace } = this.#stranger
    await this.router.ip('link', 'set', 'stranger', 'master', 'br1', 'up')
    await namespace.ip('addr', 'add', `${stranger.innerAddress}/32`, 'dev', 'tunl0')
    await namespace.ip('link', 'set', 'tunl0', 'up')
    const { podCidr, address } = places.b
    await namespace.ip('route', 'add', podCidr, 'via', address, 'dev', 'tunl0', 'onlink', 'src', stranger.innerAddress)
  }

  /** Starts the three agents; returns once each is ready. Sessions come up after. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.writeConfig({})))
    await Promise.all(this.nodes.map((node) => node.start()))
  }

  /** The same resources to each node's store; returns once all have programmed them. */
  async apply(yaml: string): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.apply(yaml)))
  }

  /** Packets the router forwarded: in tunnels, and to or from a pod's address as they are. */
  async forwarded(): Promise<{ readonly tunnelled: number; readonly bare: number }> {
    const [tunnelled, to, from] = await Promise.all(counters.map((rule) => packetsCounted(this.router, 'filter', rule)))
    return { tunnelled: tunnelled ?? 0, bare: (to ?? 0) + (from ?? 0) }
  }

  /** Ends all processes, removes all namespaces and files. Safe to call in any state. */
  async remove(): Promise<void> {
    const pods = this.nodes.flatMap(({ pods }) => [...pods.values()])
    const machines = this.#stranger === undefined ? pods : [this.#stranger, ...pods]
    await Promise.allSettled(machines.map((machine) => machine.remove()))
    await Promise.allSettled(this.#namespaces.map((namespace) => namespace.remove()))
    await rm(this.#directory, { recursive: true, force: true })
  }
}

function peersOf(own: keyof typeof places): readonly Record<string, unknown>[] {
  return Object.entries(places).flatMap(([key, { name, address }]) =>
    key === own ? [] : [{ name, address, asNumber: 64512, holdTimeSec: 90 }],
  )
}
