import type { IpAddress } from '../../src/net/address.ts'
import type { Asn } from '../../src/net/asn.ts'
import { type Cidr, parseCidr } from '../../src/net/prefix.ts'
import { zoned } from '../../src/net/zone.ts'
import { cease } from '../fsm/cease.ts'
import { changeBetween } from '../knobs.ts'
import type { PeerConfig, PeerRange } from '../peer.ts'
import type { PeerId } from '../rib/session-terms.ts'
import type { BgpError } from '../wire/bgp-error.ts'
import { encodeShutdownCommunication } from '../wire/notification.ts'
import type { ListenKeys } from './listener.ts'
import type { Log } from './log.ts'
import { PeerRanges, peerFrom } from './peer-ranges.ts'
import type { PeerSession } from './peer-session.ts'
import type { RestartGate } from './restart-gate.ts'
import type { Endpoint } from './sockets.ts'

export type PeersDependencies = {
  readonly localAs: Asn
  /** @param range the range that the peer came from */
  readonly create: (config: PeerConfig, range?: string) => PeerSession
  readonly gate: RestartGate
  readonly log: Log
  /** A peer is none any more: what is remembered of it can go. */
  readonly onRemoved: (name: string) => void
}

/** Peers from ranges at the same time, whatever their limits. */
const mostDynamic = 10_000

/** The sessions of this speaker: one for each configured peer, and one for each that has come from a range. */
export class Peers {
  readonly #deps: PeersDependencies
  readonly #byName = new Map<string, PeerSession>()
  /** By `zoned` address: how a connection is known. */
  readonly #byEnd = new Map<string, PeerSession>()
  readonly #byId = new Map<PeerId, PeerSession>()
  /** Those that came from ranges. */
  readonly #dynamic = new Map<PeerSession, PeerRange>()
  #ranges = new PeerRanges([])
  #running = false

  constructor(dependencies: PeersDependencies) {
    this.#deps = dependencies
  }

  get all(): readonly PeerSession[] {
    return [...this.#byName.values()]
  }

  get configs(): readonly PeerConfig[] {
    return this.all.map(({ config }) => config)
  }

  /** Between `start` and `stop`. */
  get running(): boolean {
    return this.#running
  }

  named(name: string): PeerSession | undefined {
    return this.#byName.get(name)
  }

  numbered(id: PeerId): PeerSession | undefined {
    return this.#byId.get(id)
  }

  /**
   * Whom a connection from there is with: a configured peer, or one that a range makes of it now.
   * @returns the Cease for somebody who would be one too many; undefined: a stranger
   */
  meet(end: Endpoint): PeerSession | BgpError | undefined {
    const known = this.#byEnd.get(zoned(end))
    if (known !== undefined) return known
    const range = this.#ranges.at(end)
    if (range === undefined) return undefined
    if (this.#comeFrom(range) >= range.limit) return cease('connectionRejected')
    if (this.#dynamic.size >= mostDynamic) return cease('outOfResources')
    const config = peerFrom(range, end, this.#deps.localAs)
    if (this.#byName.has(config.name)) return undefined
    const session = this.#add(config, range.name)
    this.#dynamic.set(session, range)
    return session
  }

  /** Nothing is left of a session. One that came from a range is no peer any more, unless it is back by then. */
  quiet(session: PeerSession): void {
    if (!this.#dynamic.has(session)) return
    setImmediate(() => {
      if (session.isQuiet && this.#dynamic.has(session)) this.#remove(session, cease('peerDeconfigured'))
    })
  }

  /** Whom connections are taken from only if they are signed. */
  get keys(): ListenKeys {
    const keys = new Map<Cidr, string>()
    for (const { prefix, template } of this.#ranges.all) if (template.password !== undefined) keys.set(prefix, template.password)
    for (const { config } of this.#byName.values()) if (config.password !== undefined) keys.set(hostPrefix(config.address), config.password)
    return keys
  }

  /** From now on sessions run, those that come later too. */
  start(): void {
    this.#running = true
    for (const session of this.#byName.values()) this.#start(session)
  }

  /**
   * The whole set of peers. New ones start, missing ones are ceased (6/3), those whose change needs it restart (6/6), others take it as
   * they are; who is not changed notices nothing.
   */
  set(peers: readonly PeerConfig[], ranges: readonly PeerRange[]): void {
    this.#deps.gate.peersChange()
    this.#setRanges(ranges)
    const configured = new Map(peers.map((peer) => [peer.name, peer]))
    const ends = new Set(peers.map(zoned))
    for (const [name, session] of this.#byName) {
      const config = this.#dynamic.has(session) ? this.#fromRange(session, ends) : configured.get(name)
      if (config === undefined) this.#remove(session, cease('peerDeconfigured'))
      else this.#change(session, config)
    }
    for (const config of peers) if (!this.#byName.has(config.name)) this.#add(config)
    this.#deps.gate.peersKnown()
  }

  /** Ends all and takes back what they taught. */
  clear(): void {
    for (const session of this.#byName.values()) this.#remove(session, cease('otherConfigurationChange'))
  }

  /** Ends all, and leaves routes as they are. @param reason the Cease to send; without, TCP just ends (RFC 4724) */
  stop(reason: BgpError | undefined): void {
    this.#running = false
    for (const session of this.#byName.values()) session.stop(reason)
  }

  /** While decisions are held, whoever may come back from a range is waited for as long as they are: nobody knows who was there. */
  #setRanges(ranges: readonly PeerRange[]): void {
    const { gate } = this.#deps
    for (const { name } of this.#ranges.all) gate.handle({ type: 'peer-removed', peer: anyoneOf(name) })
    this.#ranges = new PeerRanges(ranges)
    for (const { name, template } of ranges) gate.handle({ type: 'peer-added', peer: anyoneOf(name), families: template.families })
  }

  /** What the ranges make of a peer that came from one; undefined: none, or it is a configured one now. */
  #fromRange(session: PeerSession, configured: ReadonlySet<string>): PeerConfig | undefined {
    const { config } = session
    const range = this.#ranges.at(config)
    if (range === undefined || configured.has(zoned(config))) return undefined
    const { address, interface: link } = config
    const made = peerFrom(range, { address, ...(link === undefined ? {} : { interface: link }) }, this.#deps.localAs)
    this.#dynamic.set(session, range)
    return made.name === config.name ? { ...made, asNumber: config.asNumber } : undefined
  }

  #comeFrom({ name }: PeerRange): number {
    let count = 0
    for (const range of this.#dynamic.values()) if (range.name === name) count++
    return count
  }

  #add(config: PeerConfig, range?: string): PeerSession {
    const session = this.#deps.create(config, range)
    this.#byName.set(config.name, session)
    this.#byEnd.set(zoned(config), session)
    this.#byId.set(session.id, session)
    this.#deps.gate.handle({ type: 'peer-added', peer: config.name, families: config.families })
    if (this.#running) this.#start(session)
    return session
  }

  #change(session: PeerSession, config: PeerConfig): void {
    const change = changeBetween(session.config, config)
    if (change === undefined) return
    if (change === 'reset') {
      this.#remove(session, farewell(config))
      return
    }
    session.reconfigure(config, change === 'refresh')
    if (!session.isWanted) this.#remove(session, cease('otherConfigurationChange')) // it is added again, and stays down
  }

  #start(session: PeerSession): void {
    const { config, problem } = session
    session.start()
    if (session.isWanted) return
    if (problem !== undefined) this.#deps.log.warn({ peer: config.name, problem }, 'a peer is not tried')
    this.#deps.gate.handle({ type: 'peer-removed', peer: config.name }) // nobody to wait for
  }

  #remove(session: PeerSession, reason: BgpError): void {
    const { config } = session
    session.stop(reason)
    session.remove()
    this.#byName.delete(config.name)
    if (this.#byEnd.get(zoned(config)) === session) this.#byEnd.delete(zoned(config))
    this.#dynamic.delete(session)
    this.#byId.delete(session.id)
    this.#deps.onRemoved(config.name)
    this.#deps.gate.handle({ type: 'peer-removed', peer: config.name })
  }
}

/** No peer has such a name. */
function anyoneOf(range: string): string {
  return `${range}/*`
}

/** What a peer that is to have these settings is told at the end of its session. */
function farewell({ shutdown }: PeerConfig): BgpError {
  if (shutdown === undefined) return cease('otherConfigurationChange')
  return cease('administrativeShutdown', shutdown === '' ? undefined : encodeShutdownCommunication(shutdown))
}

function hostPrefix(address: IpAddress): Cidr {
  const prefix = parseCidr(address)
  if (prefix === undefined) throw new Error(`"${address}" is no address`)
  return prefix
}
