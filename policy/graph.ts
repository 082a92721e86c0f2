import type { Chain, PolicyProgram } from '../felix/kernel.ts'
import { isEndpointSlice } from '../src/model/endpoint-slice.ts'
import { type Resource, type ResourceRef, refOf } from '../src/model/resource.ts'
import type { Family, IpAddress } from '../src/net/address.ts'
import { chainsOf, policyOwner, profileOwner, rulesOf } from './active-rules.ts'
import { type BaseOptions, baseChains, baseHooks, workloadPatterns } from './base-chains.ts'
import { ChainStore } from './chain-store.ts'
import { type CompiledPolicy, compiledPolicy } from './compiled-policy.ts'
import { dispatchChains } from './dispatch-chains.ts'
import { endpointChains } from './endpoint-chains.ts'
import { AddressIndex } from './explain/address-index.ts'
import { ChangedView, type PolicyChange } from './explain/changed-view.ts'
import { explainFlow, type Where } from './explain/explain.ts'
import type { Explanation } from './explain/explanation.ts'
import type { Flow } from './explain/flow.ts'
import { FlowPreview, type PreviewOptions } from './explain/flow-preview.ts'
import { type GraphParts, GraphView } from './explain/graph-view.ts'
import { defaultFailsafePorts, type FailsafePorts } from './host/failsafe.ts'
import { HostEndpoints } from './host/host-endpoints.ts'
import type { HostProblem, InterfaceAddresses } from './host/host-interfaces.ts'
import type { AppliedHost } from './host/host-places.ts'
import { hostProgram } from './host/host-program.ts'
import { appliedHosts, appliedOn } from './host/host-scope.ts'
import { InheritedLabels, inheritanceOf } from './inherited-labels.ts'
import { LocalEndpoints } from './local-endpoints.ts'
import { marksOf } from './marks.ts'
import { defaultChecks, type PacketChecks } from './packet-checks.ts'
import type { Policy } from './policy.ts'
import { defaultActions, type PolicyActions } from './policy-actions.ts'
import { policyOf } from './read-policy.ts'
import { compareText, resourceKey } from './resource-key.ts'
import type { RuleContext } from './rule-chains.ts'
import { originOf, type RuleOrigin } from './rule-origins.ts'
import { IpSetStore } from './sets/ip-set-store.ts'
import { KeptOut } from './sets/kept-out.ts'
import { sliceOf } from './sets/service-slices.ts'
import { type SetItem, sameItem, setItemOf } from './sets/set-item.ts'
import { noting, type SetNames, type SetSource } from './sets/set-source.ts'
import { checkDrops, denyActions, type FlowLogRules, unknownRules } from './verdict-chains.ts'
import { type AllowedTunnels, noTunnels } from './workload-tunnels.ts'

export type PolicyGraphOptions = {
  readonly nodeName: string
  /** What the names of workload interfaces begin with. */
  readonly interfacePrefix: string
  /** The bits of the packet mark that are ours. Default 0xffff0000. */
  readonly markMask?: number
  readonly ipv6: boolean
  /** Default: `defaultActions`. */
  readonly actions?: PolicyActions
  /** Default: no copies of packets are made. */
  readonly flowLog?: FlowLogRules | undefined
  /** Ports of the host that stay open under host endpoints. Default: `defaultFailsafePorts`. */
  readonly failsafe?: FailsafePorts
  /** Default: `defaultChecks`. */
  readonly checks?: PacketChecks
}

/**
 * Resources in, chains and IP sets out. The answer depends on what is put now, never on the order it came in. Changes are noted
 * when they come and rendered at `program`, so that many changes of one object cost one rendering; what they do not concern is not
 * looked at.
 */
export class PolicyGraph {
  readonly #rules: RuleContext
  readonly #base: BaseOptions
  readonly #failsafe: FailsafePorts
  readonly #checks: PacketChecks
  readonly #hosts: HostEndpoints
  #program: PolicyProgram
  readonly #labels = new InheritedLabels()
  readonly #sets: IpSetStore
  readonly #locals: LocalEndpoints
  readonly #addresses = new AddressIndex()
  readonly #parts: GraphParts
  readonly #view: GraphView
  readonly #chains = new ChainStore()
  readonly #keptOut = new KeptOut()
  readonly #resources = new Map<string, Resource>()
  #allowed = noTunnels
  #tunnelled = false

  /** @throws RangeError on a mark mask with fewer than two bits */
  constructor(options: PolicyGraphOptions) {
    const { nodeName, interfacePrefix, markMask = 0xffff_0000, ipv6, actions = defaultActions, flowLog, checks = defaultChecks } = options
    const families: readonly Family[] = ipv6 ? [4, 6] : [4]
    const marks = marksOf(markMask)
    this.#sets = new IpSetStore(families)
    this.#locals = new LocalEndpoints(nodeName, checks)
    const deny = denyActions(flowLog)
    this.#rules = { families, marks, denied: deny[actions.denied], rejected: deny.reject, log: actions.log, sets: this.#sets.name }
    this.#base = { families, interfacePrefix, marks, actions, flowLog }
    this.#checks = checks
    this.#failsafe = options.failsafe ?? defaultFailsafePorts
    this.#hosts = new HostEndpoints({ nodeName, interfacePrefix })
    this.#parts = {
      nodeName,
      toHost: actions.toHost,
      tunnels: () => this.#allowed,
      resources: this.#resources,
      addresses: this.#addresses,
      labels: this.#labels,
      sets: this.#sets,
      locals: this.#locals,
      hosts: this.#hosts,
      failsafe: this.#failsafe,
    }
    this.#view = new GraphView(this.#parts)
    this.#program = { chains: this.#chains.tables, hooks: [], ipSets: this.#sets.sets, keepsOut: this.#keptOut.by }
    this.#putInterfaces()
  }

  /** Which tunnels workloads may make themselves; none, until it is called. */
  allowTunnels(allowed: AllowedTunnels): void {
    this.#allowed = allowed
    this.#putInterfaces()
  }

  /** Whether this node has an IP-in-IP tunnel; it has none, until it is called. */
  setTunnelled(tunnelled: boolean): void {
    if (tunnelled === this.#tunnelled) return
    this.#tunnelled = tunnelled
    this.#putInterfaces()
  }

  /** Which addresses the interfaces of this node have now: by them a HostEndpoint may find its own. */
  setAddresses(addresses: InterfaceAddresses): void {
    this.#hosts.setAddresses(addresses)
  }

  /** What of the HostEndpoints of this node an operator should know. */
  get hostProblems(): readonly HostProblem[] {
    return this.#hosts.problems
  }

  /** What applies to traffic through an interface that is no workload's; undefined: no host endpoint governs it. */
  hostOn(interfaceName: string): AppliedHost | undefined {
    return appliedOn(this.#hosts, interfaceName)
  }

  /**
   * A resource is there, or changed; kinds that do not concern policy are ignored.
   * @param resource checked, with defaults filled in
   * @throws Error on one that could not have passed the checks
   */
  put(resource: Resource): void {
    const key = resourceKey(refOf(resource))
    const policy = policyOf(resource)
    const item = setItemOf(resource)
    const inheritance = inheritanceOf(resource)
    this.#resources.set(key, resource)
    this.#view.forget()
    if (item !== undefined) this.#putItem(key, resource, item)
    if (isEndpointSlice(resource)) this.#sets.putSlice(key, sliceOf(resource))
    if (inheritance !== undefined) this.#relabel(this.#labels.putParent(inheritance.parent, inheritance.labels))
    this.#putPolicy(key, policy)
    for (const endpoints of [this.#locals, this.#hosts]) {
      if (resource.kind === 'Tier') endpoints.putTier(resource)
      if (resource.kind === 'Profile') endpoints.putProfile(resource)
    }
  }

  /** A resource is gone; one that was never put is ignored. */
  delete(ref: ResourceRef): void {
    const key = resourceKey(ref)
    const resource = this.#resources.get(key)
    if (resource === undefined) return
    this.#resources.delete(key)
    this.#view.forget()
    this.#addresses.delete(key, cidrsOf(this.#sets.itemOf(key)))
    this.#sets.deleteItem(key)
    this.#sets.putSlice(key, undefined)
    this.#labels.deleteBearer(key)
    const inheritance = inheritanceOf(resource)
    if (inheritance !== undefined) this.#relabel(this.#labels.deleteParent(inheritance.parent))
    for (const endpoints of [this.#locals, this.#hosts]) {
      endpoints.deleteEndpoint(key)
      endpoints.deletePolicy(key)
      if (resource.kind === 'Tier') endpoints.deleteTier(ref.name)
      if (resource.kind === 'Profile') endpoints.deleteProfile(ref.name)
    }
  }

  /** The verdict on a new connection with every step on the way, from what is put now, whether or not it is compiled yet. */
  explain(flow: Flow, where?: Where): Explanation {
    return explainFlow(this.#view, flow, where)
  }

  /** As it would be after some changes, which are not made. It is for a moment: what is put later shows through. */
  changed(changes: readonly PolicyChange[]): ChangedView {
    return new ChangedView(this.#view, this.#parts, changes)
  }

  /** Which flows some changes, which are not made, would allow or deny that are not now. */
  preview(changes: readonly PolicyChange[], options: PreviewOptions): FlowPreview {
    return new FlowPreview(this.#view, this.changed(changes), this.#parts, options)
  }

  /** The endpoints and network sets that have the address, in no order. */
  holdersOf(address: IpAddress): readonly Resource[] {
    return this.#view.holdersOf(address).map(({ resource }) => resource)
  }

  /** The policy or profile that a chain is made of, by what is compiled; undefined: it is made of none. */
  originsOf(chainName: string): RuleOrigin | undefined {
    const owner = this.#chains.ownerOf(chainName)
    const rules = owner === undefined ? undefined : rulesOf(owner, this.#locals, this.#hosts)
    return rules && originOf(chainName, rules)
  }

  /** What the kernel is to have: the same collections every time, which tell what changed in them. They change only when this is called. */
  program(): PolicyProgram {
    const changes = this.#locals.takeChanges()
    const hosts = this.#hosts.takeChanges()
    const owners = new Set([...changes.policies, ...hosts.policies].map(policyOwner))
    for (const name of [...changes.profiles, ...hosts.profiles]) owners.add(profileOwner(name))
    this.#renderRules(owners)
    const options = { ...this.#rules, checks: this.#checks, drops: checkDrops(this.#base.flowLog) }
    for (const name of changes.interfaces) {
      const endpoint = this.#locals.endpointOn(name)
      this.#chains.put(`interface ${name}`, endpoint === undefined ? [] : endpointChains(endpoint, options))
    }
    if (changes.dispatch || hosts.hosts) this.#putInterfaces()
    this.#sets.publish()
    return this.#program
  }

  /** All of `program` as lists. What did not change is the same object as last time, be it that a set has other members now. */
  compile(): CompiledPolicy {
    return compiledPolicy(this.program())
  }

  /** The name of a set depends on who matches it: chains that named it before that was known are rendered once more. */
  #renderRules(owners: ReadonlySet<string>): void {
    const rendered = new Map<string, readonly Chain[]>()
    const used = new Map<string, readonly SetSource[]>()
    const render = (owner: string, sets: SetNames) => chainsOf(owner, this.#locals, this.#hosts, { ...this.#rules, sets })
    for (const owner of owners) {
      const { names, asked } = noting(this.#sets.name)
      rendered.set(owner, render(owner, names))
      used.set(owner, asked())
    }
    this.#sets.use(used)
    for (const owner of this.#sets.takeRetyped()) rendered.set(owner, render(owner, this.#sets.name))
    this.#keptOut.begin()
    for (const [owner, chains] of rendered) {
      this.#chains.put(owner, chains)
      this.#keptOut.put(owner, chains)
    }
  }

  /** One for a stage before routing is not for workloads. */
  #putPolicy(key: string, policy: Policy | undefined): void {
    if (policy === undefined || policy.stage !== undefined) this.#locals.deletePolicy(key)
    else this.#locals.putPolicy(key, policy)
    if (policy === undefined) this.#hosts.deletePolicy(key)
    else this.#hosts.putPolicy(key, policy)
  }

  #putItem(key: string, resource: Resource, item: SetItem): void {
    this.#labels.putBearer(key, resource)
    const labels = this.#labels.labelsOf(key)
    const old = this.#sets.itemOf(key)
    if (old !== undefined && sameItem(old, item)) this.#sets.relabel(key, labels)
    else {
      this.#addresses.delete(key, cidrsOf(old))
      this.#addresses.add(key, cidrsOf(item))
      this.#sets.putItem(key, labels, item)
    }
    if (resource.kind === 'WorkloadEndpoint') this.#locals.putEndpoint(key, resource, labels)
    if (resource.kind === 'HostEndpoint') this.#hosts.putEndpoint(key, resource, labels)
  }

  #putInterfaces(): void {
    const { families, interfacePrefix } = this.#base
    const interfaces = this.#locals.interfaces()
    const strays = interfaces.filter((name) => !name.startsWith(interfacePrefix)).toSorted(compareText)
    const checking = { checks: this.#checks, drops: checkDrops(this.#base.flowLog) }
    const options = { ...this.#rules, ...this.#base, ...checking, failsafe: this.#failsafe, tunnelled: this.#tunnelled }
    const hosts = hostProgram(appliedHosts(this.#hosts), workloadPatterns(interfacePrefix, strays), options)
    const more = { spoofed: this.#locals.spoofedSources(), loops: this.#checks.serviceLoops }
    this.#chains.put('base', baseChains(this.#base, this.#allowed, strays, hosts.steps, more))
    this.#chains.put('dispatch', dispatchChains(interfaces, families, unknownRules(this.#base.flowLog)))
    this.#chains.put('hosts', hosts.chains)
    const hooks = [...baseHooks(this.#base), ...hosts.hooks]
    if (JSON.stringify(hooks) !== JSON.stringify(this.#program.hooks)) this.#program = { ...this.#program, hooks }
  }

  #relabel(keys: Iterable<string>): void {
    for (const key of keys) {
      const labels = this.#labels.labelsOf(key)
      this.#sets.relabel(key, labels)
      this.#locals.relabel(key, labels)
      this.#hosts.relabel(key, labels)
    }
  }
}

const cidrsOf = (item: SetItem | undefined): readonly string[] => item?.members.map(({ text }) => text) ?? []
