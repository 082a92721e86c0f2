/** The RIB as it would be if speed did not matter: Maps, and every answer worked out anew from what each peer has said last. */
import type { PeerConfig } from '../peer.ts'
import { defaultMultipath, type MultipathOptions } from '../speaker-policy.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { attributesOf, localAs, octets, path, summary } from './fixture.ts'
import type { SessionTerms } from './session-terms.ts'

/** What a peer says of a prefix, before it is known who says it. */
export type Saying = {
  readonly tail: string
  readonly origin: 0 | 2
  readonly via: number
  readonly med: number | undefined
  readonly localPref: number | undefined
  readonly originatorId: number | undefined
  readonly clusterList: readonly number[] | undefined
  readonly community: number | undefined
  /** What nobody here decides on. */
  readonly carried: Carried | undefined
}

export type Carried = keyof typeof carriedAttributes

/** Passed on as they are, but for what stays inside an AS (RFC 4360 §6). */
export const carriedAttributes = {
  large: { largeCommunities: [[1, 2, 3]] },
  unknown: { unknown: [{ flags: 0xe0, type: 99, data: Uint8Array.of(1) }] },
  inside: { unknown: [{ flags: 0xc0, type: 16, data: Uint8Array.of(0x40, 2, 0, 0, 0, 0, 0, 1) }] },
} as const satisfies Record<string, Partial<PathAttributes>>

export const noExport = 0xffff_ff01
export const noAdvertise = 0xffff_ff02
export const routerId = 0x0a00_0001

export type ModelRoute = { readonly said: PathAttributes; readonly via: number; stale: boolean }

export class ModelPeer {
  config: PeerConfig
  up = false
  terms: SessionTerms
  routerId = 0
  readonly routes = new Map<string, ModelRoute>()

  constructor(config: PeerConfig, terms: SessionTerms) {
    this.config = config
    this.terms = terms
  }

  get internal(): boolean {
    return this.config.asNumber === localAs
  }

  /** The attributes as they go over the wire from this peer. */
  says(saying: Saying, prefix: string): PathAttributes {
    const { tail, origin, via, med, localPref, originatorId, clusterList, community, carried } = saying
    const first = this.internal ? '' : `${this.config.asNumber} `
    return attributesOf({
      origin,
      asPath: path(`${first}${tail}`.trim()),
      nextHop: nextHopOf(via, prefix),
      ...(med === undefined ? {} : { med }),
      ...(community === undefined ? {} : { communities: [community] }),
      ...(carried === undefined ? {} : carriedAttributes[carried]),
      ...(this.internal
        ? {
            localPref: localPref ?? 100,
            ...(originatorId === undefined ? {} : { originatorId }),
            ...(clusterList === undefined ? {} : { clusterList }),
          }
        : {}),
    })
  }
}

/** Next hop 0 is this node. */
export function nextHopOf(via: number, prefix: string): Uint8Array {
  if (prefix.includes(':')) return octets(via === 0 ? 'fd00::1' : `fd00:9::${via}`)
  return octets(via === 0 ? '10.0.0.1' : `10.9.0.${via}`)
}

type Candidate = { readonly peer: ModelPeer | undefined; readonly route: ModelRoute | undefined; readonly said: PathAttributes }
export type Best = {
  readonly peer: ModelPeer | undefined
  readonly said: PathAttributes
  readonly step: string
  /** The paths that share the traffic, the best among them. */
  readonly sharing: readonly PathAttributes[]
}

const own: PathAttributes = { origin: 0, asPath: [], nextHop: new Uint8Array(0), unknown: [] }
const hops = ({ asPath }: PathAttributes): number => asPath.reduce((count, { asNumbers }) => count + asNumbers.length, 0)
const neighbor = ({ asPath }: PathAttributes): number => asPath[0]?.asNumbers[0] ?? 0

export class Model {
  readonly peers: readonly ModelPeer[]
  readonly clusterId: number | undefined
  /** By number of the next hop. */
  readonly metrics: (number | undefined)[]
  local = new Set<string>()
  multipath: MultipathOptions = defaultMultipath

  constructor(peers: readonly ModelPeer[], clusterId: number | undefined, metrics: (number | undefined)[]) {
    this.peers = peers
    this.clusterId = clusterId
    this.metrics = metrics
  }

  get prefixes(): Set<string> {
    return new Set([...this.local, ...this.peers.flatMap(({ routes }) => [...routes.keys()])])
  }

  isAccepted(peer: ModelPeer, { said, via }: ModelRoute): boolean {
    const looped =
      said.asPath.some(({ asNumbers }) => asNumbers.includes(localAs)) ||
      said.originatorId === routerId ||
      said.clusterList?.includes(this.clusterId ?? routerId)
    return peer.config.import === 'all' && via !== 0 && !looped
  }

  best(prefix: string): Best | undefined {
    let left: Candidate[] = this.local.has(prefix) ? [{ peer: undefined, route: undefined, said: own }] : []
    for (const peer of this.peers) {
      const route = peer.routes.get(prefix)
      if (route !== undefined && this.isAccepted(peer, route) && this.metrics[route.via] !== undefined)
        left.push({ peer, route, said: route.said })
    }
    if (left.length === 0) return undefined
    let step = 'only-path'
    let equal: Candidate[] = []
    for (const [name, better] of this.#steps()) {
      if (left.length === 1) break
      if (name === 'router-id') equal = left
      const all = left
      left = all.filter((one) => !all.some((other) => better(other, one)))
      step = name
    }
    const [winner] = left
    return winner && { peer: winner.peer, said: winner.said, step, sharing: this.#sharing(winner, equal) }
  }

  /** One after the other, each the best of what is left. */
  #sharing(winner: Candidate, equal: readonly Candidate[]): readonly PathAttributes[] {
    const { ebgp, ibgp, relaxAsPath } = this.multipath
    const chosen = [winner]
    const text = ({ said }: Candidate) => JSON.stringify(said.asPath)
    let rest = equal.filter((one) => one !== winner && (relaxAsPath || text(one) === text(winner)))
    while (rest.length > 0 && chosen.length < (winner.peer?.internal ? ibgp : ebgp)) {
      let left = rest
      for (const [, better] of this.#steps().slice(7)) left = left.filter((one) => !left.some((other) => better(other, one)))
      rest = rest.filter((one) => !left.includes(one))
      chosen.push(...left)
    }
    return chosen.map(({ said }) => said)
  }

  /** RFC 4271 §9.1.2.2 and RFC 4456 §9 as pairs: whether a is better than b. */
  #steps(): [name: string, better: (a: Candidate, b: Candidate) => boolean][] {
    const less = (value: (candidate: Candidate) => number) => (a: Candidate, b: Candidate) => value(a) < value(b)
    return [
      ['local', less(({ peer }) => (peer === undefined ? 0 : 1))],
      ['local-pref', less(({ said }) => -(said.localPref ?? 100))],
      ['as-path-length', less(({ said }) => hops(said))],
      ['origin', less(({ said }) => said.origin)],
      ['med', (a, b) => neighbor(a.said) === neighbor(b.said) && (a.said.med ?? 0) < (b.said.med ?? 0)],
      ['ebgp-over-ibgp', less(({ peer }) => (peer?.internal === false ? 0 : 1))],
      ['igp-metric', less(({ route }) => this.metrics[route?.via ?? 0] ?? 0)],
      ['router-id', less(({ peer, said }) => said.originatorId ?? peer?.routerId ?? 0)],
      ['cluster-list-length', less(({ said }) => said.clusterList?.length ?? 0)],
      ['peer-address', less(({ peer }) => Number(peer?.config.address.split('.').at(-1)))],
    ]
  }

  /** What the peer is to know in the end, as texts. */
  expected(to: ModelPeer): Record<string, string> {
    const known: [string, string][] = []
    for (const prefix of this.prefixes) {
      const best = this.best(prefix)
      const family = prefix.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast'
      if (best === undefined || !to.terms.families.includes(family) || !this.#isTold(best, to)) continue
      known.push([prefix, summary(this.#sent(best, to, prefix))])
    }
    return Object.fromEntries(known)
  }

  #isTold({ peer, said }: Best, to: ModelPeer): boolean {
    const { export: scope, routeReflectorClient } = to.config
    if (peer === to || scope === 'none' || said.communities?.includes(noAdvertise)) return false
    if (said.communities?.includes(noExport) && !to.internal) return false
    if (peer === undefined) return true
    if (scope === 'local') return false
    if (!peer.internal || !to.internal) return true
    return this.clusterId !== undefined && (routeReflectorClient || peer.config.routeReflectorClient)
  }

  #sent({ peer, said }: Best, to: ModelPeer, prefix: string): PathAttributes {
    const { med, localPref = 100, originatorId, clusterList = [], ...rest } = said
    const ours = nextHopOf(0, prefix)
    if (!to.internal) {
      const asNumbers = [localAs, ...(said.asPath[0]?.asNumbers ?? [])]
      const unknown = said.unknown.filter(({ type }) => type !== 16)
      return { ...rest, asPath: [{ type: 'sequence', asNumbers }], nextHop: ours, unknown }
    }
    const told = { ...rest, localPref, ...(med === undefined ? {} : { med }), nextHop: said.nextHop.length === 0 ? ours : said.nextHop }
    if (peer?.internal !== true) return told
    return { ...told, originatorId: originatorId ?? peer.routerId, clusterList: [this.clusterId ?? routerId, ...clusterList] }
  }
}
