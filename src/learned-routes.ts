import type { BestRouteBatch } from '../bgp/peer.ts'
import type { LearnedRoutes, NextHop } from '../felix/kernel.ts'
import { resolveNextHop } from '../ipip/next-hop.ts'
import type { IpAddress } from './net/address.ts'
import type { ConnectedSubnet } from './net/connected-subnet.ts'

/** Hands the best routes of BGP to the kernel's route table: each distinct next hop is resolved once, no object per route. */
export class RouteHandover {
  readonly #routes: LearnedRoutes
  readonly #address = new Uint8Array(16)
  #nextHops = new Map<IpAddress, NextHop | undefined>()
  #connected: readonly ConnectedSubnet[]

  constructor(routes: LearnedRoutes, connected: readonly ConnectedSubnet[]) {
    this.#routes = routes
    this.#connected = connected
  }

  /** The node's subnets changed: what was resolved is resolved anew. */
  setConnected(connected: readonly ConnectedSubnet[]): void {
    this.#connected = connected
    this.#nextHops = new Map()
  }

  resolve(nextHop: IpAddress): NextHop | undefined {
    if (!this.#nextHops.has(nextHop)) this.#nextHops.set(nextHop, resolveNextHop(nextHop, this.#connected))
    return this.#nextHops.get(nextHop)
  }

  take(batch: BestRouteBatch): void {
    const { table, ids, count } = batch
    for (let i = 0; i < count; i++) {
      const id = ids[i] as number
      table.copyAddress(id, this.#address, 0)
      const address = batch.nextHopOf(id)
      const nextHop = address === undefined ? undefined : this.resolve(address)
      if (nextHop === undefined) this.#routes.delete(table.family, this.#address, 0, table.lengthOf(id))
      else this.#routes.put(table.family, this.#address, 0, table.lengthOf(id), nextHop)
    }
  }
}
