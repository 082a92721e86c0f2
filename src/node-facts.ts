/** Who this node is: what is configured, else what its Node resource says, else what the machine shows. */
import type { Config } from './config.ts'
import type { Datastore } from './datastore/datastore.ts'
import type { StatusProblem } from './http/agent-face.ts'
import type { IpAddress } from './net/address.ts'
import type { ConnectedSubnet } from './net/connected-subnet.ts'
import { nodeAddress } from './node-address.ts'
import { applicableFelix } from './settings/applicable.ts'
import { effectiveFelix } from './settings/effective-felix.ts'
import type { NodeAddresses } from './settings/node-addresses.ts'
import { ownNode, statedAddresses } from './settings/own-node.ts'
import { settingsResources } from './settings/resources.ts'

export type NodeFacts = {
  readonly name: string
  readonly addresses: NodeAddresses
  /** Whether the kernel speaks IPv6. */
  readonly hasIpv6: boolean
  /** Whether verdicts of new connections are logged: the kernel can, and it is asked for. */
  readonly logsFlows: boolean
  /** How they were found out, for /v1/status. */
  readonly notes: readonly StatusProblem[]
}

/** @property copiesPackets whether the kernel has nfnetlink_log */
export type Machine = {
  readonly hostName: string
  readonly connected: readonly ConnectedSubnet[]
  readonly hasIpv6: boolean
  readonly copiesPackets: boolean
}

/** @returns undefined where no interface has an IPv4 address that can be the underlay */
export function nodeFacts(
  config: Config,
  store: Pick<Datastore, 'list'>,
  { hostName, connected, hasIpv6, copiesPackets }: Machine,
): NodeFacts | undefined {
  const name = config.node.name ?? hostName
  const { nodes, felixConfigurations } = settingsResources(store)
  const node = ownNode(nodes, name)
  const { interfacePrefix } = effectiveFelix(config, applicableFelix(felixConfigurations, name, node).specs)
  const { ipv4, ipv6 } = statedAddresses(config.node, node)
  const found = nodeAddress(ipv4, connected, interfacePrefix)
  if (found === undefined) return undefined
  const { address, reason } = found
  const note: StatusProblem = { severity: 'warning', subject: 'node/ipv4', message: `${address.address}: ${reason}` }
  const wantsFlows = config.felix.enabled && config.felix.flowLog.enabled
  const notes = [
    ...(ipv4 === undefined ? [note] : []),
    ...(ipv6 === undefined || hasIpv6 ? [] : [noIpv6(ipv6.address)]),
    ...(wantsFlows && !copiesPackets ? [noFlows] : []),
  ]
  const addresses = { ipv4: address, ...(ipv6 !== undefined && { ipv6 }) }
  return { name, addresses, hasIpv6, logsFlows: wantsFlows && copiesPackets, notes }
}

const noFlows: StatusProblem = { severity: 'warning', subject: 'flows', message: 'flows are not logged: the kernel has no nfnetlink_log' }

function noIpv6(address: IpAddress): StatusProblem {
  return { severity: 'warning', subject: 'node/ipv6', message: `${address} cannot be used: the kernel has no IPv6 (ipv6.disable=1?)` }
}
