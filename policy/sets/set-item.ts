import type { HostEndpointSpec } from '../../src/model/host-endpoint.ts'
import type { NetworkSetSpec } from '../../src/model/network-set.ts'
import type { NodeSpec } from '../../src/model/node.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { WorkloadEndpointSpec } from '../../src/model/workload-endpoint.ts'
import { type Family, familyOf } from '../../src/net/address.ts'
import { bareAddress, parseCidr, parseInterfaceAddress } from '../../src/net/prefix.ts'

/** What an endpoint or network set puts into the IP sets it belongs to. @property nets whether it needs a `hash:net` */
export type SetItem = {
  readonly nets: boolean
  readonly members: readonly SetMember[]
  /** By name, "tcp:80": of each address. The pairs are made where a rule asks for the name. */
  readonly ports: ReadonlyMap<string, readonly string[]>
}

/** @property text an address, a CIDR of more than one, or address and port as `hash:ip,port` has them ("10.0.0.1,tcp:80") */
export type SetMember = { readonly family: Family; readonly text: string }

const noPorts: SetItem['ports'] = new Map()

/** undefined: the resource is neither an endpoint nor a (Global)NetworkSet nor a Node. */
export function setItemOf(resource: Resource): SetItem | undefined {
  switch (resource.kind) {
    case 'WorkloadEndpoint':
      return workloadItem(resource.spec as WorkloadEndpointSpec)
    case 'HostEndpoint':
      return hostItem(resource.spec as HostEndpointSpec)
    case 'Node':
      return nodeItem(resource.spec as NodeSpec)
    case 'NetworkSet':
    case 'GlobalNetworkSet':
      return netSetItem(resource.spec as NetworkSetSpec)
    default:
      return undefined
  }
}

function workloadItem({ ipNetworks = [], ports = [] }: WorkloadEndpointSpec): SetItem {
  return endpointItem(ipNetworks, ports)
}

/** Of a host only the addresses that its endpoint states (§6.5). */
function hostItem({ expectedIPs = [], ports = [] }: HostEndpointSpec): SetItem {
  return endpointItem(expectedIPs, ports)
}

/** Its own addresses, without those of its tunnels. */
function nodeItem({ bgp = {}, addresses = [], interfaces = [] }: NodeSpec): SetItem {
  const own = [bgp.ipv4Address, bgp.ipv6Address, ...addresses.map(({ address }) => address), ...interfaces.flatMap((one) => one.addresses)]
  return endpointItem(
    own.flatMap((text) => (text === undefined ? [] : (parseInterfaceAddress(text)?.address ?? []))),
    [],
  )
}

type NamedPort = { readonly name: string; readonly protocol: string; readonly port: number }

/** Nobody has it, and a set of addresses cannot hold it: it would break the sets of all who match the same selectors. */
const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

function endpointItem(nets: readonly string[], ports: readonly NamedPort[]): SetItem {
  const members = distinct(nets.flatMap((net) => parseCidr(net) ?? [])).filter(({ text }) => !unspecified.has(text))
  if (ports.length === 0) return { nets: false, members, ports: noPorts }
  const byName = Map.groupBy(ports, ({ name }) => name)
  const portTexts = [...byName].map(([name, entries]): [string, readonly string[]] => {
    return [name, [...new Set(entries.map(({ protocol, port }) => `${protocol.toLowerCase()}:${port}`))]]
  })
  return { nets: false, members, ports: new Map(portTexts) }
}

/** What the ports of a name are in a `hash:ip,port`: each with each address. */
export function portMembers({ members, ports }: SetItem, name: string): readonly SetMember[] {
  return (ports.get(name) ?? []).flatMap((port) => members.map(({ family, text }) => ({ family, text: `${text},${port}` })))
}

function netSetItem({ nets = [] }: NetworkSetSpec): SetItem {
  const members = distinct(nets.flatMap((net) => parseCidr(net) ?? []))
  return { nets: true, members, ports: noPorts }
}

function distinct(texts: readonly string[]): readonly SetMember[] {
  return [...new Set(texts.map(bareAddress))].map((text) => ({ family: familyOf(text), text }))
}

/** Whether both put the same into every set. */
export function sameItem(a: SetItem, b: SetItem): boolean {
  return a.nets === b.nets && sameTexts(a.members, b.members) && a.ports.size === b.ports.size && [...a.ports].every(samePort)
  function samePort([name, texts]: readonly [string, readonly string[]]): boolean {
    const others = b.ports.get(name) ?? []
    return texts.length === others.length && texts.every((text, i) => text === others[i])
  }
}

function sameTexts(a: readonly SetMember[], b: readonly SetMember[]): boolean {
  return a.length === b.length && a.every(({ text }, i) => text === b[i]?.text)
}
