import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { execa } from 'execa'
import { nodeAddresses, nodeName, outsideAddresses, podAddresses, podCidrs, podNames, world } from '../conformance/world.ts'
import { agentCommand } from './agent-command.ts'
import { type End, hostEnd, wireEnd } from './conformance-end.ts'
import { Prober } from './conformance-prober.ts'
import { flushConntrack, stayOnOneProcessor, Wire } from './conformance-sockets.ts'
import { Namespace } from './namespace.ts'
import { TortieNode } from './tortie-node.ts'

/** TCP, UDP, SCTP, ICMP of both families, IP-in-IP, UDPLite, GRE, and a number that RFC 3692 leaves to experiments. */
const hostProtocols = [1, 4, 6, 17, 47, 58, 132, 136, 253]

export type ConformanceOptions = {
  /** The `felix` section of the configuration file: which backend. */
  readonly felix?: Readonly<Record<string, unknown>>
  /** How the agent is started, up to "agent". Default: the built one. */
  readonly command?: readonly string[]
}

/**
 * A node with the built agent, pods that are nothing but the far ends of their cables, and a machine outside: what stands between two
 * ends is the node's kernel alone. Each end has one packet socket, all of them in this process (`Prober`).
 */
export class ConformanceLab {
  readonly node: TortieNode
  readonly ends: ReadonlyMap<string, End>
  readonly prober: Prober
  readonly #namespaces: readonly Namespace[]
  readonly #directory: string

  private constructor(node: TortieNode, namespaces: readonly Namespace[], directory: string) {
    this.node = node
    this.#namespaces = namespaces
    this.#directory = directory
    const far = namespaces[1]?.name ?? ''
    const wire = (name: string) => new Wire(far, peerName(name), { own: mac(name, 'far'), peer: mac(name, 'near') })
    const ends = [
      ...podNames.map((name) => wireEnd(name, podAddresses(name), wire(name))),
      wireEnd('outside', outsideAddresses, wire('outside')),
      hostEnd('node', nodeAddresses, node.namespace.name, hostProtocols),
    ]
    this.ends = new Map(ends.map((end) => [end.name, end]))
    const near = new Wire(far, 'control0', { own: mac('control', 'near'), peer: mac('control', 'far') })
    this.prober = new Prober(ends, { near, far: new Wire(far, 'control1', { own: mac('control', 'far'), peer: mac('control', 'near') }) })
  }

  /** Starts the agent and posts the world. */
  static async create({ felix = {}, command = agentCommand() }: ConformanceOptions = {}): Promise<ConformanceLab> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'tortie-'))
    const namespaces = [await Namespace.create(`tort${process.pid}-c`), await Namespace.create(`tort${process.pid}-far`)] as const
    try {
      await connect(...namespaces)
      const options = {
        name: nodeName,
        address: nodeAddresses[4],
        asNumber: 64512,
        podCidr: '10.244.1.0/24',
        peers: [],
        directory,
        command,
      }
      const node = new TortieNode(options, namespaces[0])
      const ownNode = { name: nodeName, ipv4: `${nodeAddresses[4]}/24`, ipv6: `${nodeAddresses[6]}/64`, podCidrs }
      await node.writeConfig({ node: ownNode, bgp: { enabled: false }, felix })
      await node.start()
      await node.apply(world)
      await settleNeighbours(namespaces[0])
      stayOnOneProcessor()
      return new ConformanceLab(node, namespaces, directory)
    } catch (error) {
      await removeAll(namespaces, directory)
      throw error
    }
  }

  /** @throws when there is none of the name */
  end(name: string): End {
    const end = this.ends.get(name)
    if (end === undefined) throw new Error(`the lab has no end ${name}`)
    return end
  }

  /** What conntrack and the prober know of earlier connections is gone. */
  forgetConnections(): void {
    flushConntrack(this.node.namespace.name)
    this.prober.forget()
  }

  async remove(): Promise<void> {
    for (const end of this.ends.values()) end.close()
    this.prober.close()
    await removeAll(this.#namespaces, this.#directory)
  }
}

async function removeAll(namespaces: readonly Namespace[], directory: string): Promise<void> {
  await Promise.allSettled(namespaces.map((namespace) => namespace.remove()))
  await rm(directory, { recursive: true, force: true })
}

/** Cables from the node to every end, and one that begins and ends elsewhere, for control packets. */
async function connect(node: Namespace, far: Namespace): Promise<void> {
  const cable = (near: string, name: string) =>
    `link add ${near} address ${mac(name, 'near')} type veth peer name ${peerName(name)} address ${mac(name, 'far')} netns ${far.name}`
  await batch(node, [
    ...podNames.map((name) => cable(`tort${name}`, name)),
    cable('eth0', 'outside'),
    `addr add ${nodeAddresses[4]}/24 dev eth0`,
    `addr add ${nodeAddresses[6]}/64 dev eth0 nodad`,
    ...[...podNames.map((name) => `tort${name}`), 'eth0'].map((name) => `link set ${name} up`),
  ])
  await batch(far, [
    `link add control0 address ${mac('control', 'near')} type veth peer name control1 address ${mac('control', 'far')}`,
    ...[...podNames, 'outside'].map(peerName).map((name) => `link set ${name} up`),
    'link set control0 up',
    'link set control1 up',
  ])
  // The far ends are nobody's addresses: what arrives is only looked at. Refusals are all sent, however many.
  await node.sysctl('net.ipv4.icmp_ratemask', '0')
  await node.sysctl('net.ipv6.icmp.ratelimit', '0')
  // No type that is sent counts against what the kernel allows in all.
  await node.sysctl('net.ipv6.icmp.ratemask', '255')
}

/** The far ends answer no neighbour discovery by themselves. */
async function settleNeighbours(node: Namespace): Promise<void> {
  const neighbour = (name: string, address: string, dev: string) =>
    `neigh replace ${address} lladdr ${mac(name, 'far')} dev ${dev} nud permanent`
  await batch(node, [
    ...podNames.flatMap((name) => Object.values(podAddresses(name)).map((address) => neighbour(name, address, `tort${name}`))),
    ...Object.values(outsideAddresses).map((address) => neighbour('outside', address, 'eth0')),
  ])
}

async function batch(namespace: Namespace, lines: readonly string[]): Promise<void> {
  await execa('ip', ['-n', namespace.name, '-batch', '-'], { input: lines.join('\n') })
}

function peerName(name: string): string {
  return `far-${name}`
}

/** Locally administered. */
function mac(name: string, side: 'near' | 'far'): string {
  const number = [...podNames.map(String), 'outside', 'control'].indexOf(name)
  return `02:00:00:00:${side === 'near' ? '01' : '02'}:${number.toString(16).padStart(2, '0')}`
}
