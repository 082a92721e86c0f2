/** A RIB with a history beside one that is told only how it ended. */
import assert from 'node:assert/strict'
import { parseCidr } from '../../src/net/prefix.ts'
import type { DrainState, PeerConfig, RouteQuery, SpeakerPolicy } from '../peer.ts'
import { BgpError } from '../wire/bgp-error.ts'
import type { AddressFamily } from '../wire/message.ts'
import { announcement, families, localAs, Reader, RibLab, ribOptions, type Sent, summary, withdrawal } from './fixture.ts'
import type { SessionTerms } from './session-terms.ts'

const noLlgr = 0xffff_0007

/** What a peer has said last under a path identifier of a prefix, "7>10.1.0.0/24", or of a prefix. */
type Said = { readonly sent: Sent; stale: boolean; longLived: boolean }

/** A configured peer as it is now. */
export class EndState {
  config: PeerConfig
  terms: SessionTerms
  up = false
  readonly said = new Map<string, Said>()

  constructor(config: PeerConfig, terms: SessionTerms) {
    this.config = config
    this.terms = terms
  }

  get internal(): boolean {
    return this.config.asNumber === (this.config.localAs ?? localAs)
  }

  of(family: AddressFamily): [string, Said][] {
    return [...this.said].filter(([key]) => familyOf(key) === family)
  }

  forget(family: AddressFamily, which: (said: Said) => boolean = () => true): void {
    for (const [key, said] of this.of(family)) if (which(said)) this.said.delete(key)
  }
}

export type World = { metrics: readonly (number | undefined)[]; links: readonly string[]; connected: boolean }

/** The addresses that end in 1 to 4 are the next hops there are. */
function viaOf(nextHop: string): number {
  return Number(/[.:](\d+)$/.exec(nextHop)?.[1] ?? 0)
}

/** Which identifiers paths are told under is a matter of history (RFC 7911 §3). */
const withoutIds = (value: unknown): string => JSON.stringify(value, (key, part: unknown) => (key === 'pathId' ? undefined : part))

const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.map(withoutIds).toSorted() : value)

export const familyOf = (key: string): AddressFamily => (key.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast')

/** A RIB with its peers by number, and what is said to it. */
export class Speaker extends RibLab {
  readonly peers: EndState[] = []
  readonly ids: number[] = []
  readonly readers: (Reader | undefined)[] = []
  world: World
  policy: SpeakerPolicy = {}
  local: readonly string[] = []
  drained: DrainState = 'none'

  constructor(world: World) {
    const isBehind = (nextHop: string) => nextHop.includes('10.7.')
    super(
      { ...ribOptions, backlogLimit: 200, clusterId: 5 },
      {
        nextHopMetric: (nextHop) => (isBehind(nextHop) ? undefined : this.world.metrics[viaOf(nextHop)]),
        isConnected: (nextHop) => !isBehind(nextHop) && (viaOf(nextHop) !== 3 || this.world.connected),
        interfaceOf: (nextHop) => this.world.links[viaOf(nextHop)],
      },
    )
    this.world = world
  }

  id(n: number): number {
    return this.ids[n] as number
  }

  stateOf(n: number): EndState {
    return this.peers[n] as EndState
  }

  add(n: number, config: PeerConfig, terms: SessionTerms): void {
    this.ids[n] = this.rib.addPeer(config)
    this.peers[n] = new EndState(config, terms)
  }

  remove(n: number): void {
    this.rib.removePeer(this.id(n))
    this.readers[n] = undefined
  }

  up(n: number): void {
    const peer = this.stateOf(n)
    if (peer.up) return
    peer.up = true
    this.rib.sessionUp(this.id(n), peer.terms)
    this.readers[n] = new Reader(this.rib, this.id(n), peer.terms, peer.internal, peer.config.localAs)
  }

  down(n: number, keep: readonly AddressFamily[]): void {
    const peer = this.stateOf(n)
    if (!peer.up) return
    peer.up = false
    this.readers[n] = undefined
    for (const family of families) {
      if (keep.includes(family)) for (const [, said] of peer.of(family)) said.stale = true
      else peer.forget(family)
    }
    this.rib.sessionDown(this.id(n), keep)
  }

  /** Keys of one family. */
  announce(n: number, keys: readonly string[], sent: Sent): void {
    const peer = this.stateOf(n)
    const [first] = keys
    if (!peer.up || first === undefined) return
    const { fourOctetAs } = peer.terms
    if (peer.terms.families.includes(familyOf(first))) for (const key of keys) peer.said.set(key, { sent, stale: false, longLived: false })
    this.#receive(n, announcement(keys, { ...sent, fourOctetAs, internal: peer.internal }))
  }

  withdraw(n: number, keys: readonly string[]): void {
    if (!this.stateOf(n).up || keys.length === 0) return
    for (const key of keys) this.stateOf(n).said.delete(key)
    this.#receive(n, withdrawal(keys))
  }

  /** As after a refresh that was asked for. */
  sayAgain(n: number): void {
    for (const [key, { sent }] of this.stateOf(n).said) this.announce(n, [key], sent)
  }

  mark(n: number, family: AddressFamily): void {
    for (const [, said] of this.stateOf(n).of(family)) said.stale = true
    this.rib.markStale(this.id(n), family)
  }

  sweep(n: number, family: AddressFamily): void {
    this.stateOf(n).forget(family, ({ stale }) => stale)
    this.rib.sweepStale(this.id(n), family)
  }

  makeLongLived(n: number, family: AddressFamily): void {
    this.stateOf(n).forget(family, ({ stale, sent }) => stale && sent.communities?.includes(noLlgr) === true)
    for (const [, said] of this.stateOf(n).of(family)) if (said.stale) said.longLived = true
    this.rib.makeLongLived(this.id(n), family)
  }

  configure(n: number, config: PeerConfig): void {
    this.stateOf(n).config = config
    this.rib.configure(this.id(n), config)
    this.rib.reconsider(this.id(n))
  }

  setPolicy(policy: SpeakerPolicy): void {
    this.policy = policy
    this.rib.setPolicy(policy)
  }

  setLocal(prefixes: readonly string[]): void {
    this.local = prefixes
    this.rib.originate(prefixes.flatMap((text) => parseCidr(text) ?? []))
  }

  drain(state: DrainState): void {
    this.drained = state
    this.rib.drain(state)
  }

  setWorld(world: World): void {
    this.world = world
    this.rib.nextHopsChanged()
  }

  finish(): void {
    for (const family of families) this.rib.releaseDecisions(family)
    this.settle()
    for (const reader of this.readers) reader?.readAll(1000)
    this.settle()
    for (const reader of this.readers) reader?.readAll(1000)
  }

  /** One that hears only of how things are. */
  fresh(): Speaker {
    const other = new Speaker(this.world)
    other.setPolicy(this.policy)
    other.setLocal(this.local)
    other.drain(this.drained)
    for (const [n, peer] of this.peers.entries()) {
      other.add(n, { ...peer.config, maxPrefixes: 0 }, peer.terms)
      other.up(n)
      const kept = [...peer.said]
      const say = (which: (said: Said) => boolean) => {
        for (const [key, said] of kept) if (which(said)) other.announce(n, [key], said.sent)
      }
      say(({ longLived }) => longLived)
      if (kept.some(([, { longLived }]) => longLived)) {
        other.down(n, families)
        for (const family of families) other.makeLongLived(n, family)
        other.settle()
        other.up(n)
      }
      say(({ longLived, stale }) => !longLived && stale)
      for (const family of families) other.mark(n, family)
      say(({ stale }) => !stale)
      if (!peer.up) other.down(n, families)
      other.configure(n, peer.config)
    }
    return other
  }

  /** All that can be seen of it. */
  seen(prefixes: readonly string[]): object {
    const best = this.rib.query({ table: 'best', limit: 1000 }).routes.map(({ prefix, paths, decidedBy }) => ({
      prefix,
      paths: paths.map((one) => withoutIds(one)),
      decidedBy,
    }))
    const peers = this.peers.map(({ config, up }, n) => {
      const told = [...(this.readers[n]?.routes ?? [])].map(([key, attributes]) => `${key.replace(/^\d+>/, '')}: ${summary(attributes)}`)
      return {
        name: config.name,
        up,
        told: told.toSorted(),
        counts: families.map((family) => ({ ...this.rib.counts(this.id(n), family), best: this.rib.bestFrom(this.id(n), family) })),
        in: this.#texts({ table: 'in', peer: config.name, limit: 1000 }),
        out: this.#texts({ table: 'out', peer: config.name, limit: 1000 }),
        why: prefixes.map((text) => withoutIds(this.#explained(text, config.name))),
        ends: (this.readers[n]?.events ?? []).filter((event) => event.startsWith('end')).toSorted(),
      }
    })
    return { best, kernel: [...this.best].toSorted(([a], [b]) => (a < b ? -1 : 1)), peers }
  }

  /** Everything goes. @returns sets of attributes left */
  emptied(): number {
    this.setLocal([])
    for (const n of this.peers.keys()) this.remove(n)
    this.settle()
    assert.deepEqual([...this.best], [])
    return this.rib.attributeSets
  }

  #texts(query: RouteQuery): string[] {
    const { routes } = this.rib.query(query)
    return routes.flatMap(({ prefix, paths }) => paths.map((one) => `${prefix} ${withoutIds(one)}`)).toSorted()
  }

  #explained(text: string, peer: string): unknown {
    const cidr = parseCidr(text)
    if (cidr === undefined) return undefined
    const { peers, ...rest } = this.rib.explain(cidr, peer)
    return { ...rest, peers: peers.map((verdict) => Object.values(verdict).map((part) => sorted(part))) }
  }

  #receive(n: number, body: Uint8Array): void {
    const fault = this.rib.receive(this.id(n), body, 0, body.length)
    if (!(fault instanceof BgpError)) return
    if (fault.code !== 6) throw fault
    this.down(n, [])
  }
}
