/** Removes everything of ours from the kernel and nothing else: what `tortie agent --cleanup` does. */
import type { Logger } from 'pino'
import { type Run, run as runProcess } from '../../src/os/process.ts'
import { openKernel } from '../network/open-kernel.ts'
import { removeNftTables } from '../nft/cleanup-tables.ts'
import { removeChains } from './cleanup-chains.ts'
import { removeIpSets } from './cleanup-ip-sets.ts'
import { removeRoutes, removeTunnelAddresses } from './cleanup-network.ts'
import { type CleanupCounts, untilGone } from './cleanup-pass.ts'

export type CleanupOptions = {
  /** rtm_protocol of the routes that are ours, 1..255. */
  readonly routeProtocol: number
}

export type CleanupDependencies = { readonly log: Pick<Logger, 'info' | 'warn'>; readonly run?: Run }

/**
 * @property removed how many of each kind went
 * @property left what is still there, or may be, and why: one sentence each
 */
export type CleanupReport = { readonly removed: CleanupCounts; readonly left: readonly string[] }

/**
 * Routes go first, so that no workload is reachable any more when its chains go; sets go last, when no rule refers to them. Resolves once
 * everything is gone, or was tried several times within some seconds. Never rejects for what the kernel or a tool refuses.
 */
export async function cleanUp({ routeProtocol }: CleanupOptions, dependencies: CleanupDependencies): Promise<CleanupReport> {
  const { log, run = runProcess } = dependencies
  const kernel = await openKernel({ run, log })
  try {
    const tools = { run, log, nowMs: () => performance.now() }
    const routes = await untilGone(() => removeRoutes(kernel, routeProtocol))
    const tunnel = await untilGone(() => removeTunnelAddresses(kernel))
    const chains = await untilGone(() => removeChains(tools))
    const sets = await untilGone(() => removeIpSets(tools))
    const tables = await untilGone(removeNftTables)
    const none: CleanupCounts = { routes: 0, tunnelAddresses: 0, chains: 0, hooks: 0, ipSets: 0, nftTables: 0 }
    return {
      removed: { ...none, ...routes.removed, ...tunnel.removed, ...chains.removed, ...sets.removed, ...tables.removed },
      left: [routes, tunnel, chains, sets, tables].flatMap(({ left }) => left),
    }
  } finally {
    kernel.close()
  }
}
