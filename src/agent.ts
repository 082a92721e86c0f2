/** The loop: changes in, coalesced; one desired KernelState out, applied by felix; never overlapping itself. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { KernelState, ObjectStatus, PolicyProgram } from '../felix/kernel.ts'
import type { TunnelSite } from '../ipip/tunnel-graph.ts'
import type { Encapsulation, TunnelPlan } from '../ipip/tunnel-plan.ts'
import type { Datastore, WatchEvent } from './datastore/datastore.ts'
import type { StatusProblem } from './http/agent-face.ts'
import { type LocalState, localState } from './local-state.ts'
import { type Resource, type ResourceRef, refOf } from './model/resource.ts'
import type { WorkloadEndpoint } from './model/workload-endpoint.ts'
import type { Cidr } from './net/prefix.ts'
import { foreignInterfaces } from './problems/foreign-interfaces.ts'
import { leftOutIpv6 } from './problems/no-ipv6.ts'
import { sharedInterfaces } from './problems/shared-interfaces.ts'
import { tunnelAddressTaken } from './problems/tunnel-address-taken.ts'
import type { ProgrammedRevision } from './programmed-revision.ts'
import type { Originated } from './settings/originated-prefixes.ts'

/** What the agent needs of policy/graph.ts. */
export type PolicyCompiler = {
  put(resource: Resource): void
  delete(ref: ResourceRef): void
  /** Whether this node has a tunnel to other nodes. */
  setTunnelled(tunnelled: boolean): void
  program(): PolicyProgram
}

/** What the agent needs of ipip/tunnel-graph.ts. */
export type TunnelCompiler = {
  put(resource: Resource): void
  delete(ref: ResourceRef): void
  plan(site: TunnelSite): TunnelPlan
}

/** What the agent needs of felix/felix.ts. */
export type KernelWriter = {
  apply(desired: KernelState): Promise<{ readonly unprogrammed: ReadonlyMap<string, ObjectStatus> }>
}

export type AgentOptions = {
  readonly nodeName: string
  /** How host sides of workload interfaces begin. */
  readonly interfacePrefix: string
  readonly podCidrs: readonly Cidr[]
  /** Whether the kernel has IPv6: what is asked for in it is left out otherwise. Default: it has. */
  readonly ipv6?: boolean
}

export type AgentDependencies = {
  readonly store: Datastore
  readonly policy: PolicyCompiler
  readonly tunnels: TunnelCompiler
  /** undefined: felix is disabled, nothing in the kernel is touched. */
  readonly kernel: KernelWriter | undefined
  readonly programmed: ProgrammedRevision
  /** The prefixes this node announces; called after the kernel was brought to the state they belong to. */
  readonly originate: (prefixes: readonly Cidr[]) => void
  /** How learned routes find their way from now on; resolves once they were handed over by it. Called with the same object for the same. */
  readonly encapsulate: (encapsulation: Encapsulation) => Promise<void>
  /** MTU in octets of the device that has the node's address, now. */
  readonly underlayMtu: () => number | undefined
  /** Whether workloads may send from the further sources that their endpoints list. Default: they may not. */
  readonly allowsSpoofing?: () => boolean
}

/** Behind an apply of many changes the next is put off by so much for each, at most: what comes in a stream is written in few batches. */
const GATHER_MS_EACH = 10
const LONGEST_GATHER_MS = 100

export class Agent {
  readonly #options: AgentOptions
  readonly #dependencies: AgentDependencies
  readonly #endpoints = new Map<string, WorkloadEndpoint>()
  #policy: PolicyCompiler
  #podCidrs: readonly Cidr[]
  #originated: Originated = { aggregates: [], services: [] }
  /** What was made of local workloads last, and of which plan; undefined when one of them changed. */
  #local: { readonly plan: TunnelPlan; readonly state: LocalState } | undefined
  #announced: readonly Cidr[] | undefined
  #hasTunnel = false
  #unsubscribe: (() => void) | undefined
  #revision = 0
  #appliedRevision = 0
  /** How many resources changed since the last apply began. */
  #changes = 0
  #gatherUntilMs = 0
  #wanted = false
  #running: Promise<void> | undefined
  #applies = { count: 0, seconds: 0 }

  constructor(options: AgentOptions, dependencies: AgentDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#policy = dependencies.policy
    this.#podCidrs = options.podCidrs
  }

  get #hasIpv6(): boolean {
    return this.#options.ipv6 ?? true
  }

  /** How many workloads this node has. */
  get localEndpoints(): number {
    return this.#endpoints.size
  }

  /** How often the kernel was brought to what is wanted, and how long that took in all. */
  get applies(): { readonly count: number; readonly seconds: number } {
    return this.#applies
  }

  /** What of tunnels, pools and workloads an operator should know. */
  get problems(): readonly StatusProblem[] {
    const { problems, kernel } = this.#tunnelPlan()
    const endpoints = [...this.#endpoints.values()]
    const { interfacePrefix } = this.#options
    const leftOut = this.#hasIpv6 ? [] : leftOutIpv6(this.#podCidrs, endpoints)
    return [
      ...problems,
      ...foreignInterfaces(endpoints, interfacePrefix),
      ...sharedInterfaces(endpoints),
      ...tunnelAddressTaken(kernel.tunnels, endpoints),
      ...leftOut,
    ]
  }

  /** Takes over what is stored, brings the kernel to it, and follows the store from then on. */
  async start(): Promise<void> {
    const { store } = this.#dependencies
    for (const { resource } of store.all()) this.#put(resource)
    this.#revision = store.revision
    this.#unsubscribe = store.subscribe((events, revision) => this.#take(events, revision))
    await this.requestApply()
  }

  /** Ends the loop after the apply that may be running. The kernel stays as it is. */
  async stop(): Promise<void> {
    this.#unsubscribe?.()
    this.#wanted = false
    await this.#running
  }

  /** Another compiler from now on: it is told all that is stored. */
  setPolicy(policy: PolicyCompiler): void {
    for (const { resource } of this.#dependencies.store.all()) policy.put(resource)
    this.#policy = policy
    this.#local = undefined
    void this.requestApply()
  }

  /** What is announced beside workloads, and in their place. */
  setOriginated(originated: Originated): void {
    if (isDeepStrictEqual(originated, this.#originated)) return
    this.#originated = originated
    this.#local = undefined
    void this.requestApply()
  }

  setPodCidrs(podCidrs: readonly Cidr[]): void {
    this.#podCidrs = podCidrs
    this.#local = undefined
    void this.requestApply()
  }

  /** Something changed or drifted: another apply follows, after the one that runs and together with all else asked for meanwhile. */
  requestApply(): Promise<void> {
    this.#wanted = true
    this.#running ??= this.#run()
    return this.#running
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted) {
        // One turn of the event loop gathers what arrives together.
        await nextTurn()
        await this.#gather()
        this.#wanted = false
        await this.#apply()
      }
    } finally {
      this.#running = undefined
    }
  }

  /** Never lets anybody wait who waits for a revision, and never puts off a change that comes alone. */
  async #gather(): Promise<void> {
    const restMs = this.#gatherUntilMs - performance.now()
    if (restMs > 0) await this.#dependencies.programmed.awaited(this.#appliedRevision, restMs)
    const changes = this.#changes
    this.#changes = 0
    this.#gatherUntilMs = performance.now() + Math.min(LONGEST_GATHER_MS, Math.max(0, changes - 1) * GATHER_MS_EACH)
  }

  async #apply(): Promise<void> {
    const { kernel, programmed } = this.#dependencies
    const revision = this.#revision
    const beganMs = performance.now()
    const plan = this.#tunnelPlan()
    const local = this.#localState(plan)
    this.#policy.setTunnelled(plan.kernel.tunnels.length > 0)
    const apply = async () => (await kernel?.apply({ ...local.kernel, policy: this.#policy.program() }))?.unprogrammed
    const unprogrammed = await this.#around(plan, apply)
    if (local.announced !== this.#announced) this.#dependencies.originate(local.announced)
    this.#announced = local.announced
    this.#appliedRevision = revision
    programmed.applied(revision, unprogrammed ?? new Map())
    this.#applies = { count: this.#applies.count + 1, seconds: this.#applies.seconds + (performance.now() - beganMs) / 1000 }
  }

  #localState(plan: TunnelPlan): LocalState {
    if (this.#local?.plan === plan) return this.#local.state
    const { interfacePrefix } = this.#options
    const endpoints = [...this.#endpoints.values()]
    const [podCidrs, originated, hasIpv6] = [this.#podCidrs, this.#originated, this.#hasIpv6]
    const allowSpoofing = this.#dependencies.allowsSpoofing?.() ?? false
    const state = localState({ plan, endpoints, interfacePrefix, podCidrs, originated, hasIpv6, allowSpoofing })
    this.#local = { plan, state }
    return state
  }

  /** A tunnel is there before routes lead into it, and goes when they have left it. */
  async #around<Result>({ kernel, encapsulation }: TunnelPlan, apply: () => Promise<Result>): Promise<Result> {
    const { encapsulate } = this.#dependencies
    const goes = this.#hasTunnel && kernel.tunnels.length === 0
    this.#hasTunnel = kernel.tunnels.length > 0
    if (goes) await encapsulate(encapsulation)
    const result = await apply()
    if (!goes) await encapsulate(encapsulation)
    return result
  }

  #tunnelPlan(): TunnelPlan {
    const { tunnels, underlayMtu } = this.#dependencies
    return tunnels.plan({ podCidrs: this.#podCidrs, underlayMtu: underlayMtu() })
  }

  #take(events: readonly WatchEvent[], revision: number): void {
    for (const { type, resource } of events) {
      if (type === 'DELETED') this.#delete(resource)
      else this.#put(resource)
    }
    this.#revision = revision
    this.#changes += events.length
    void this.requestApply()
  }

  #put(resource: Resource): void {
    this.#policy.put(resource)
    this.#dependencies.tunnels.put(resource)
    if (!isEndpoint(resource)) return
    if (resource.spec.node !== this.#options.nodeName) this.#deleteEndpoint(resource)
    else {
      this.#endpoints.set(endpointKey(resource), resource)
      this.#local = undefined
    }
  }

  #delete(resource: Resource): void {
    this.#policy.delete(refOf(resource))
    this.#dependencies.tunnels.delete(refOf(resource))
    if (isEndpoint(resource)) this.#deleteEndpoint(resource)
  }

  #deleteEndpoint(resource: WorkloadEndpoint): void {
    if (this.#endpoints.delete(endpointKey(resource))) this.#local = undefined
  }
}

function isEndpoint(resource: Resource): resource is WorkloadEndpoint {
  return resource.kind === 'WorkloadEndpoint'
}

function endpointKey({ metadata }: Resource): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`
}
