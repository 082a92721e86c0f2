/** Who may put packets into the tunnel and take them out: IP protocol 4 only between known nodes, and no forged sender inside. */
import type { Chain, Hook, KernelState, Match, Rule } from '../felix/kernel.ts'
import type { IpAddress } from '../src/net/address.ts'
import type { Cidr } from '../src/net/prefix.ts'
import { hashNet } from './hash-net.ts'

/** Our prefixes as in policy/names.ts, so that felix knows chains and sets as ours. */
const chainNames = { input: 'tort-ipip-in', output: 'tort-ipip-out', inner: 'tort-ipip-inner' } as const
const setNames = { nodes: 'tort4i:nodes', inner: 'tort4i:inner', own: 'tort4i:own' } as const

export type TunnelEnds = {
  /** Outer addresses of known nodes. */
  readonly nodes: ReadonlySet<IpAddress>
  /** Further outer sources (FelixConfiguration's `externalNodesList`). */
  readonly externalNodes: readonly Cidr[]
  /** The pools whose packets travel in tunnels. */
  readonly pools: readonly Cidr[]
  /** This node's pod CIDRs: what comes from another node never has a source in them. */
  readonly own: readonly Cidr[]
}

export function tunnelChains({ nodes, externalNodes, pools, own }: TunnelEnds): Pick<KernelState, 'chains' | 'hooks' | 'ipSets'> {
  return {
    chains: [
      chain('filter', chainNames.input, inputRules),
      chain('filter', chainNames.output, outputRules),
      chain('raw', chainNames.inner, innerRules),
    ],
    hooks: [
      hook('raw', 'PREROUTING', [{ type: 'in-interface', name: 'tunl0' }], chainNames.inner),
      hook('filter', 'INPUT', [ipip], chainNames.input),
      hook('filter', 'OUTPUT', [ipip], chainNames.output),
    ],
    ipSets: [
      hashNet(setNames.nodes, 4, [...nodes, ...externalNodes]),
      hashNet(setNames.inner, 4, [...pools, ...nodes]),
      hashNet(
        setNames.own,
        4,
        own.filter((cidr) => !cidr.includes(':')),
      ),
    ],
  }
}

const ipip: Match = { type: 'protocol', protocol: 4 }
const toUs: Match = { type: 'address-type', side: 'destination', addressType: 'LOCAL' }
const fromUs: Match = { type: 'address-type', side: 'source', addressType: 'LOCAL' }

const inputRules: readonly Rule[] = [
  { match: [ipip, { type: 'source-set', set: setNames.nodes }, toUs], action: { type: 'accept' }, comment: 'IP-in-IP from a known node' },
  { match: [ipip], action: { type: 'drop' }, comment: 'IP-in-IP from nobody known' },
]

const outputRules: readonly Rule[] = [
  {
    match: [ipip, { type: 'destination-set', set: setNames.nodes }, fromUs],
    action: { type: 'accept' },
    comment: 'IP-in-IP to a known node',
  },
]

/**
 * The reverse path alone would be too strict: a node answers a workload from an address that is reached outside the tunnel, and a node
 * with more subnets than this one may tunnel where we send directly. What is neither of a pool nor of a node has no such excuse.
 */
const innerRules: readonly Rule[] = [
  { match: [{ type: 'source-set', set: setNames.own }], action: { type: 'drop' }, comment: 'Our own workloads are not behind the tunnel' },
  { match: [{ type: 'source-set', set: setNames.inner }], action: { type: 'return' } },
  { match: [{ type: 'reverse-path', fails: true }], action: { type: 'drop' }, comment: 'Spoofed source in the tunnel' },
]

function chain(table: 'filter' | 'raw', name: string, rules: readonly Rule[]): Chain {
  return { family: 4, table, name, rules }
}

/** Behind policy's own hooks, which let no workload's packet come this far. */
function hook(table: 'filter' | 'raw', kernelChain: string, match: readonly Match[], target: string): Hook {
  return { family: 4, table, kernelChain, at: 'insert', rule: { match, action: { type: 'jump', chain: target } } }
}
