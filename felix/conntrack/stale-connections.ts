import type { Logger } from 'pino'
import type { Cidr } from '../../src/net/prefix.ts'
import type { ObjectStatus, Route, TableReport } from '../kernel.ts'
import { NetlinkSocketError } from '../netlink/netlink-socket.ts'
import type { Problem } from '../table-report.ts'
import { deleteConnections, NoConntrackError } from './delete-connections.ts'
import { type Holders, StaleAddresses } from './stale-addresses.ts'

export type StaleConnectionsDependencies = {
  readonly log: Pick<Logger, 'info' | 'warn'>
  readonly nowMs: () => number
  /** `dueAtMs` changed outside an apply. */
  readonly onDue: () => void
  /** Whether the kernel leads packets for this address to a link of this node. */
  readonly isLocal: (address: Cidr) => boolean
  readonly deleteConnections?: typeof deleteConnections
}

/** Of so many addresses at most it is known that their connections are still to be forgotten. */
const MOST_ADDRESSES = 65_536
/** What nobody waits for may take at most 1/20 of the time. */
const PASS_SHARE = 20
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000

/**
 * Has the kernel forget the connections of each address that its workload no longer has, once no packet is led there any more: who gets the
 * address next must not inherit "established" connections that its policy would deny. Who has it already gets no packet before.
 */
export class StaleConnections {
  readonly #dependencies: StaleConnectionsDependencies
  readonly #addresses = new StaleAddresses(MOST_ADDRESSES)
  #running: Promise<void> | undefined
  #nextAtMs = 0
  #retryMs = FIRST_RETRY_MS
  /** Why the last pass failed. */
  #refusal: NetlinkSocketError | NoConntrackError | undefined
  #closed = false
  #forgotten = 0

  constructor(dependencies: StaleConnectionsDependencies) {
    this.#dependencies = dependencies
  }

  /** Entries of conntrack deleted since the start. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** When an apply has to come for the sake of what is still to be forgotten. */
  get dueAtMs(): number {
    return this.#addresses.size === 0 || this.#running !== undefined ? Number.POSITIVE_INFINITY : this.#nextAtMs
  }

  setHolders(holders: Holders): void {
    this.#addresses.setHolders(holders)
  }

  /** Whether somebody has an address that was another's, whose connections are not forgotten yet. */
  get isWithholding(): boolean {
    return this.withheld.size > 0
  }

  /** Those addresses. */
  get withheld(): ReadonlySet<Cidr> {
    return this.#addresses.heldAgain
  }

  /** The routes with those left out that lead to such addresses: their packets are dropped. */
  withhold(routes: readonly Route[]): readonly Route[] {
    const { withheld } = this
    if (withheld.size === 0) return routes
    return routes.map((route) => (withheld.has(route.destination) ? { ...route, nextHop: { type: 'blackhole' } } : route))
  }

  /** Forgets what somebody waits for, behind the pass that may run; resolves also when it failed, or did so lately. */
  async forgetWithheld(): Promise<void> {
    if (!this.isWithholding) return
    while (this.#running !== undefined) await this.#running
    const isPutOff = this.#refusal instanceof NetlinkSocketError && this.#dependencies.nowMs() < this.#nextAtMs
    if (!this.isWithholding || isPutOff) return
    await this.#begin()
  }

  /** Begins to forget what nobody waits for, unless it has just been done. Called behind each apply. */
  forgetSoon(): void {
    if (this.#dependencies.nowMs() >= this.dueAtMs) void this.#begin()
  }

  /** The routes that are withheld. */
  report(): TableReport {
    const reason = `waits until the connections of its address's former workload are deleted from conntrack${this.#because()}`
    const status: ObjectStatus = { state: 'pending', reason }
    const withheld = [...this.withheld]
    return { changed: 0, repaired: 0, unprogrammed: new Map(withheld.map((address) => [`route ${address}`, status])) }
  }

  problems(): Problem[] {
    if (this.#refusal === undefined) return []
    const { size, givenUp } = this.#addresses
    const lost = givenUp > 0 ? `; given up, being too many: ${givenUp}` : ''
    const left =
      this.#refusal instanceof NoConntrackError
        ? 'a workload that gets such an address inherits them'
        : `addresses that wait for it: ${size}`
    const message = `connections of workloads that are gone cannot be deleted from conntrack${this.#because()}; ${left}${lost}`
    return [{ severity: 'warning', subject: 'conntrack', message }]
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  #because(): string {
    return this.#refusal === undefined ? '' : `: ${this.#refusal.message}`
  }

  async #begin(): Promise<void> {
    if (this.#closed) return
    this.#running = this.#pass().finally(() => {
      this.#running = undefined
      this.#dependencies.onDue()
    })
    await this.#running
  }

  async #pass(): Promise<void> {
    const { nowMs, isLocal, log, deleteConnections: forget = deleteConnections } = this.#dependencies
    const beganMs = nowMs()
    // What is still led to them may begin a connection again.
    const cut = [...this.#addresses.snapshot()].filter(([address]) => !isLocal(address))
    const addresses = cut.map(([address]) => address)
    try {
      const connections = addresses.length === 0 ? 0 : await forget(addresses, () => this.#closed)
      this.#forgotten += connections
      if (this.#closed) return
      if (connections > 0) log.info({ addresses: addresses.length, connections }, 'conntrack has forgotten workloads that are gone')
      this.#refusal = undefined
      this.#retryMs = FIRST_RETRY_MS
      this.#addresses.forgotten(cut)
      this.#nextAtMs = nowMs() + Math.max((nowMs() - beganMs) * PASS_SHARE, this.#addresses.size > 0 ? FIRST_RETRY_MS : 0)
    } catch (error) {
      if (!(error instanceof NetlinkSocketError || error instanceof NoConntrackError)) throw error
      this.#failed(error, cut)
    }
  }

  /** Where connections cannot be deleted at all, nobody is kept waiting for it. */
  #failed(error: NetlinkSocketError | NoConntrackError, cut: Iterable<readonly [Cidr, number]>): void {
    const { log, nowMs } = this.#dependencies
    if (this.#refusal?.message !== error.message) log.warn({ err: error }, 'connections of workloads that are gone cannot be deleted')
    this.#refusal = error
    if (error instanceof NoConntrackError) this.#addresses.forgotten(cut)
    this.#nextAtMs = nowMs() + this.#retryMs
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2)
  }
}
