/** What options must not be to each other. Looks at the configuration as it was written, so that no other mistake hides these. */

import { formatPath, type PathSegment, valueAt } from '../model/path.ts'
import type { Problem } from '../model/resource.ts'
import { parseZoned, zoned } from '../net/zone.ts'
import { isLoopback, readListen } from './listen-address.ts'

/** @param config with its defaults, not checked: anything */
export function optionProblems(config: unknown): readonly Problem[] {
  const peers = listAt(config, 'peers')
  const ranges = listAt(config, 'listenRanges')
  return [
    ...peers.flatMap((_, i) => [
      ...exclusionProblems('peers', peers, i),
      ...needProblems('peers', peers, i),
      ...twinProblems(peers, i),
      ...sourceProblems(peers, i),
    ]),
    ...ranges.flatMap((_, i) => [
      ...exclusionProblems('listenRanges', ranges, i),
      ...needProblems('listenRanges', ranges, i),
      ...rangeTwinProblems(ranges, i, peers),
    ]),
    ...collectorProblems(config),
    ...listenProblems(config),
  ]
}

function listAt(config: unknown, list: 'peers' | 'listenRanges'): readonly unknown[] {
  const value = valueAt(config, ['bgp', list])
  return Array.isArray(value) ? value : []
}

function exclusionProblems(list: 'peers' | 'listenRanges', peers: readonly unknown[], index: number): readonly Problem[] {
  const excluding = [
    ['multihop', 'ttlSecurity'],
    ['passwordFile', 'password'],
  ] as const
  return excluding
    .filter((fields) => fields.every((field) => valueAt(peers, [index, field]) !== undefined))
    .map(([field, other]) => ({ path: formatPath(['bgp', list, index, field]), reason: `excludes ${other}` }))
}

function collectorProblems(config: unknown): readonly Problem[] {
  const collectors = valueAt(config, ['bgp', 'monitors'])
  if (!Array.isArray(collectors)) return []
  const names = collectors.map((_, i) => valueAt(collectors, [i, 'name']))
  return names.flatMap((name, i) => {
    const first = names.indexOf(name)
    if (name === undefined || first === i) return []
    return [{ path: `bgp.monitors[${i}].name`, reason: `bgp.monitors[${first}] has this name already`, value: name }]
  })
}

/** What says something only together with another option. */
function needProblems(list: 'peers' | 'listenRanges', peers: readonly unknown[], index: number): readonly Problem[] {
  const needing = [
    ['replaceAs', 'localAs'],
    ['requireRole', 'role'],
  ] as const
  const ofLimit = [
    ['maxPrefixesWarnPercent', 'maxPrefixes'],
    ['maxPrefixesRestartSec', 'maxPrefixes'],
  ] as const
  const at = (field: string) => valueAt(peers, [index, field])
  const missing = [
    ...needing.filter(([field, other]) => at(field) === true && at(other) === undefined),
    ...ofLimit.filter(([field, other]) => at(field) !== undefined && (at(other) === undefined || at(other) === 0)),
  ]
  return missing.map(([field, other]) => ({ path: formatPath(['bgp', list, index, field]), reason: `needs ${other}` }))
}

/** A peer has its own name, and is the only one at its address: by that a connection from it is known, whatever its port. */
function twinProblems(peers: readonly unknown[], index: number): readonly Problem[] {
  const name = valueAt(peers, [index, 'name'])
  const address = addressOf(peers, index)
  const sameName = peers.findIndex((_, i) => name !== undefined && valueAt(peers, [i, 'name']) === name)
  const sameAddress = peers.findIndex((_, i) => address !== undefined && addressOf(peers, i) === address)
  return [
    ...(sameName < 0 || sameName === index ? [] : [peerProblem(index, 'name', `bgp.peers[${sameName}] has this name already`)]),
    ...(sameAddress < 0 || sameAddress === index
      ? []
      : [peerProblem(index, 'address', `bgp.peers[${sameAddress}] has this address already`)]),
  ]
}

/** A socket has two ends of one family. */
function sourceProblems(peers: readonly unknown[], index: number): readonly Problem[] {
  const source = valueAt(peers, [index, 'sourceAddress'])
  const address = addressOf(peers, index)
  if (typeof source !== 'string' || source === 'any' || address === undefined) return []
  if (source.includes(':') === address.includes(':')) return []
  return [peerProblem(index, 'sourceAddress', 'must be of the same family as address')]
}

/** A range has a name like a peer, and a prefix that no other range has. */
function rangeTwinProblems(ranges: readonly unknown[], index: number, peers: readonly unknown[]): readonly Problem[] {
  const problem = (field: string, reason: string) => ({ path: formatPath(['bgp', 'listenRanges', index, field]), reason })
  const same = (list: readonly unknown[], field: string) =>
    list.findIndex((_, i) => valueAt(ranges, [index, field]) !== undefined && valueAt(list, [i, field]) === valueAt(ranges, [index, field]))
  const [name, prefix, peer] = [same(ranges, 'name'), same(ranges, 'prefix'), same(peers, 'name')]
  return [
    ...(name < 0 || name === index ? [] : [problem('name', `bgp.listenRanges[${name}] has this name already`)]),
    ...(peer < 0 ? [] : [problem('name', `bgp.peers[${peer}] has this name already`)]),
    ...(prefix < 0 || prefix === index ? [] : [problem('prefix', `bgp.listenRanges[${prefix}] has this prefix already`)]),
  ]
}

function addressOf(peers: readonly unknown[], index: number): string | undefined {
  const address = valueAt(peers, [index, 'address'])
  const end = typeof address === 'string' ? parseZoned(address) : undefined
  return end === undefined ? undefined : zoned(end)
}

function peerProblem(index: number, field: string, reason: string): Problem {
  return { path: formatPath(['bgp', 'peers', index, field]), reason }
}

/** Off loopback whoever reaches the port could rewrite the policy of the node: it needs encryption and a proof of who asks. */
function listenProblems(config: unknown): readonly Problem[] {
  const value = valueAt(config, ['api', 'listen'])
  const listen = typeof value === 'string' ? readListen(value) : undefined
  if (listen === undefined || isLoopback(listen.address)) return []
  const isSet = (...path: readonly PathSegment[]) => valueAt(config, ['api', ...path]) !== undefined
  const missing = [
    ...(isSet('tls') ? [] : ['tls']),
    ...(isSet('tokenFile') || isSet('tls', 'clientCaFile') ? [] : ['tokenFile or tls.clientCaFile']),
  ]
  if (missing.length === 0) return []
  return [{ path: 'api.listen', reason: `${listen.address} is not a loopback address: that needs ${missing.join(' and ')}`, value }]
}
