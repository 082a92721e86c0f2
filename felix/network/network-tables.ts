import type { Logger } from 'pino'
import type { Cidr } from '../../src/net/prefix.ts'
import type { Run } from '../../src/os/process.ts'
import type { KernelState, LearnedRoutes, TableReport } from '../kernel.ts'
import { defaultLimits } from '../policy-limits.ts'
import { mergeReports, type Problem } from '../table-report.ts'
import { AddressView } from './address-view.ts'
import { MAIN_TABLE } from './kernel-route.ts'
import { LinkTable } from './link-table.ts'
import { LinkView } from './link-view.ts'
import type { KernelEvent, Monitor } from './monitor.ts'
import type { NetworkKernel } from './network-kernel.ts'
import { openKernel, openMonitor } from './open-kernel.ts'
import { type RouteCounters, RouteTable } from './route-table.ts'
import type { RouteView } from './route-view.ts'
import { SysctlTable } from './sysctl-table.ts'
import { TunnelTable, type TunnelView } from './tunnel-table.ts'

export type NetworkTablesDependencies = {
  readonly run: Run
  readonly nowMs: () => number
  readonly log: Pick<Logger, 'info' | 'warn'>
  /** Links, addresses or what there is to tell of routes changed: an apply is asked for. Routes are repaired without asking. */
  readonly onDrift: () => void
  /** `dueAtMs` changed outside an apply. */
  readonly onDue: () => void
  /** Default: netlink, else `ip`. */
  readonly openKernel?: typeof openKernel
}

/** A page of routes; `next` is the cursor of the page after it, undefined at the end. */
export type RoutePage = { readonly routes: readonly RouteView[]; readonly next?: number }

/** A full read may take at most 1/100 of the time. */
const READ_SHARE = 100
const RETRY_MS = 1_000

/** Everything that exists from `start` on. */
type Parts = {
  readonly kernel: NetworkKernel
  readonly routes: RouteTable
  readonly linkTable: LinkTable
  readonly tunnels: TunnelTable
}

/** Links, tunnels, sysctls and routes, and the events by which their drift is seen. */
export class NetworkTables {
  readonly #routeProtocol: number
  readonly #dependencies: NetworkTablesDependencies
  readonly #links = new LinkView()
  readonly #addresses = new AddressView()
  readonly #sysctls = new SysctlTable({ links: this.#links })
  #parts: Parts | undefined
  #monitor: Monitor | undefined
  #readAtMs = 0
  #problem: string | undefined
  #closed = false

  constructor({ routeProtocol }: { readonly routeProtocol: number }, dependencies: NetworkTablesDependencies) {
    this.#routeProtocol = routeProtocol
    this.#dependencies = dependencies
  }

  /** Opens the way to the kernel, listens, and reads. @throws where there is neither netlink nor `ip` */
  async start(): Promise<void> {
    const { run, nowMs, log, onDrift, openKernel: open = openKernel } = this.#dependencies
    const kernel = await open({ run, log })
    const links = this.#links
    const routes = new RouteTable(
      { routeProtocol: this.#routeProtocol },
      { kernel, links, nowMs, onError: (error) => this.#failed(error), onProblems: onDrift },
    )
    const linksChanged = () => routes.linksChanged()
    const linkTable = new LinkTable({ kernel, links, onUp: linksChanged })
    const usesDevice = (index: number) => routes.usesDevice(index)
    const tunnels = new TunnelTable({ kernel, links, nowMs, log, onUpOrDown: linksChanged, usesDevice })
    this.#parts = { kernel, routes, linkTable, tunnels }
    await this.#read()
  }

  get learned(): LearnedRoutes {
    return this.#started().routes
  }

  get routeCounters(): RouteCounters {
    return this.#started().routes.counters
  }

  /** When `applyLinks` wants to read everything again, or the tunnel to be tried again. */
  get dueAtMs(): number {
    return Math.min(this.#readAtMs, this.#parts?.tunnels.dueAtMs ?? Number.POSITIVE_INFINITY)
  }

  /** What has to be there before the chains: nothing in it lets a packet in that is not let in yet. */
  async applyLinks({ links, tunnels, sysctls }: Pick<KernelState, 'links' | 'tunnels' | 'sysctls'>): Promise<TableReport> {
    const parts = this.#started()
    if (this.#dependencies.nowMs() >= this.#readAtMs) await this.#read()
    await parts.tunnels.make(tunnels)
    return mergeReports([await parts.linkTable.apply(links), this.#sysctls.apply(sysctls)])
  }

  /** Behind the chains: tunnels, the routes over them, and then what no route needs any more. @param policed whether the chains are in the kernel */
  async applyRoutes({ routes }: Pick<KernelState, 'routes'>, policed: boolean): Promise<TableReport> {
    const { tunnels, routes: table } = this.#started()
    table.setStated(routes)
    const tunnel = await tunnels.apply(policed)
    try {
      const report = mergeReports([tunnel, await table.apply()])
      return { ...report, changed: report.changed + (await tunnels.removeUnused()) }
    } catch (error) {
      this.#failed(error)
      return tunnel
    }
  }

  /** Whether there is a tunnel to guard, after `applyLinks`: one that is wanted, or one of ours that is still to go. */
  hasTunnel(): Promise<boolean> {
    return this.#started().tunnels.isOurs()
  }

  /** Whether packets for this destination are led to a link of this node, by a route of ours. */
  isLocal(destination: Cidr): boolean {
    return this.#started().routes.isLocal(destination)
  }

  allowPrune(): void {
    const { routes, tunnels } = this.#started()
    routes.allowPrune()
    tunnels.allowPrune()
  }

  problems(): Problem[] {
    if (this.#problem === undefined) return []
    return [{ severity: 'error', subject: 'kernel', message: `links and routes cannot be read: ${this.#problem}` }]
  }

  routes(limit: number, after?: number): RoutePage {
    return this.#started().routes.entries(limit, after)
  }

  /** The addresses of this node by link, loopback left out; undefined before they were read. */
  get addresses(): ReadonlyMap<string, ReadonlySet<string>> | undefined {
    return this.#addresses.byLink(this.#links)
  }

  /** undefined for a link that does not exist. */
  linkName(index: number): string | undefined {
    return this.#links.byIndex(index)?.name
  }

  /** In octets; undefined for a link that does not exist. */
  linkMtu(name: string): number | undefined {
    return this.#links.byName(name)?.mtu
  }

  tunnels(): readonly TunnelView[] {
    return this.#started().tunnels.entries()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#monitor?.close()
    this.#parts?.routes.close()
    this.#parts?.kernel.close()
  }

  #started(): Parts {
    if (this.#parts === undefined) throw new Error('felix: used before start')
    return this.#parts
  }

  /** Everything from the kernel itself; listening comes first, so that nothing is missed in between. */
  async #read(): Promise<void> {
    const { nowMs, log, onDrift } = this.#dependencies
    const { kernel, routes, tunnels } = this.#started()
    const startMs = nowMs()
    this.#readAtMs = startMs + RETRY_MS
    try {
      this.#monitor ??= await openMonitor(kernel, {
        onEvents: (events) => this.#take(events),
        onError: (error) => this.#deaf(error),
      })
      for (const { index } of this.#links.replace(await kernel.links())) routes.deviceLost(index)
      if (await this.#addresses.read(kernel)) onDrift()
      tunnels.recheck()
      routes.linksChanged()
      await routes.read()
      this.#sysctls.recheck()
      this.#readAtMs = nowMs() + Math.max(defaultLimits.rulesCheckMs, (nowMs() - startMs) * READ_SHARE)
      if (this.#problem !== undefined) log.info('links and routes can be read again')
      this.#problem = undefined
    } catch (error) {
      this.#failed(error)
    }
  }

  #take(events: readonly KernelEvent[]): void {
    let linksChanged = false
    for (const event of events) if (this.#takeOne(event)) linksChanged = true
    if (!linksChanged) return
    this.#started().routes.linksChanged()
    this.#dependencies.onDrift()
  }

  /** Whether links or addresses changed by it. */
  #takeOne(event: KernelEvent): boolean {
    const { routes, tunnels } = this.#started()
    switch (event.type) {
      case 'link': {
        const { changed, lost } = this.#links.observe(event.message)
        if (changed) tunnels.linkChanged(event.message.link.index)
        if (lost !== undefined) routes.deviceLost(lost.index)
        if (event.message.gone) this.#sysctls.linkGone(event.message.link.name)
        return changed
      }
      case 'address':
        // with an address the kernel takes the routes that have it as their source, without telling
        if (event.message.gone) this.#readSoon()
        this.#addresses.observe(event.message)
        tunnels.linkChanged(event.message.address.index)
        return true
      case 'route':
        if (event.route.table === MAIN_TABLE) routes.observe(event.route, event.change)
        return false
      case 'lost':
        this.#readSoon()
        return true
    }
  }

  #readSoon(): void {
    this.#readAtMs = 0
  }

  /** Listening ended by itself: it begins anew with the next read. */
  #deaf(error: unknown): void {
    this.#monitor = undefined
    this.#failed(error)
  }

  #failed(error: unknown): void {
    if (this.#closed) return
    const reason = error instanceof Error ? error.message : String(error)
    if (reason !== this.#problem) this.#dependencies.log.warn({ err: error }, 'links and routes cannot be read; trying again')
    this.#problem = reason
    this.#readAtMs = this.#dependencies.nowMs() + RETRY_MS
    this.#dependencies.onDue()
  }
}
