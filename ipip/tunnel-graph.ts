import { type IpPool, isIpPool } from '../src/model/ip-pool.ts'
import type { NodeSpec } from '../src/model/node.ts'
import { groupOf, type Resource, type ResourceRef } from '../src/model/resource.ts'
import type { IpAddress } from '../src/net/address.ts'
import { planTunnel, type TunnelInput, type TunnelPlan, type TunnelSettings } from './tunnel-plan.ts'

/** What of a plan depends neither on resources nor on settings. */
export type TunnelSite = Pick<TunnelInput, 'podCidrs' | 'underlayMtu'>

/** Resources in, the tunnel's plan out. It depends on what is put now, never on the order it came in. */
export class TunnelGraph {
  readonly #node: Pick<TunnelInput, 'nodeName' | 'nodeAddress'>
  readonly #pools = new Map<string, IpPool>()
  readonly #nodes = new Map<string, NodeSpec>()
  #peers: readonly IpAddress[] = []
  #settings: TunnelSettings = {}
  #made: { readonly site: string; readonly plan: TunnelPlan } | undefined

  constructor(node: Pick<TunnelInput, 'nodeName' | 'nodeAddress'>) {
    this.#node = node
  }

  /** A resource is there, or changed; kinds that do not concern tunnels are ignored. */
  put(resource: Resource): void {
    const { name } = resource.metadata
    if (isIpPool(resource)) this.#pools.set(name, resource)
    else if (isNode(resource)) this.#nodes.set(name, resource.spec)
    else return
    this.#made = undefined
  }

  /** A resource is gone; one that was never put is ignored. */
  delete({ group, kind, name }: ResourceRef): void {
    if (group !== 'projectcalico.org') return
    if (kind === 'IPPool' ? this.#pools.delete(name) : kind === 'Node' && this.#nodes.delete(name)) this.#made = undefined
  }

  /** The addresses of all BGP peers: they are known nodes. */
  setPeers(peers: readonly IpAddress[]): void {
    this.#peers = peers
    this.#made = undefined
  }

  setSettings(settings: TunnelSettings): void {
    this.#settings = settings
    this.#made = undefined
  }

  /** The same object as last time if nothing changed. */
  plan(site: TunnelSite): TunnelPlan {
    const text = JSON.stringify(site)
    if (this.#made?.site === text) return this.#made.plan
    const plan = planTunnel({
      ...this.#node,
      ...site,
      pools: this.#pools,
      nodes: this.#nodes,
      peers: this.#peers,
      settings: this.#settings,
    })
    this.#made = { site: text, plan }
    return plan
  }
}

function isNode(resource: Resource): resource is Resource<'Node', NodeSpec> {
  return resource.kind === 'Node' && groupOf(resource.apiVersion) === 'projectcalico.org'
}
