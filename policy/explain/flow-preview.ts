/** What changes would do to flows: candidates explained before and after, a few at a time. */
import type { EndpointPort, WorkloadEndpoint } from '../../src/model/workload-endpoint.ts'
import type { Family, IpAddress } from '../../src/net/address.ts'
import { appliedOn } from '../host/host-scope.ts'
import { protocolNumber } from '../protocol.ts'
import type { ChangedView } from './changed-view.ts'
import { explainFlow, type Where } from './explain.ts'
import type { PolicyView } from './explain-ends.ts'
import type { Explanation } from './explanation.ts'
import type { Flow } from './flow.ts'
import { type FamilyChanges, type FlowChange, grouped, pairChanges, seenChange, type VerdictChange, verdictChange } from './flow-changes.ts'
import { type Probe, portlessOfRule, portsOfRule, probesFor } from './flow-probes.ts'
import type { GraphParts, GraphView } from './graph-view.ts'
import type { PreviewEnd } from './preview-end.ts'
import { affectedIds, concernedHosts, isNetworkSet, knownEnds, netEnds } from './preview-ends.ts'
import { governedInterfaces, type HostScopes, hostEnds, hostPolicies, idsAtHosts, isHostEnd, type Neighbour } from './preview-hosts.ts'
import { isServiceEnd, portsOfService, serviceEnds } from './preview-services.ts'

export type PreviewOptions = {
  readonly nodeAddresses: readonly IpAddress[]
  /** By which interface of this node an address is reached. */
  readonly interfaceTo?: Where['interfaceTo']
  /** Of each interface that has a subnet, in each family. Default: none. */
  readonly neighbours?: readonly Neighbour[]
  /** Flows seen lately, the newest first. */
  readonly recent: readonly Flow[]
  readonly limits: PreviewLimits
}

/** @property ends of each side  @property flows compared in all  @property recent of those seen lately */
export type PreviewLimits = { readonly ends: number; readonly flows: number; readonly recent: number }

export const previewLimits: PreviewLimits = { ends: 400, flows: 100_000, recent: 2_000 }

/** What was found so far. @property concerned endpoints and network sets that a change may concern  @property truncated some candidates were left out, by a limit or because it was not run to its end */
export type PreviewState = {
  readonly changes: readonly FlowChange[]
  readonly recent: readonly FlowChange[]
  readonly concerned: number
  /** HostEndpoints of this node that a change concerns and whose flows are not compared: their interfaces have no address. */
  readonly hostEndpoints: readonly string[]
  readonly checked: number
  readonly truncated: boolean
}

const families: readonly Family[] = [4, 6]

export class FlowPreview {
  readonly #before: GraphView
  readonly #after: ChangedView
  readonly #parts: GraphParts
  readonly #options: PreviewOptions
  readonly #changes: FlowChange[] = []
  readonly #recent: FlowChange[] = []
  readonly #work: Generator<void>
  #concerned = 0
  #hostEndpoints: readonly string[] = []
  #checked = 0
  #truncated = false
  #done = false

  constructor(before: GraphView, after: ChangedView, parts: GraphParts, options: PreviewOptions) {
    this.#before = before
    this.#after = after
    this.#parts = parts
    this.#options = options
    this.#work = this.#run()
  }

  /** Does a little of the work. @returns whether there is more */
  step(): boolean {
    this.#done ||= this.#work.next().done === true
    return !this.#done
  }

  /** Whether a policy, tier or profile is among the changes. */
  get isAboutPolicies(): boolean {
    return this.#after.isAboutPolicies
  }

  get state(): PreviewState {
    return {
      changes: grouped(this.#changes),
      recent: grouped(this.#recent),
      concerned: this.#concerned,
      hostEndpoints: this.#hostEndpoints,
      checked: this.#checked,
      truncated: this.#truncated || !this.#done,
    }
  }

  *#run(): Generator<void> {
    yield* this.#compareRecent()
    const { limits } = this.#options
    const scopes: HostScopes = [this.#parts.hosts, this.#after.hosts]
    const hosts = concernedHosts(this.#after, this.#parts)
    const compared = governedInterfaces(scopes).flatMap((name) => scopes.map((scope) => appliedOn(scope, name)?.name))
    this.#hostEndpoints = hosts.filter((name) => !compared.includes(name))
    const affected = new Set(affectedIds(this.#after, this.#parts))
    this.#concerned = [...affected].filter((id) => this.#isComparable(id)).length + hosts.length - this.#hostEndpoints.length
    if (this.#concerned === 0) return
    const nowhere = [...netEnds(this.#after, limits.ends), ...serviceEnds(this.#after, this.#parts, limits.ends)]
    const known = [...hostEnds(scopes, this.#options.neighbours ?? []), ...(yield* knownEnds(this.#after, this.#parts)), ...nowhere]
    for (const id of idsAtHosts(scopes, hosts, known, this.#before.nodeName)) affected.add(id)
    const varied = yield* this.#varied(known)
    const others = this.#first(varied)
    const concerned = this.#first(varied.filter(({ id }) => affected.has(id)))
    const probes = yield* this.#probes([...new Set([...concerned, ...others])])
    yield* this.#comparePairs(concerned, others, probes)
  }

  /** A new endpoint fared in no way before; a new set's addresses did. */
  #isComparable(id: string): boolean {
    return isServiceEnd(id) || this.#before.holder(id) !== undefined || isNetworkSet(this.#after.holder(id)?.resource.kind ?? '')
  }

  *#compareRecent(): Generator<void> {
    const { recent, limits } = this.#options
    if (recent.length > limits.recent) this.#truncated = true
    for (const flow of recent.slice(0, limits.recent)) {
      const [change, after] = this.#compare(flow)
      if (change !== undefined) this.#recent.push(seenChange(flow, change, after))
      yield
    }
  }

  *#comparePairs(concerned: readonly PreviewEnd[], others: readonly PreviewEnd[], probes: ProbesOf): Generator<void> {
    const isConcerned = new Set(concerned)
    for (const one of concerned) {
      for (const other of others) {
        // A pair of which both are concerned comes twice: it is compared when the first of them does.
        if (one === other || (isConcerned.has(other) && other.name < one.name)) continue
        for (const [from, to] of [[one, other] as const, [other, one] as const]) {
          if (this.#checked >= this.#options.limits.flows) {
            this.#truncated = true
            return
          }
          this.#comparePair(from, to, probes)
          yield
        }
      }
    }
  }

  #comparePair(from: PreviewEnd, to: PreviewEnd, probesOf: ProbesOf): void {
    const compared = families.flatMap((family): FamilyChanges[] => {
      const [source, destination] = [from.addresses[family], to.addresses[family]]
      if (source === undefined || destination === undefined) return []
      const changes = probesOf[family].flatMap(({ label, packet }) => {
        const [change] = this.#compare({ source, destination, ...packet })
        return change === undefined ? [] : [{ ...change, traffic: label }]
      })
      return [{ family, of: probesOf[family].length, changes }]
    })
    this.#changes.push(...pairChanges(from.name, to.name, compared))
  }

  #compare(flow: Flow): readonly [change: VerdictChange | undefined, after: Explanation] {
    this.#checked++
    const { nodeAddresses, interfaceTo } = this.#options
    const where: Where = { nodeAddresses, ...(interfaceTo !== undefined && { interfaceTo }) }
    const explained = (view: PolicyView): Explanation => explainFlow(view, flow, where)
    const after = explained(this.#after)
    return [verdictChange(explained(this.#before), after), after]
  }

  /** One of each kind before the second of any: endpoints with the same labels, profiles and ports mostly fare alike. */
  *#varied(ends: readonly PreviewEnd[]): Generator<void, readonly PreviewEnd[]> {
    const ranks: PreviewEnd[][] = []
    const seen = new Map<string, number>()
    for (const end of ends) {
      const kind = this.#kindOf(end)
      const rank = seen.get(kind) ?? 0
      seen.set(kind, rank + 1)
      const alike = ranks[rank] ?? []
      if (alike.push(end) === 1) ranks.push(alike)
      yield
    }
    return ranks.flat()
  }

  #kindOf({ id, holder }: PreviewEnd): string {
    if (holder === undefined) return id
    const { profiles, ports, node } = holder.resource.spec as WorkloadEndpoint['spec']
    return JSON.stringify([[...holder.labels()], profiles, ports, node === this.#before.nodeName])
  }

  #first(ends: readonly PreviewEnd[]): readonly PreviewEnd[] {
    const { limits } = this.#options
    if (ends.length > limits.ends) this.#truncated = true
    return ends.slice(0, limits.ends)
  }

  /** Which kinds of packets the rules that apply to any of the ends can tell apart. */
  *#probes(ends: readonly PreviewEnd[]): Generator<void, ProbesOf> {
    const changed = this.#after.changedPolicies.flat().filter((policy) => policy !== undefined)
    const policies = new Set([...changed, ...hostPolicies([this.#parts.hosts, this.#after.hosts])])
    const named = new Map<string, ReturnType<typeof portsOfRule>[number]>()
    if (ends.some(({ id }) => isHostEnd(id)))
      for (const { protocol, port } of Object.values(this.#parts.failsafe).flat())
        named.set(`${protocol} ${port}`, { protocol: protocolNumber(protocol) ?? 0, range: { from: port, to: port } })
    for (const { holder } of ends) {
      if (holder === undefined) continue
      const { ports = [] } = holder.resource.spec as { readonly ports?: readonly EndpointPort[] }
      for (const { protocol, port } of ports)
        named.set(`${protocol} ${port}`, { protocol: protocolNumber(protocol) ?? 0, range: { from: port, to: port } })
      for (const view of [this.#before, this.#after])
        for (const direction of ['ingress', 'egress'] as const)
          for (const tier of view.tiersOf(holder, direction)) for (const policy of tier.policies) policies.add(policy)
      yield
    }
    const portless: Record<Family, Probe[]> = { 4: [], 6: [] }
    for (const { ingress = [], egress = [] } of policies) {
      for (const rule of [...ingress, ...egress]) {
        for (const one of [...portsOfRule(rule), ...portsOfService(rule, [this.#before, this.#after])]) named.set(JSON.stringify(one), one)
        for (const family of families) portless[family].push(...portlessOfRule(rule, family))
      }
      yield
    }
    const all = [...named.values()]
    return { 4: probesFor(all, portless[4], 4), 6: probesFor(all, portless[6], 6) }
  }
}

type ProbesOf = Readonly<Record<Family, readonly Probe[]>>
