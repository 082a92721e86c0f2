/** BGPPeer resources as peers of this node (resource reference §6.11.2, expansion rules); pure. */
import type { AddressFamily, PeerConfig } from '../../bgp/peer.ts'
import { type BgpPeer, type BgpPeerSpec, readPeerIp } from '../model/bgp-peer.ts'
import { durationMs } from '../model/duration.ts'
import { asn } from '../net/asn.ts'
import { ownNode } from './own-node.ts'
import { isSilent, resourceRoutes } from './peer-routes.ts'
import { addressFamily, anyDistance, commonFamilies, type PeerContext, type PlannedPeer, plainPeer } from './planned-peer.ts'
import { asNumberOf, nodeAt, portOf } from './remote-node.ts'
import type { NodeResource } from './resources.ts'
import { selectedBy } from './selected-by.ts'

/** Those for all nodes first: they win over those for some. Last what other nodes' resources ask of this one in return. */
export function bgpPeers(context: PeerContext): readonly PlannedPeer[] {
  const { bgpPeers, nodes } = context.resources
  const own = ownNode(nodes, context.nodeName)
  const here = bgpPeers.filter(({ spec }) => appliesTo(spec)(context.nodeName, own))
  const forAll = here.filter(({ spec }) => isForAll(spec))
  const forSome = here.filter(({ spec }) => !isForAll(spec))
  return [...[...forAll, ...forSome].flatMap((peer) => outgoing(peer, context)), ...bgpPeers.flatMap((peer) => reverse(peer, context))]
}

function isForAll({ node, nodeSelector }: BgpPeerSpec): boolean {
  return node === undefined && nodeSelector === undefined
}

/** For which nodes it is meant, by name and resource; undefined: one without labels. */
function appliesTo({ node, nodeSelector }: BgpPeerSpec): (nodeName: string, resource: NodeResource | undefined) => boolean {
  if (node !== undefined) return (nodeName) => node === nodeName
  if (nodeSelector === undefined) return () => true
  const isSelected = selectedBy(nodeSelector)
  return (_, resource = unlabelled) => isSelected(resource)
}

const unlabelled: NodeResource = { apiVersion: '', kind: 'Node', metadata: { name: '' }, spec: {} }

function outgoing(peer: BgpPeer, context: PeerContext): readonly PlannedPeer[] {
  const { peerIP, peerSelector } = peer.spec
  if (peerIP !== undefined) return [planned(peer, peerAtAddress(peer, peerIP, context), context)]
  if (peerSelector === undefined) return []
  return otherNodes(context)
    .filter(selectedBy(peerSelector))
    .flatMap((node) => peersAtNode(peer, node, context))
}

/** The nodes that this one was found by, so that both sides know of the session. */
function reverse(peer: BgpPeer, context: PeerContext): readonly PlannedPeer[] {
  const { peerSelector, reversePeering } = peer.spec
  const own = ownNode(context.resources.nodes, context.nodeName)
  if (peerSelector === undefined || reversePeering === 'Manual' || own === undefined || !selectedBy(peerSelector)(own)) return []
  const isMeantFor = appliesTo(peer.spec)
  return otherNodes(context)
    .filter((node) => isMeantFor(node.metadata.name, node))
    .flatMap((node) => peersAtNode(peer, node, context))
    .map((peer) => ({ ...peer, implied: true }))
}

function otherNodes({ nodeName, resources }: PeerContext): readonly NodeResource[] {
  return resources.nodes.filter(({ metadata }) => metadata.name !== nodeName)
}

function peerAtAddress({ metadata, spec }: BgpPeer, peerIp: string, context: PeerContext): PeerConfig {
  const { addresses, resources } = context
  const read = readPeerIp(peerIp)
  if (read === undefined || spec.asNumber === undefined) throw new Error(`BGPPeer ${metadata.name} was taken for a checked one`)
  const asNumber = asn(spec.asNumber)
  const node = nodeAt(resources.nodes, read.address)
  const knownPort = node !== undefined && asNumberOf(node, context) === asNumber ? portOf(node, context) : 179
  const families: readonly AddressFamily[] = addresses.ipv6 === undefined ? ['ipv4-unicast'] : ['ipv4-unicast', 'ipv6-unicast']
  const end = { address: read.address, ...(read.interface !== undefined && { interface: read.interface }) }
  return plainPeer({ name: metadata.name, ...end, asNumber, port: read.port ?? knownPort, node }, families, context)
}

function peersAtNode(peer: BgpPeer, node: NodeResource, context: PeerContext): readonly PlannedPeer[] {
  return commonFamilies(node, context.addresses).map(({ family, address }) => {
    const name = `${peer.metadata.name}.${node.metadata.name}${family === 6 ? '.ipv6' : ''}`
    const party = { name, address, asNumber: asNumberOf(node, context), port: portOf(node, context), node }
    return planned(peer, plainPeer(party, [addressFamily(family)], context), context)
  })
}

function planned({ metadata, spec }: BgpPeer, config: PeerConfig, context: PeerContext): PlannedPeer {
  const { own, bgp } = context
  const circumstances = { external: config.asNumber !== (spec.localASNumber ?? own.asNumber), requirePolicy: bgp.requireEbgpPolicy }
  const blocked = blockedReason(spec, context)
  const { maxRestartTime, keepaliveTime, password, sourceAddress, ttlSecurity = 0 } = spec
  const key = password && secretOf(password, context)
  const { multihop: _, ...unlimited } = config
  return {
    subject: `bgppeer/${metadata.name}`,
    config: {
      ...unlimited,
      ...(ttlSecurity > 0 ? { ttlSecurity } : circumstances.external && { multihop: anyDistance }),
      ...(key !== undefined && { password: key }),
      ...(sourceAddress === 'None' && { sourceAddress: 'any' as const }),
      ...(maxRestartTime !== undefined && { restartTimeSec: restartTimeSec(maxRestartTime) }),
      ...(keepaliveTime !== undefined && { holdTimeSec: holdTimeSec(keepaliveTime) }),
      ...resourceRoutes(spec, own.asNumber, circumstances),
    },
    ...(blocked !== undefined && { blocked }),
    ...(isSilent(spec, circumstances) && { note: 'exchanges no routes: bgp.requireEbgpPolicy asks for spec.filters (RFC 8212)' }),
  }
}

/** What the speaker cannot do and what would be less safe, or another peering, without. */
function blockedReason({ password }: BgpPeerSpec, context: PeerContext): string | undefined {
  if (password !== undefined && secretOf(password, context) === undefined) return missingSecret(password)
  return undefined
}

/** A session that is meant to be authenticated is never opened without. */
export function missingSecret({ secretKeyRef: { name, key } }: SecretRef): string {
  return `stays down: the password is in secret ${name}, key ${key}, which is not below bgp.secretsPath of the configuration file`
}

/** TCP takes 1 to 80 octets (RFC 2385); another text is none. */
export function secretOf({ secretKeyRef: { name, key } }: SecretRef, { secrets }: PeerContext): string | undefined {
  const text = secrets.get(`${name}/${key}`)
  return text === undefined || text === '' || new TextEncoder().encode(text).length > 80 ? undefined : text
}

type SecretRef = NonNullable<BgpPeerSpec['password']>

/** RFC 4724 §3: twelve bits. */
export function restartTimeSec(duration: string): number {
  return Math.min(4_095, Math.floor((durationMs(duration) ?? 0) / 1_000))
}

/** A third of the hold time is the keepalive time (RFC 4271 §4.4); below 3 s there is none (§4.2). */
function holdTimeSec(keepaliveTime: string): number {
  return Math.min(65_535, Math.max(3, Math.round((3 * (durationMs(keepaliveTime) ?? 0)) / 1_000)))
}
