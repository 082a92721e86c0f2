/** The policy graph of this node, made anew when FelixConfiguration chooses otherwise than it was made with. */
import { isDeepStrictEqual } from 'node:util'
import type { Unclear } from '../policy/explain/explanation.ts'
import type { Flow } from '../policy/explain/flow.ts'
import { previewLimits } from '../policy/explain/flow-preview.ts'
import type { Neighbour } from '../policy/explain/preview-hosts.ts'
import { PolicyGraph, type PolicyGraphOptions } from '../policy/graph.ts'
import type { Explainer } from './flows/policy-judge.ts'
import type { PolicyFace, StatusProblem } from './http/agent-face.ts'
import type { Resource } from './model/resource.ts'
import type { WorkloadEndpointSpec } from './model/workload-endpoint.ts'
import type { IpAddress } from './net/address.ts'
import { addressesByInterface, type ConnectedSubnet, devicesTo, neighbourIn } from './net/connected-subnet.ts'
import type { PolicyChoices } from './settings/effective-felix.ts'

/** What does not change while the agent runs: interfaces are known by the prefix of the start. */
export type LivePolicyOptions = Pick<PolicyGraphOptions, 'nodeName' | 'interfacePrefix' | 'ipv6' | 'flowLog'>

export class LivePolicy implements PolicyFace, Explainer {
  readonly #options: LivePolicyOptions
  /** Flows seen lately, the newest first. */
  readonly #recentFlows: (limit: number) => readonly Flow[]
  #choices: PolicyChoices
  #connected: readonly ConnectedSubnet[]
  #addresses: ReadonlyMap<string, ReadonlySet<string>>
  #graph: PolicyGraph

  constructor(
    options: LivePolicyOptions,
    choices: PolicyChoices,
    connected: readonly ConnectedSubnet[],
    recentFlows: (limit: number) => readonly Flow[],
  ) {
    this.#options = options
    this.#choices = choices
    this.#connected = connected
    this.#addresses = addressesByInterface(connected)
    this.#recentFlows = recentFlows
    this.#graph = this.#newGraph()
  }

  /** The one in force: what is stored has to be put into it. */
  get graph(): PolicyGraph {
    return this.#graph
  }

  get allowsSpoofing(): boolean {
    return this.#choices.checks.allowSpoofing
  }

  get problems(): readonly StatusProblem[] {
    return this.#graph.hostProblems
  }

  /** @returns the empty graph that takes the place of the last one; undefined if these are the choices already */
  choose(choices: PolicyChoices): PolicyGraph | undefined {
    if (isDeepStrictEqual(choices, this.#choices)) return undefined
    this.#choices = choices
    this.#graph = this.#newGraph()
    return this.#graph
  }

  /**
   * Which addresses this node has.
   * @param addresses by interface, of those too by which nobody can be reached now: host endpoints govern them all the same. Default: those of `connected`
   */
  setConnected(connected: readonly ConnectedSubnet[], addresses = addressesByInterface(connected)): void {
    this.#connected = connected
    this.#addresses = addresses
    this.#graph.setAddresses(addresses)
  }

  readonly originsOf: PolicyGraph['originsOf'] = (chain) => this.#graph.originsOf(chain)

  readonly explain: Explainer['explain'] = (flow, where) => {
    const nodeAddresses = this.#ownAddresses()
    const explanation = this.#graph.explain(flow, { interfaceTo: this.#interfaceTo, ...where, nodeAddresses })
    const unclear = where?.interfaceTo === undefined ? this.#unclear(flow, nodeAddresses) : []
    return unclear.length === 0 ? explanation : { ...explanation, unclear }
  }

  readonly preview: PolicyFace['preview'] = (changes) => {
    const recent = this.#recentFlows(previewLimits.recent)
    const nodeAddresses = this.#ownAddresses()
    const options = { nodeAddresses, interfaceTo: this.#interfaceTo, neighbours: this.#neighbours(nodeAddresses), recent }
    return this.#graph.preview(changes, { ...options, limits: previewLimits })
  }

  readonly holdersOf: PolicyFace['holdersOf'] = (address) => this.#graph.holdersOf(address)

  readonly hostOn: Explainer['hostOn'] = (interfaceName) => this.#graph.hostOn(interfaceName)

  /** Where it is one of several, the same host endpoint must govern all of them. */
  readonly #interfaceTo = (address: IpAddress): string | undefined => {
    const devices = devicesTo(this.#connected, address)
    const hosts = new Set(devices.map((device) => this.#graph.hostOn(device)?.name))
    return hosts.size === 1 ? devices[0] : undefined
  }

  /** One that nobody is known to have in each subnet of an interface that is no workload's. */
  #neighbours(own: readonly IpAddress[]): readonly Neighbour[] {
    const isKnown = (address: IpAddress) => own.includes(address) || this.#graph.holdersOf(address).length > 0
    return this.#connected.flatMap((subnet): readonly Neighbour[] => {
      if (subnet.device.startsWith(this.#options.interfacePrefix)) return []
      const address = neighbourIn(subnet, isKnown)
      return address === undefined ? [] : [{ interfaceName: subnet.device, address }]
    })
  }

  /** Of what this node sends, receives or forwards from or to its workloads; it does not follow the routes of the machine. */
  #unclear({ source, destination }: Flow, own: readonly IpAddress[]): readonly Unclear[] {
    const isHere = (address: IpAddress) =>
      own.includes(address) || this.#graph.holdersOf(address).some((holder) => this.#isOwnWorkload(holder))
    const [isFrom, isTo] = [isHere(source), isHere(destination)]
    if (isFrom === isTo) return []
    const address = isFrom ? destination : source
    const interfaces = devicesTo(this.#connected, address)
    const names = interfaces.map((device) => this.#graph.hostOn(device)?.name)
    const hosts = [...new Set(names.flatMap((name) => name ?? []))]
    return new Set(names).size > 1 ? [{ address, interfaces, hosts }] : []
  }

  #isOwnWorkload({ kind, spec }: Resource): boolean {
    return kind === 'WorkloadEndpoint' && (spec as WorkloadEndpointSpec).node === this.#options.nodeName
  }

  #newGraph(): PolicyGraph {
    const { markMask, actions, failsafe, checks, allowedTunnels } = this.#choices
    const graph = new PolicyGraph({ ...this.#options, markMask, actions, failsafe, checks })
    graph.allowTunnels(allowedTunnels)
    graph.setAddresses(this.#addresses)
    return graph
  }

  #ownAddresses() {
    return this.#connected.map(({ address }) => address)
  }
}
