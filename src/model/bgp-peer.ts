import Type, { type StaticDecode } from 'typebox'
import { familyOf, type IpAddress, parseAddress } from '../net/address.ts'
import { parseZoned, zoned } from '../net/zone.ts'
import { duration } from './duration.ts'
import type { Frozen } from './frozen.ts'
import { defineKind } from './kind.ts'
import type { Problem, Resource } from './resource.ts'
import { address, name, readAsNumber, selector } from './scalars.ts'
import { closedObject, crossChecked, text, textOrInteger } from './schema-check.ts'
import { secretRef } from './secret-ref.ts'
import { word } from './word.ts'

/** 0 stands for none, as clients of other languages write it. */
const asNumberOrNone = textOrInteger(
  (value) => (Number(value) === 0 ? 0 : readAsNumber(value)),
  'an AS number 1 to 4294967295, or "high.low" with both at most 65535',
)

const peerIp = text((value) => canonicalPeerIp(value), 'an address, IPV4:PORT or [IPV6]:PORT with a port 1 to 65535')

const shape = closedObject({
  node: Type.Optional(name),
  nodeSelector: Type.Optional(selector),
  peerIP: Type.Optional(peerIp),
  asNumber: Type.Optional(asNumberOrNone),
  localASNumber: Type.Optional(asNumberOrNone),
  peerSelector: Type.Optional(selector),
  localWorkloadSelector: Type.Optional(selector),
  reversePeering: Type.Optional(word('Auto', 'Manual')),
  nextHopMode: Type.Optional(word('Auto', 'Self', 'Keep')),
  keepOriginalNextHop: Type.Optional(Type.Boolean()),
  password: Type.Optional(secretRef),
  sourceAddress: Type.Optional(word('UseNodeIP', 'None')),
  maxRestartTime: Type.Optional(duration),
  keepaliveTime: Type.Optional(duration),
  numAllowedLocalASNumbers: Type.Optional(Type.Integer({ minimum: 0, maximum: 0x7fff_ffff })),
  ttlSecurity: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
  reachableBy: Type.Optional(address),
  filters: Type.Optional(Type.Array(name)),
})

type Shape = Frozen<StaticDecode<typeof shape>>

/** Of `peerIP`, `peerSelector` and `localWorkloadSelector` exactly one is set; an AS number is never 0. */
export type BgpPeerSpec = Shape
export type BgpPeer = Resource<'BGPPeer', BgpPeerSpec>

/** Resource reference §6.11.2. */
export const bgpPeer = defineKind({
  group: 'projectcalico.org',
  version: 'v3',
  kind: 'BGPPeer',
  plural: 'bgppeers',
  namespaced: false,
  spec: crossChecked(shape, (spec) => [
    ...whereProblems(spec),
    ...whomProblems(spec),
    ...asNumberProblems(spec),
    ...nextHopProblems(spec),
    ...reachableByProblems(spec),
  ]),
  complete: ({ metadata, spec: { asNumber, localASNumber, ...spec } }) => ({
    metadata,
    spec: { ...spec, ...(asNumber && { asNumber }), ...(localASNumber && { localASNumber }) },
  }),
})

/** "192.0.2.1", "192.0.2.1:1179", "2001:db8::1", "[2001:db8::1]:1179"; of a link-local one with its link: "fe80::1%eth0". @returns undefined if it is none of them */
export function readPeerIp(
  value: string,
): { readonly address: IpAddress; readonly interface?: string; readonly port?: number } | undefined {
  const bare = parseZoned(value)
  if (bare !== undefined) return bare
  const [, v6, v4 = '', portText] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(value) ?? []
  const end = parseZoned(v6 ?? v4)
  const port = Number(portText)
  if (end === undefined || familyOf(end.address) !== (v6 === undefined ? 4 : 6) || port < 1 || port > 65_535) return undefined
  return { ...end, port }
}

function canonicalPeerIp(value: string): string | undefined {
  const read = readPeerIp(value)
  if (read?.port === undefined) return read && zoned(read)
  return familyOf(read.address) === 6 ? `[${zoned(read)}]:${read.port}` : `${read.address}:${read.port}`
}

function whereProblems({ node, nodeSelector }: Shape): readonly Problem[] {
  return node !== undefined && nodeSelector !== undefined ? [{ path: 'nodeSelector', reason: 'excludes node' }] : []
}

function whomProblems(spec: Shape): readonly Problem[] {
  const given = (['peerIP', 'peerSelector', 'localWorkloadSelector'] as const).filter((field) => spec[field] !== undefined)
  const [first, ...others] = given
  if (first === undefined) return [{ path: '', reason: 'needs one of peerIP, peerSelector and localWorkloadSelector' }]
  const manual = spec.reversePeering === 'Manual' && first !== 'peerSelector'
  return [
    ...others.map((field) => ({ path: field, reason: `excludes ${first}` })),
    ...(manual ? [{ path: 'reversePeering', reason: 'needs peerSelector' }] : []),
  ]
}

function asNumberProblems({ asNumber = 0, peerIP, peerSelector, localWorkloadSelector }: Shape): readonly Problem[] {
  if (peerSelector !== undefined)
    return asNumber === 0
      ? []
      : [{ path: 'asNumber', reason: 'is that of the nodes which peerSelector finds: leave it out', value: asNumber }]
  const needing = peerIP === undefined ? localWorkloadSelector && 'localWorkloadSelector' : 'peerIP'
  return needing === undefined || asNumber !== 0 ? [] : [{ path: 'asNumber', reason: `is required with ${needing}` }]
}

function nextHopProblems({ nextHopMode, keepOriginalNextHop }: Shape): readonly Problem[] {
  return nextHopMode !== undefined && keepOriginalNextHop === true ? [{ path: 'nextHopMode', reason: 'excludes keepOriginalNextHop' }] : []
}

function reachableByProblems({ reachableBy, peerIP }: Shape): readonly Problem[] {
  if (reachableBy === undefined) return []
  const peer = peerIP === undefined ? undefined : readPeerIp(peerIP)
  if (peer === undefined) return [{ path: 'reachableBy', reason: 'needs peerIP' }]
  const same = familyOf(parseAddress(reachableBy) ?? peer.address) === familyOf(peer.address)
  return same ? [] : [{ path: 'reachableBy', reason: 'is not of the family of peerIP', value: reachableBy }]
}
