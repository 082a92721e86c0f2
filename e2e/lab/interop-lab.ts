import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { agentCommand } from './agent-command.ts'
import type { InteropSession, InteropSpeaker } from './interop-speaker.ts'
import { Namespace } from './namespace.ts'
import { TortieNode } from './tortie-node.ts'
import { until } from './until.ts'

type Speaker = new (namespace: Namespace, directory: string) => InteropSpeaker

export type Path = { readonly peer: string; readonly nextHop: string; readonly stale?: boolean; readonly [attribute: string]: unknown }
export type PeerView = {
  readonly name: string
  readonly state: string
  readonly flaps: number
  readonly negotiated?: readonly string[]
  readonly [field: string]: unknown
}

/**
 * Our agent, 10.99.0.1 and AS 65001, between a foreign speaker, 10.99.0.2, and another agent of our AS, 10.99.0.3, on one link. Both
 * agents announce 10.244.1.0/24, the other one 10.244.3.0/24 and fd00:3::/64 too. Nothing is put into kernels.
 */
export class InteropLab {
  readonly ours: TortieNode
  readonly other: TortieNode
  readonly foreign: InteropSpeaker
  readonly #directory: string
  readonly #namespaces: readonly Namespace[]

  private constructor(directory: string, namespaces: readonly [Namespace, Namespace, Namespace], foreign: Speaker) {
    const [a, b, c] = namespaces
    this.#directory = directory
    this.#namespaces = namespaces
    const command = agentCommand()
    const node = (name: string, address: string, podCidr: string, namespace: Namespace) =>
      new TortieNode({ name, address, asNumber: 65001, podCidr, peers: [], directory: path.join(directory, name), command }, namespace)
    this.ours = node('ours', '10.99.0.1', '10.244.1.0/24', a)
    this.other = node('other', '10.99.0.3', '10.244.3.0/24', b)
    this.foreign = new foreign(c, path.join(directory, 'foreign'))
  }

  static async create(tag: string, foreign: Speaker): Promise<InteropLab> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-interop-'))
    const made: Namespace[] = []
    for (const end of ['a', 'b', 'c', 's']) made.push(await Namespace.create(`tiop${process.pid}${tag}${end}`))
    const [a, b, c, bridge] = made
    if (!a || !b || !c || !bridge) throw new Error('four namespaces were made')
    const lab = new InteropLab(directory, [a, b, c], foreign)
    await mkdir(path.join(directory, 'foreign'))
    await bridge.ip('link', 'add', 'br0', 'type', 'bridge')
    await bridge.ip('link', 'set', 'br0', 'up')
    for (const [namespace, last] of [[a, 1] as const, [c, 2] as const, [b, 3] as const]) {
      await bridge.ip('link', 'add', `v${last}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace.name)
      await bridge.ip('link', 'set', `v${last}`, 'master', 'br0', 'up')
      await namespace.ip('addr', 'add', `10.99.0.${last}/24`, 'dev', 'eth0')
      await namespace.ip('-6', 'addr', 'add', `fd99::${last}/64`, 'dev', 'eth0', 'nodad')
      await namespace.ip('link', 'set', 'eth0', 'up')
    }
    lab.#extra.push(bridge)
    return lab
  }
  readonly #extra: Namespace[] = []

  /** Configures both agents; `peer` is what is said of the foreign one beside its address. */
  async configure(session: InteropSession, peer: Record<string, unknown> = {}): Promise<void> {
    const { asNumber, password } = session
    const common = { holdTimeSec: 9, export: 'all' }
    const signed = password === '' ? {} : { password }
    const internal = asNumber === 65001 ? { routeReflectorClient: true } : {}
    const foreign = { name: 'foreign', address: '10.99.0.2', asNumber, ...signed, ...common, ...internal, ...peer }
    const client = { name: 'other', address: '10.99.0.3', asNumber: 65001, ...common, routeReflectorClient: true }
    const node = (name: string, last: number, podCidrs: readonly string[]) => ({
      name,
      ipv4: `10.99.0.${last}/24`,
      ipv6: `fd99::${last}/64`,
      podCidrs,
    })
    await this.ours.writeConfig({
      node: node('ours', 1, ['10.244.1.0/24', 'fd00:1::/64']),
      bgp: { asNumber: 65001, peers: [foreign, client] },
      felix: { enabled: false },
    })
    await this.other.writeConfig({
      node: node('other', 3, ['10.244.1.0/24', '10.244.3.0/24', 'fd00:3::/64']),
      bgp: { asNumber: 65001, peers: [{ name: 'ours', address: '10.99.0.1', asNumber: 65001, ...common }] },
      felix: { enabled: false },
    })
  }

  async peer(name = 'foreign'): Promise<PeerView> {
    return (await this.ours.request('GET', `/v1/bgp/peers/${name}`)).body as PeerView
  }

  /** What a node was told of a prefix. */
  async heard(node: TortieNode, peer: string, prefix: string): Promise<readonly Path[]> {
    const { body } = await node.request('GET', `/v1/bgp/routes?table=in&peer=${peer}&prefix=${encodeURIComponent(prefix)}`)
    return (body as { routes?: readonly { paths: readonly Path[] }[] }).routes?.[0]?.paths ?? []
  }

  async established(): Promise<PeerView> {
    return until('the session is Established', async () => {
      const peer = await this.peer()
      return peer.state === 'Established' ? peer : undefined
    }).catch((error: Error) => {
      throw new Error(`${error.message}; the foreign speaker said: ${this.foreign.log.slice(-2000)}`, { cause: error })
    })
  }

  async remove(): Promise<void> {
    await Promise.allSettled([...this.#namespaces, ...this.#extra].map((namespace) => namespace.remove()))
    await rm(this.#directory, { recursive: true, force: true })
  }
}
