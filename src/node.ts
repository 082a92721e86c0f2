/** The parts of a running node: built in order, started, changed and stopped. The one place where they are wired. */
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { BestRouteBatch, MonitorSettings } from '../bgp/peer.ts'
import { Speaker } from '../bgp/speaker.ts'
import { Felix } from '../felix/felix.ts'
import { defaultLimits, type PolicyLimits } from '../felix/policy-limits.ts'
import { TunnelGraph } from '../ipip/tunnel-graph.ts'
import type { Encapsulation } from '../ipip/tunnel-plan.ts'
import { Agent } from './agent.ts'
import { monitorSettings } from './bgp-monitors.ts'
import { speakerOptions } from './bgp-options.ts'
import type { Config } from './config.ts'
import type { Datastore } from './datastore/datastore.ts'
import { Drain } from './drain.ts'
import type { EventLog } from './event-log.ts'
import type { FlowLog } from './flows/flow-log.ts'
import type { Access } from './http/access-files.ts'
import type { StatusProblem } from './http/agent-face.ts'
import { type Api, startApi } from './http/server.ts'
import { FelixView } from './kernel-view.ts'
import { RouteHandover } from './learned-routes.ts'
import { LivePolicy } from './live-policy.ts'
import { LiveSettings } from './live-settings.ts'
import { LiveSpeaker } from './live-speaker.ts'
import type { LogLevel } from './log.ts'
import { familyOf, type IpAddress } from './net/address.ts'
import type { NodeFacts } from './node-facts.ts'
import { createFlowLog, flowProblems } from './node-flows.ts'
import { NodeView } from './node-view.ts'
import { CountedRun } from './os/counted-run.ts'
import { connectedSubnets } from './os/interfaces.ts'
import { run } from './os/process.ts'
import { ProgrammedRevision } from './programmed-revision.ts'
import { policyChoices, tunnelSettings } from './settings/effective-felix.ts'
import type { EffectiveSettings, Settings } from './settings/effective-settings.ts'
import { fixedSectionsThatDiffer } from './settings/fixed-sections.ts'
import { version } from './version.ts'

export type NodeSettings = Settings & { readonly access: Access }

/** @property events the last lines of `log` */
export type NodeDependencies = {
  readonly log: Logger
  readonly setLogLevel: (level: LogLevel) => void
  readonly events: EventLog
  readonly store: Datastore
}

export class Node {
  readonly #settings: NodeSettings
  readonly #live: LiveSettings
  readonly #facts: NodeFacts
  readonly #log: Logger
  readonly #setLogLevel: (level: LogLevel) => void
  readonly #events: EventLog
  readonly #store: Datastore
  readonly #programmed = new ProgrammedRevision()
  readonly #agent: Agent
  readonly #tunnels: TunnelGraph
  readonly #felix: Felix | undefined
  readonly #flowLog: FlowLog | undefined
  readonly #policy: LivePolicy
  #limits: PolicyLimits = defaultLimits
  readonly #tools = new CountedRun(run)
  #handover: RouteHandover | undefined
  #connected = connectedSubnets()
  #speaker: LiveSpeaker | undefined
  #drain: Drain | undefined
  #api: Api | undefined
  readonly #peerListeners = new Set<() => void>()
  #applied = false

  constructor(settings: NodeSettings, facts: NodeFacts, { log, setLogLevel, events, store }: NodeDependencies) {
    const { felix, node } = settings.config
    this.#settings = settings
    this.#facts = facts
    this.#log = log
    this.#setLogLevel = setLogLevel
    this.#events = events
    this.#store = store
    this.#live = new LiveSettings(settings, facts, { store, onChange: (settings) => this.#settingsChanged(settings) })
    const { iptablesBackend, nftablesMode } = this.#live.current.felix
    const { routeProtocol } = felix
    if (felix.enabled)
      this.#felix = new Felix(
        { routeProtocol, iptablesBackend, nftablesMode },
        { log, onDrift: () => this.#drifted(), run: this.#tools.run },
      )
    const logged = felix.enabled && facts.logsFlows ? felix.flowLog : undefined
    const { interfacePrefix } = this.#live.atStart.felix
    this.#policy = new LivePolicy(
      { nodeName: facts.name, interfacePrefix, ipv6: facts.hasIpv6, flowLog: logged },
      policyChoices(this.#live.current.felix, this.#live.current.originated.services),
      this.#connected,
      (limit) => this.#flowLog?.recent(limit) ?? [],
    )
    if (this.#felix !== undefined && logged !== undefined)
      this.#flowLog = createFlowLog(logged, { felix: this.#felix, store, programmed: this.#programmed, policy: this.#policy, log })
    this.#tunnels = new TunnelGraph({ nodeName: facts.name, nodeAddress: facts.addresses.ipv4.address })
    this.#agent = new Agent(
      { nodeName: facts.name, interfacePrefix, podCidrs: node.podCidrs, ipv6: facts.hasIpv6 },
      {
        store,
        policy: this.#policy.graph,
        tunnels: this.#tunnels,
        kernel: this.#felix,
        programmed: this.#programmed,
        originate: (prefixes) => this.#speaker?.originate(prefixes),
        encapsulate: (encapsulation) => this.#encapsulate(encapsulation),
        underlayMtu: () => this.#underlayMtu(),
        allowsSpoofing: () => this.#policy.allowsSpoofing,
      },
    )
  }

  /**
   * Reads the kernel, opens the API, brings the kernel to what is stored, then speaks BGP. Nothing that the kernel already has right is
   * touched, and no route is removed before BGP has converged.
   * @returns the sentence that says why the node cannot run
   */
  async start(): Promise<string | undefined> {
    const { config, access } = this.#settings
    await this.#felix?.start()
    if (config.bgp.enabled) this.#speaker = this.#createSpeaker()
    this.#speaker?.setMonitors(this.#monitors(config))
    this.#drain = this.#speaker && new Drain(this.#speaker, this.#log)
    const { socket, listen } = config.api
    const started = await startApi(
      { socket, access, ...(listen !== undefined && { listen: hostAndPort(listen) }) },
      { store: this.#store, agent: this.#view(), onBug: this.#onBug },
    )
    if (started.type === 'problem') return started.problem
    this.#api = started.api
    this.#log.info({ addresses: this.#api.addresses }, 'the API listens')
    // The store was read whole when it was opened: what it does not want is not wanted.
    this.#felix?.allowPrune('policy')
    this.#live.start()
    this.#settingsChanged(this.#live.current)
    await this.#flowLog?.start()
    await this.#agent.start()
    this.#applied = true
    await this.#speaker?.start()
    void this.#pruneOnceConverged()
    void this.programmed.then(() =>
      this.#log.info({ node: this.#facts.name, revision: this.#programmed.revision }, 'the node is programmed'),
    )
    return undefined
  }

  /** Resolves with the start, or later where the kernel refused the base chains: until then no policy holds. Without felix there are none. */
  get programmed(): Promise<void> {
    return this.#felix?.guarded ?? Promise.resolve()
  }

  get isProgrammed(): boolean {
    return this.#felix?.isGuarded ?? true
  }

  /** How many times the kernel was told something since the start. */
  get applies(): number {
    return this.#agent.applies.count
  }

  /**
   * Takes what can change while running: what concerns BGP (a changed peer restarts alone), policy and logging, pod CIDRs, and what is in
   * the files that guard the API.
   * @returns the sections with other changes, which need a restart
   */
  change(settings: NodeSettings): readonly string[] {
    const { config, access } = settings
    const needRestart = fixedSectionsThatDiffer(this.#settings.config, config)
    // Taken for another address than the one that is open, a weaker guard would open it.
    if (!needRestart.includes('api')) this.#api?.setAccess(access)
    this.#live.change(settings)
    this.#speaker?.setMonitors(this.#monitors(config))
    this.#agent.setPodCidrs(config.node.podCidrs)
    return needRestart
  }

  /** Ends everything and leaves the dataplane as it is; peers are left without a NOTIFICATION, so that they keep our routes (RFC 4724). */
  async stop(): Promise<void> {
    await this.#api?.close()
    this.#live.stop()
    this.#drain?.stop()
    await this.#speaker?.stop()
    await this.#agent.stop()
    this.#flowLog?.stop()
    await this.#felix?.close()
    await this.#store.close()
  }

  readonly #onBug = (error: unknown, request: string): void => {
    this.#log.error({ err: error, request }, 'a request met a bug of ours')
  }

  /** Called with the first settings and with every later ones. */
  #settingsChanged({ felix, bgp, peers, ranges, policy, originated }: EffectiveSettings): void {
    this.#setLogLevel(felix.logLevel)
    this.#speaker?.setPolicy(policy)
    this.#agent.setOriginated(originated)
    this.#speaker?.configure(speakerOptions(bgp, this.#facts.addresses, this.#facts.name), peers, ranges)
    this.#tunnels.setPeers(peers.map(({ address }) => address))
    this.#tunnels.setSettings(tunnelSettings(felix))
    this.#setLimits(felix.limits)
    const graph = this.#policy.choose(policyChoices(felix, originated.services))
    if (graph !== undefined) this.#agent.setPolicy(graph)
  }

  #setLimits(limits: PolicyLimits): void {
    if (isDeepStrictEqual(limits, this.#limits)) return
    this.#limits = limits
    this.#felix?.setLimits(limits)
    if (this.#applied) void this.#agent.requestApply()
  }

  #createSpeaker(): LiveSpeaker {
    const restarting = (this.#felix?.routes(1).routes.length ?? 0) > 0
    this.#handover = this.#felix && new RouteHandover(this.#felix.learned, this.#connected)
    const dependencies = {
      log: this.#log,
      nextHopMetric: (nextHop: IpAddress) => this.#nextHopMetric(nextHop),
      isConnected: (nextHop: IpAddress) => this.#handover === undefined || this.#handover.resolve(nextHop, 'Never') !== undefined,
      nextHopInterface: (nextHop: IpAddress) => this.#handover?.resolve(nextHop, 'Never')?.device,
      onBest: (batch: BestRouteBatch) => this.#handover?.take(batch),
      onChange: () => {
        for (const listener of this.#peerListeners) listener()
      },
    }
    const identity = speakerOptions(this.#live.current.bgp, this.#facts.addresses, this.#facts.name)
    return new LiveSpeaker(identity, restarting, (options) => new Speaker(options, dependencies))
  }

  #monitors({ bgp }: Config): MonitorSettings {
    return monitorSettings(bgp, { name: this.#facts.name, version })
  }

  /** Without felix every next hop counts as reachable (INTERFACE §4). */
  #nextHopMetric(nextHop: IpAddress): number | undefined {
    return this.#handover === undefined || this.#handover.reaches(nextHop) ? 0 : undefined
  }

  #view(): NodeView {
    const { name, notes } = this.#facts
    const { interfacePrefix } = this.#live.atStart.felix
    return new NodeView(
      { node: name, version, interfacePrefix },
      {
        identity: () => this.#live.current.bgp,
        problems: () => [
          ...notes,
          ...this.#live.problems,
          ...this.#agent.problems,
          ...this.#policy.problems,
          ...this.#routeProblems(),
          ...flowProblems(this.#flowLog),
        ],
        speaker: this.#speaker,
        kernel: this.#felix && new FelixView(this.#felix, this.#policy.originsOf),
        onPeersChange: (listener) => {
          this.#peerListeners.add(listener)
          return () => this.#peerListeners.delete(listener)
        },
        drain: this.#drain,
        flowLog: this.#flowLog,
        programmed: this.#programmed,
        events: (limit) => this.#events.last(limit),
        config: () => ({ file: this.#settings.config, effective: this.#live.current }),
        storeRevision: () => this.#store.revision,
        applied: () => this.#applied,
        localEndpoints: () => this.#agent.localEndpoints,
        policy: this.#policy,
        counters: () => ({ applies: this.#agent.applies, tools: this.#tools.uses, toolsBusySeconds: this.#tools.busySeconds }),
      },
    )
  }

  #routeProblems(): readonly StatusProblem[] {
    const message = this.#handover?.problem
    return message === undefined ? [] : [{ severity: 'warning', subject: 'routes', message }]
  }

  async #pruneOnceConverged(): Promise<void> {
    await this.#speaker?.converged
    this.#felix?.allowPrune('routes')
    await this.#agent.requestApply()
  }

  /** The kernel is not as it was: the next apply repairs it, and next hops may lead elsewhere. */
  #drifted(): void {
    this.#connected = connectedSubnets()
    this.#policy.setConnected(this.#connected, this.#felix?.addresses)
    if (this.#handover?.setConnected(this.#connected)) void this.#speaker?.nextHopsChanged()
    if (this.#applied) void this.#agent.requestApply()
  }

  async #encapsulate(encapsulation: Encapsulation): Promise<void> {
    if (this.#handover?.setEncapsulation(encapsulation)) await this.#speaker?.nextHopsChanged()
  }

  #underlayMtu(): number | undefined {
    const underlay = this.#connected.find(({ address }) => address === this.#facts.addresses.ipv4.address)
    return underlay && this.#felix?.linkMtu(underlay.device)
  }
}

function hostAndPort({ address, port }: { readonly address: IpAddress; readonly port: number }): string {
  return familyOf(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}
