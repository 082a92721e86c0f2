import { formatPrefix } from '../../src/net/prefix.ts'
import { type KernelRoute, refusalText } from '../network/kernel-route.ts'
import type { KernelLink } from '../network/netlink-link.ts'
import type { NetworkKernel } from '../network/network-kernel.ts'
import { isOurs, planRemoval, type TunnelStep } from '../network/tunnel-plan.ts'
import type { CleanupPass } from './cleanup-pass.ts'

const TUNNEL = 'tunl0'

/** Deletes every route of the main table that has our protocol. @throws when the kernel cannot be read */
export async function removeRoutes(kernel: NetworkKernel, protocol: number): Promise<CleanupPass> {
  const found: KernelRoute[] = []
  await kernel.links()
  for (const family of [4, 6] as const) await kernel.routes(family, protocol, (route) => found.push(route))
  const problems: string[] = []
  for (let at = 0; at < found.length; at += kernel.batchSize) {
    const batch = found.slice(at, at + kernel.batchSize)
    for (const { family, bytes, length, metric, hop } of batch)
      kernel.change({ operation: 'delete', family, address: bytes, length, protocol, metric, hop })
    for (const refusal of await kernel.flush()) {
      const route = batch[refusal.at]
      if (route !== undefined && refusal.errno !== 'ESRCH') problems.push(`route ${formatPrefix(route)}: ${refusalText(refusal)}`)
    }
  }
  return { found: { routes: found.length }, problems }
}

/** Removes our addresses from the tunnel device, and takes it down unless others use it too. @throws when the kernel cannot be read */
export async function removeTunnelAddresses(kernel: NetworkKernel): Promise<CleanupPass> {
  const link = (await kernel.links()).find(({ name, ipip }) => name === TUNNEL && ipip)
  if (link === undefined) return { found: { tunnelAddresses: 0 }, problems: [] }
  const addresses = (await kernel.addresses(link)).filter(({ family }) => family === 4)
  const problems: string[] = []
  for (const step of planRemoval({ link, addresses })) {
    const refusal = await go(kernel, link, step)
    if (refusal !== undefined) problems.push(`tunnel ${TUNNEL}: ${refusalText(refusal)}`)
  }
  return { found: { tunnelAddresses: addresses.filter(isOurs).length }, problems }
}

function go(kernel: NetworkKernel, link: KernelLink, step: TunnelStep): ReturnType<NetworkKernel['changeLink']> {
  return step.type === 'remove-address' ? kernel.changeAddress('delete', step.address) : kernel.changeLink(link, { up: false })
}
