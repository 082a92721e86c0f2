/** All of IP-in-IP on this node as one value, made of what is known now; pure. */
import type { KernelState, Sysctl, Tunnel } from '../felix/kernel.ts'
import type { IpPool } from '../src/model/ip-pool.ts'
import type { NodeSpec } from '../src/model/node.ts'
import { type IpAddress, parseAddress } from '../src/net/address.ts'
import { type Cidr, parseCidr } from '../src/net/prefix.ts'
import { type KnownNodes, knownNodes } from './known-nodes.ts'
import { type PoolMode, PoolModes } from './pool-modes.ts'
import { natOutgoing } from './pool-nat.ts'
import { tunnelChains } from './tunnel-chains.ts'
import { tunnelAddress, tunnelMtu } from './tunnel-device.ts'

/** What FelixConfiguration says of IP-in-IP. Absent: the default. */
export type TunnelSettings = {
  /** `ipipEnabled`: false keeps the tunnel off, whatever pools say: all traffic goes directly then. */
  readonly enabled?: boolean
  /** `ipipMTU`, octets; 0: automatic. */
  readonly mtu?: number
  /** `externalNodesList`: further sources of tunnelled packets. */
  readonly externalNodes?: readonly Cidr[]
}

export type TunnelInput = {
  readonly nodeName: string
  readonly nodeAddress: IpAddress
  readonly podCidrs: readonly Cidr[]
  /** Stored pools and Node resources (this node's too), by name. */
  readonly pools: ReadonlyMap<string, IpPool>
  readonly nodes: ReadonlyMap<string, NodeSpec>
  /** Addresses of BGP peers. */
  readonly peers: readonly IpAddress[]
  readonly settings: TunnelSettings
  /** MTU of the device that has the node's address, in octets. */
  readonly underlayMtu: number | undefined
}

/** How learned routes find their way. */
export type Encapsulation = { readonly modes: PoolModes; readonly tunnelTo: ReadonlySet<IpAddress> }

export type TunnelProblem = { readonly severity: 'warning' | 'error'; readonly subject: string; readonly message: string }

export type TunnelPlan = {
  readonly kernel: Pick<KernelState, 'tunnels' | 'sysctls' | 'chains' | 'hooks' | 'ipSets'>
  readonly encapsulation: Encapsulation
  /** The tunnel's own address, for other nodes to answer to. */
  readonly originated: readonly Cidr[]
  readonly problems: readonly TunnelProblem[]
}

export const noEncapsulation: Encapsulation = { modes: new PoolModes([]), tunnelTo: new Set() }

/** Equal input gives an equal plan, in whatever order the resources came. */
export function planTunnel(input: TunnelInput): TunnelPlan {
  const { kernel, problems, ...plan } = tunnelPlan(input)
  const nat = natOutgoing([...input.pools].toSorted(byName).map(([, pool]) => pool))
  return {
    ...plan,
    kernel: {
      ...kernel,
      chains: [...kernel.chains, ...nat.chains],
      hooks: [...kernel.hooks, ...nat.hooks],
      ipSets: [...kernel.ipSets, ...nat.ipSets],
    },
    problems,
  }
}

function tunnelPlan(input: TunnelInput): TunnelPlan {
  const { settings, nodeName, podCidrs } = input
  const pools = wantingPools(input.pools)
  if (pools.length === 0) return withoutTunnel(noEncapsulation, [])
  const named = `IPPool ${pools[0]?.name}${pools.length > 1 ? ` and ${pools.length - 1} more` : ''}`
  if (settings.enabled === false) {
    const message = `ipipEnabled of FelixConfiguration is false: packets to ${named} are sent without a tunnel`
    return withoutTunnel(noEncapsulation, [{ severity: 'warning', subject: 'ipip', message }])
  }
  const modes = new PoolModes(pools)
  const own = input.nodes.get(nodeName)?.bgp
  const address = tunnelAddress(own?.ipv4IPIPTunnelAddr === undefined ? undefined : parseAddress(own.ipv4IPIPTunnelAddr), podCidrs)
  if (address === undefined) {
    const message = `${named} asks for IP-in-IP, but this node has no tunnel address: set spec.bgp.ipv4IPIPTunnelAddr of Node ${nodeName} or give the node an IPv4 pod CIDR`
    return withoutTunnel({ modes, tunnelTo: new Set() }, [{ severity: 'error', subject: 'ipip', message }])
  }
  return withTunnel(input, address, modes, pools)
}

function withTunnel(input: TunnelInput, address: IpAddress, modes: PoolModes, pools: readonly PoolMode[]): TunnelPlan {
  const { settings, underlayMtu, podCidrs } = input
  const { targets, sources } = known(input)
  const mtu = tunnelMtu({
    ...(settings.mtu !== undefined && { configured: settings.mtu }),
    ...(underlayMtu !== undefined && { underlay: underlayMtu }),
  })
  const tunnel: Tunnel = { type: 'ipip', name: 'tunl0', address, mtu }
  const ends = { nodes: sources, externalNodes: settings.externalNodes ?? [], pools: pools.map(({ cidr }) => cidr), own: podCidrs }
  return {
    kernel: { tunnels: [tunnel], sysctls: tunnelSysctls, ...tunnelChains(ends) },
    encapsulation: { modes, tunnelTo: targets },
    originated: [`${address}/32` as Cidr],
    problems: [],
  }
}

function withoutTunnel(encapsulation: Encapsulation, problems: readonly TunnelProblem[]): TunnelPlan {
  return { kernel: { tunnels: [], sysctls: [], chains: [], hooks: [], ipSets: [] }, encapsulation, originated: [], problems }
}

/** The IPv4 pools with a mode other than Never, by name; disabled ones too: no new addresses, but routing goes on (reference §6.8). */
function wantingPools(pools: ReadonlyMap<string, IpPool>): readonly (PoolMode & { readonly name: string })[] {
  const wanting = [...pools].filter(([, { spec }]) => spec.ipipMode !== 'Never')
  return wanting.toSorted(byName).flatMap(([name, { spec }]) => {
    const cidr = parseCidr(spec.cidr)
    return cidr === undefined ? [] : [{ name, cidr, ipipMode: spec.ipipMode }]
  })
}

function byName([a]: readonly [name: string, ...rest: unknown[]], [b]: readonly [name: string, ...rest: unknown[]]): number {
  return a < b ? -1 : 1
}

function known({ nodeName, nodeAddress, nodes, peers }: TunnelInput): KnownNodes {
  const others = [...nodes].flatMap(([name, spec]) => (name === nodeName ? [] : [spec]))
  return knownNodes(others, peers, new Set([nodeAddress]))
}

/**
 * Loose reverse-path check: the strict one drops what a node answers from an address that is reached outside the tunnel. What it would
 * have caught is dropped by the chains.
 */
const tunnelSysctls: readonly Sysctl[] = [
  { path: 'net/ipv4/conf/tunl0/forwarding', value: '1', link: 'tunl0' },
  { path: 'net/ipv4/conf/tunl0/rp_filter', value: '2', link: 'tunl0' },
]
