/** The full mesh of the nodes of a cluster (resource reference §6.11.2, expansion rules); pure. */
import { applicableBgp } from './applicable.ts'
import { missingSecret, restartTimeSec, secretOf } from './bgp-peers.ts'
import { addressFamily, commonFamilies, type PeerContext, type PlannedPeer, plainPeer } from './planned-peer.ts'
import { asNumberOf, portOf } from './remote-node.ts'
import type { NodeResource } from './resources.ts'

/** A session with every other node per family in which both have an address; a route reflector takes no part. */
export function meshPeers(context: PeerContext): readonly PlannedPeer[] {
  const { nodeName, own, resources, bgpConfigurations } = context
  const specs = applicableBgp(bgpConfigurations, nodeName)
  const enabled = specs.find((spec) => spec.nodeToNodeMeshEnabled !== undefined)?.nodeToNodeMeshEnabled ?? true
  if (!enabled || own.clusterId !== undefined) return []
  return resources.nodes
    .filter(({ metadata, spec }) => metadata.name !== nodeName && spec.bgp?.routeReflectorClusterID === undefined)
    .flatMap((node) => meshPeer(node, context))
}

function meshPeer(node: NodeResource, context: PeerContext): readonly PlannedPeer[] {
  const all = context.bgpConfigurations.find(({ metadata }) => metadata.name === 'default')?.spec
  const { nodeMeshMaxRestartTime, nodeMeshPassword } = all ?? {}
  return commonFamilies(node, context.addresses).map(({ family, address }) => {
    const name = `${family === 4 ? 'mesh' : 'mesh6'}.${node.metadata.name}`
    const party = { name, address, asNumber: asNumberOf(node, context), port: portOf(node, context), node }
    const peer = plainPeer(party, [addressFamily(family)], context)
    const key = nodeMeshPassword && secretOf(nodeMeshPassword, context)
    return {
      config: {
        ...peer,
        ...(key !== undefined && { password: key }),
        ...(nodeMeshMaxRestartTime !== undefined && { restartTimeSec: restartTimeSec(nodeMeshMaxRestartTime) }),
      },
      subject: `bgp/peer/${name}`,
      implied: true,
      ...(nodeMeshPassword !== undefined && key === undefined && { blocked: missingSecret(nodeMeshPassword) }),
    }
  })
}
