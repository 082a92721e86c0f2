import type { ObjectStatus, Route, TableReport } from '../kernel.ts'

/**
 * The routes that have to wait because the rules that police them are not in the kernel: a packet must never reach a workload, nor leave
 * one, unpoliced. What the kernel already has stays: its traffic was policed when it was programmed, and cutting it helps nobody.
 * @param policy the report of the chains and sets of the same apply
 * @param isLed whether the kernel leads packets to the workload already, and to no other one
 */
export function unpolicedRoutes(routes: readonly Route[], policy: TableReport, isLed: (route: Route) => boolean): readonly Route[] {
  return isPoliced(policy) ? [] : routes.filter((route) => isWorkloads(route) && !isLed(route))
}

/** Whether nothing that guards is refused by the kernel, except where nothing is let through for it. */
export function isPoliced(policy: TableReport): boolean {
  return ![...policy.unprogrammed.values()].some((status) => status.state === 'failed' && status.closed !== true)
}

export function waitingForPolicy(routes: readonly Route[]): TableReport {
  const status: ObjectStatus = { state: 'pending', reason: 'waits for its policy, which cannot be programmed' }
  return { changed: 0, repaired: 0, unprogrammed: new Map(routes.map(({ destination }) => [`route ${destination}`, status])) }
}

function isWorkloads({ nextHop }: Route): boolean {
  return nextHop.type === 'unicast' && nextHop.via === undefined && nextHop.device !== 'lo'
}
