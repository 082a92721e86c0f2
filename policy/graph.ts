import type { PolicyProgram } from '../felix/kernel.ts'
import { type Resource, type ResourceRef, refOf } from '../src/model/resource.ts'
import type { Family, IpAddress } from '../src/net/address.ts'
import { AddressIndex } from './address-index.ts'
import { type BaseOptions, baseChains, baseHooks } from './base-chains.ts'
import { ChainStore } from './chain-store.ts'
import { type CompiledPolicy, compiledPolicy } from './compiled-policy.ts'
import { dispatchChains } from './dispatch-chains.ts'
import { endpointChains } from './endpoint-chains.ts'
import { explainFlow, type Where } from './explain.ts'
import type { Explanation } from './explanation.ts'
import type { Flow } from './flow.ts'
import { GraphView } from './graph-view.ts'
import { InheritedLabels, inheritanceOf } from './inherited-labels.ts'
import { IpSetStore } from './ip-set-store.ts'
import { LocalEndpoints } from './local-endpoints.ts'
import { marksOf } from './marks.ts'
import { type Policy, policyOf } from './policy.ts'
import { defaultActions, type PolicyActions } from './policy-actions.ts'
import { compareText, resourceKey } from './resource-key.ts'
import { type Profile, policyChains, profileChains, type RuleContext, setsOf } from './rule-chains.ts'
import { type SetItem, setItemOf } from './set-item.ts'
import { denyActions, type FlowLogRules } from './verdict-chains.ts'
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
}

/**
 * Resources in, chains and IP sets out. The answer depends on what is put now, never on the order it came in. Changes are noted
 * when they come and rendered at `program`, so that many changes of one object cost one rendering; what they do not concern is not
 * looked at.
 */
export class PolicyGraph {
  readonly #rules: RuleContext
  readonly #base: BaseOptions
  readonly #program: PolicyProgram
  readonly #labels = new InheritedLabels()
  readonly #sets: IpSetStore
  readonly #locals: LocalEndpoints
  readonly #addresses = new AddressIndex()
  readonly #view: GraphView
  readonly #chains = new ChainStore()
  readonly #resources = new Map<string, Resource>()
  #allowed = noTunnels

  /** @throws RangeError on a mark mask with fewer than two bits */
  constructor({ nodeName, interfacePrefix, markMask = 0xffff_0000, ipv6, actions = defaultActions, flowLog }: PolicyGraphOptions) {
    const families: readonly Family[] = ipv6 ? [4, 6] : [4]
    const marks = marksOf(markMask)
    this.#sets = new IpSetStore(families)
    this.#locals = new LocalEndpoints(nodeName)
    const deny = denyActions(flowLog)
    this.#rules = { families, marks, denied: deny[actions.denied], rejected: deny.reject, log: actions.log, sets: this.#sets.name }
    this.#base = { families, interfacePrefix, marks, actions, flowLog }
    this.#program = { chains: this.#chains.tables, hooks: baseHooks(this.#base), ipSets: this.#sets.sets }
    this.#view = new GraphView({
      nodeName,
      toHost: actions.toHost,
      tunnels: () => this.#allowed,
      resources: this.#resources,
      addresses: this.#addresses,
      labels: this.#labels,
      sets: this.#sets,
      locals: this.#locals,
    })
    this.#putInterfaces()
  }

  /** Which tunnels workloads may make themselves; none, until it is called. */
  allowTunnels(allowed: AllowedTunnels): void {
    this.#allowed = allowed
    this.#putInterfaces()
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
    if (item !== undefined) this.#putItem(key, resource, item)
    if (inheritance !== undefined) this.#relabel(this.#labels.putParent(inheritance.parent, inheritance.labels))
    if (policy !== undefined) this.#locals.putPolicy(key, policy)
    else this.#locals.deletePolicy(key)
    if (resource.kind === 'Tier') this.#locals.putTier(resource)
    if (resource.kind === 'Profile') this.#locals.putProfile(resource)
  }

  /** A resource is gone; one that was never put is ignored. */
  delete(ref: ResourceRef): void {
    const key = resourceKey(ref)
    const resource = this.#resources.get(key)
    if (resource === undefined) return
    this.#resources.delete(key)
    this.#addresses.delete(key, cidrsOf(this.#sets.itemOf(key)))
    this.#sets.deleteItem(key)
    this.#locals.deleteEndpoint(key)
    this.#labels.deleteBearer(key)
    const inheritance = inheritanceOf(resource)
    if (inheritance !== undefined) this.#relabel(this.#labels.deleteParent(inheritance.parent))
    this.#locals.deletePolicy(key)
    if (resource.kind === 'Tier') this.#locals.deleteTier(ref.name)
    if (resource.kind === 'Profile') this.#locals.deleteProfile(ref.name)
  }

  /** The verdict on a new connection with every step on the way, from what is put now, whether or not it is compiled yet. */
  explain(flow: Flow, where?: Where): Explanation {
    return explainFlow(this.#view, flow, where)
  }

  /** The endpoints and network sets that have the address, in no order. */
  holdersOf(address: IpAddress): readonly Resource[] {
    return this.#view.holdersOf(address).map(({ resource }) => resource)
  }

  /** What the kernel is to have: the same object every time, which tells what changed in it. It changes only when this is called. */
  program(): PolicyProgram {
    const changes = this.#locals.takeChanges()
    const owners = new Set([...changes.policies].map(policyOwner))
    for (const name of changes.profiles) owners.add(profileOwner(name))
    this.#renderRules(owners)
    for (const name of changes.interfaces) {
      const endpoint = this.#locals.endpointOn(name)
      this.#chains.put(`interface ${name}`, endpoint === undefined ? [] : endpointChains(endpoint, this.#rules))
    }
    if (changes.dispatch) this.#putInterfaces()
    this.#sets.publish()
    return this.#program
  }

  /** All of `program` as lists. What did not change is the same object as last time, be it that a set has other members now. */
  compile(): CompiledPolicy {
    return compiledPolicy(this.program())
  }

  /** All sets are asked for before any chain is rendered: which sets a selector's chains name depends on who matches it. */
  #renderRules(owners: Set<string>): void {
    this.#sets.use(new Map([...owners].map((owner) => [owner, setsOf(this.#rulesOf(owner) ?? {}, this.#rules.families)])))
    for (const owner of this.#sets.takeRetyped()) owners.add(owner)
    for (const owner of owners) {
      const rules = this.#rulesOf(owner)
      if (rules === undefined) this.#chains.put(owner, [])
      else this.#chains.put(owner, 'id' in rules ? policyChains(rules, this.#rules) : profileChains(rules, this.#rules))
    }
  }

  #rulesOf(owner: string): Policy | Profile | undefined {
    const [type, ...rest] = owner.split(' ')
    return type === 'policy' ? this.#locals.activePolicy(rest.join(' ')) : this.#locals.activeProfile(rest.join(' '))
  }

  #putItem(key: string, resource: Resource, item: SetItem): void {
    this.#labels.putBearer(key, resource)
    const labels = this.#labels.labelsOf(key)
    this.#addresses.delete(key, cidrsOf(this.#sets.itemOf(key)))
    this.#addresses.add(key, cidrsOf(item))
    this.#sets.putItem(key, labels, item)
    if (resource.kind === 'WorkloadEndpoint') this.#locals.putEndpoint(key, resource, labels)
  }

  #putInterfaces(): void {
    const { families, interfacePrefix } = this.#base
    const interfaces = this.#locals.interfaces()
    const strays = interfaces.filter((name) => !name.startsWith(interfacePrefix)).toSorted(compareText)
    this.#chains.put('base', baseChains(this.#base, this.#allowed, strays))
    this.#chains.put('dispatch', dispatchChains(interfaces, families))
  }

  #relabel(keys: Iterable<string>): void {
    for (const key of keys) {
      const labels = this.#labels.labelsOf(key)
      this.#sets.relabel(key, labels)
      this.#locals.relabel(key, labels)
    }
  }
}

function cidrsOf(item: SetItem | undefined): readonly string[] {
  return item?.members.map(({ text }) => text) ?? []
}

const policyOwner = (key: string) => `policy ${key}`
const profileOwner = (name: string) => `profile ${name}`
