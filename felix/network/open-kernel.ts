import type { Logger } from 'pino'
import type { Run } from '../../src/os/process.ts'
import { IpKernel } from './ip-kernel.ts'
import { IpMonitor } from './ip-monitor.ts'
import type { Monitor, MonitorDependencies } from './monitor.ts'
import { NetlinkKernel } from './netlink-kernel.ts'
import { NetlinkMonitor } from './netlink-monitor.ts'
import type { NetworkKernel } from './network-kernel.ts'

export type OpenKernelDependencies = { readonly run: Run; readonly log: Pick<Logger, 'warn'> }

/** Netlink, or the program `ip` where netlink cannot be reached (no koffi for this machine, a sandbox). */
export async function openKernel({ run, log }: OpenKernelDependencies): Promise<NetworkKernel> {
  try {
    return await NetlinkKernel.open()
  } catch (error) {
    log.warn({ err: error }, 'netlink cannot be used; routes are programmed with the program ip, which is slower')
    return new IpKernel(run)
  }
}

/** The listener that belongs to a kernel. */
export async function openMonitor(kernel: NetworkKernel, dependencies: MonitorDependencies): Promise<Monitor> {
  return kernel.way === 'netlink' ? await NetlinkMonitor.open(kernel.port, dependencies) : new IpMonitor(dependencies)
}
