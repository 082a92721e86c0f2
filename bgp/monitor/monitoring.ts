import { isDeepStrictEqual } from 'node:util'
import type { MonitorSettings, MonitorStatus } from '../peer.ts'
import type { PeerCounts } from '../rib/rib-face.ts'
import type { RibReader } from '../rib/rib-reader.ts'
import type { Log } from '../session/log.ts'
import type { SessionEnd, SessionFacts } from '../session/session-facts.ts'
import type { AddressFamily } from '../wire/message.ts'
import { type BmpCollectorConfig, BmpStation } from './bmp-station.ts'
import type { MonitoredNode } from './monitored-node.ts'
import { MrtSnapshots } from './mrt-snapshots.ts'
import { tableDump } from './table-dump.ts'

export type MonitoringDependencies = {
  readonly reader: RibReader
  readonly counts: (peer: number, family: AddressFamily) => PeerCounts
  readonly sessions: () => readonly SessionFacts[]
  readonly log: Log
  readonly now: () => number
  readonly random: () => number
}

/** Whoever looks at the speaker from outside: BMP collectors and MRT files. */
export class Monitoring {
  readonly #self: Omit<MonitoredNode, 'name' | 'version'>
  readonly #deps: MonitoringDependencies
  readonly #stations = new Map<string, BmpStation>()
  #settings: MonitorSettings = { node: { name: '', version: '' }, collectors: [] }
  #snapshots: MrtSnapshots | undefined
  #isRunning = false

  constructor(self: Omit<MonitoredNode, 'name' | 'version'>, dependencies: MonitoringDependencies) {
    this.#self = self
    this.#deps = dependencies
  }

  get status(): MonitorStatus {
    const snapshots = this.#snapshots
    const { reader } = this.#deps
    return {
      collectors: [...this.#stations.values()].map(({ status }) => status),
      ...(snapshots && { mrt: snapshots.counts }),
      tables: { 'ipv4-unicast': reader.sizes('ipv4-unicast'), 'ipv6-unicast': reader.sizes('ipv6-unicast') },
    }
  }

  /** Collectors that are told nothing. */
  get problems(): readonly { readonly collector: string; readonly problem: string }[] {
    return [...this.#stations].flatMap(([collector, { problem }]) => (problem === undefined ? [] : [{ collector, problem }]))
  }

  start(): void {
    this.#isRunning = true
    for (const station of this.#stations.values()) station.start()
    this.#snapshots?.start()
  }

  /** Collectors whose configuration stays the same notice nothing. */
  configure(settings: MonitorSettings): void {
    const before = this.#settings
    this.#settings = settings
    const wanted = new Map(settings.collectors.map((collector) => [collector.name, collector]))
    const isSameNode = isDeepStrictEqual(before.node, settings.node)
    for (const [name, station] of this.#stations) {
      if (isSameNode && isDeepStrictEqual(wanted.get(name), station.config)) continue
      station.stop()
      this.#stations.delete(name)
    }
    for (const collector of settings.collectors) if (!this.#stations.has(collector.name)) this.#add(collector)
    if (!isDeepStrictEqual(before.mrt, settings.mrt)) this.#writeInto(settings.mrt)
  }

  sessionUp(session: SessionFacts): void {
    for (const station of this.#stations.values()) station.sessionUp(session)
  }

  sessionDown(peer: number, end: SessionEnd): void {
    for (const station of this.#stations.values()) station.sessionDown(peer, end)
  }

  /** The table as an MRT file, in pieces. */
  dump(): Iterable<Buffer> {
    const { reader, sessions, now } = this.#deps
    const nowSec = Math.floor(now() / 1000)
    const since = new Map(sessions().map(({ peer, sinceMs }) => [peer, Math.floor(sinceMs / 1000)]))
    return tableDump(reader, { node: this.#node, timeSec: nowSec, sinceSec: (peer) => since.get(peer) ?? nowSec })
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    for (const station of this.#stations.values()) station.stop()
    await this.#snapshots?.stop()
  }

  get #node(): MonitoredNode {
    return { ...this.#self, ...this.#settings.node }
  }

  #add(collector: BmpCollectorConfig): void {
    const station = new BmpStation(collector, { ...this.#deps, node: this.#node })
    this.#stations.set(collector.name, station)
    if (this.#isRunning) station.start()
  }

  #writeInto(mrt: MonitorSettings['mrt']): void {
    void this.#snapshots?.stop()
    this.#snapshots = mrt && new MrtSnapshots(mrt, { ...this.#deps, dump: () => this.dump() })
    if (this.#isRunning) this.#snapshots?.start()
  }
}
