/** All of IP-in-IP on this node as one value, made of what is known now; pure. */
import type { KernelState, Sysctl } from '../felix/kernel.ts'
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
  readonly kernel: Pick<KernelState, 'tunnels' | 'tunnelGuard' | 'sysctls' | 'chains' | 'hooks' | 'ipSets'>
  readonly encapsulation: Encapsulation
  /** The tunnel's own address, for other nodes to answer to. */
  readonly originated: readonly Cidr[]
  readonly problems: readonly TunnelProblem[]
}

export const noEncapsulation: Encapsulation = { modes: new PoolModes([]), tunnelTo: new Set() }

/** Equal input gives an equal plan, in whatever order the resources came. */
export function planTunnel(input: TunnelInput): TunnelPlan {
  const pools = wantingPools(input.pools)
  const nodes = known(input)
  const { tunnels, ...plan } = tunnelPlan(input, pools, nodes)
  const ends = {
    nodes: nodes.sources,
    externalNodes: input.settings.externalNodes ?? [],
    pools: pools.map(({ cidr }) => cidr),
    own: input.podCidrs,
  }
  const nat = natOutgoing([...input.pools].toSorted(byName).map(([, pool]) => pool))
  const sysctls = tunnels.length > 0 ? tunnelSysctls : []
  return { ...plan, kernel: { tunnels, sysctls, tunnelGuard: tunnelChains(ends), ...nat } }
}

type DevicePlan = Pick<KernelState, 'tunnels'> & Omit<TunnelPlan, 'kernel'>
type WantingPool = PoolMode & { readonly name: string }

function tunnelPlan(input: TunnelInput, pools: readonly WantingPool[], { targets }: KnownNodes): DevicePlan {
  const { settings, nodeName, podCidrs } = input
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
  return {
    tunnels: [{ type: 'ipip', name: 'tunl0', address, mtu: mtuOf(input) }],
    encapsulation: { modes, tunnelTo: targets },
    originated: [`${address}/32` as Cidr],
    problems: [],
  }
}

function mtuOf({ settings, underlayMtu }: TunnelInput): number {
  return tunnelMtu({
    ...(settings.mtu !== undefined && { configured: settings.mtu }),
    ...(underlayMtu !== undefined && { underlay: underlayMtu }),
  })
}

function withoutTunnel(encapsulation: Encapsulation, problems: readonly TunnelProblem[]): DevicePlan {
  return { tunnels: [], encapsulation, originated: [], problems }
}

/** The IPv4 pools with a mode other than Never, by name; disabled ones too: no new addresses, but routing goes on (reference §6.8). */
function wantingPools(pools: ReadonlyMap<string, IpPool>): readonly WantingPool[] {
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
