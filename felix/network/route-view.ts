import { formatAddress } from '../../src/net/address.ts'
import type { ObjectStatus } from '../kernel.ts'
import type { KernelHop } from './kernel-route.ts'
import type { LinkView } from './link-view.ts'
import type { RouteState, RowKey } from './route-state.ts'

/** A route for people: what is wanted beside what is in the kernel, in the words of `ip route`. */
export type RouteView = {
  readonly destination: string
  readonly wanted?: string
  readonly programmed?: string
  readonly status: ObjectStatus
}

/** @param problem what is known to keep it out of the kernel */
export function routeView(state: RouteState, links: LinkView, key: RowKey, problem: ObjectStatus | undefined): RouteView {
  const wish = state.wanted(key)
  const hop = state.hops.hop(state.rowsOf(key).actual[key >> 1] as number)
  const reason = wish === 0 ? 'nobody wants it any more' : 'is about to be programmed'
  const done: ObjectStatus = state.step(key).type === 'none' && wish !== 0 ? { state: 'programmed' } : { state: 'pending', reason }
  return {
    destination: state.destination(key),
    ...(wish === 0 ? {} : { wanted: state.hops.wishTextOf(wish) }),
    ...(hop === undefined ? {} : { programmed: hopText(hop, links) }),
    status: problem ?? done,
  }
}

function hopText(hop: KernelHop, links: LinkView): string {
  if (hop.legs !== undefined) return hop.legs.map((leg) => `nexthop ${hopText({ type: 'unicast', scope: 0, ...leg }, links)}`).join(' ')
  if (hop.type !== 'unicast') return hop.type
  const device = links.byIndex(hop.index)?.name
  const words = [hop.via && `via ${formatAddress(hop.via)}`, device && `dev ${device}`, hop.onlink && 'onlink']
  return words.filter(Boolean).join(' ')
}
