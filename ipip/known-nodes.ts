/** Who takes part in IP-in-IP: the nodes this one knows (INTERFACE §4: Node resources and static peers). */
import type { NodeSpec } from '../src/model/node.ts'
import { type IpAddress, parseAddress } from '../src/net/address.ts'
import { parseIpv4 } from '../src/net/ipv4.ts'

export type KnownNodes = {
  /** Where tunnelled packets may be sent: the nodes' BGP addresses and the peers'. */
  readonly targets: ReadonlySet<IpAddress>
  /** From where they are taken: also the nodes' other addresses, because a node with several may send from any. */
  readonly sources: ReadonlySet<IpAddress>
}

/**
 * @param nodes the other nodes' resources
 * @param peers addresses of BGP peers, of either family
 * @param own addresses of this node, which is no other node of its own
 */
export function knownNodes(nodes: readonly NodeSpec[], peers: readonly IpAddress[], own: ReadonlySet<IpAddress>): KnownNodes {
  const targets = ipv4([...peers, ...nodes.map(({ bgp }) => bgp?.ipv4Address ?? '')], own)
  const others = ipv4(
    nodes.flatMap(({ addresses = [] }) => addresses.map(({ address }) => address)),
    own,
  )
  return { targets, sources: new Set([...targets, ...others].toSorted()) }
}

/** @param texts addresses, with or without a prefix length */
function ipv4(texts: readonly string[], own: ReadonlySet<IpAddress>): ReadonlySet<IpAddress> {
  const addresses = texts.map((text) => text.split('/')[0] ?? '').filter((text) => parseIpv4(text) !== undefined)
  const others = addresses.flatMap((text) => parseAddress(text) ?? []).filter((address) => !own.has(address))
  return new Set(others.toSorted())
}
