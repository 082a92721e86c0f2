/** From the configuration to whom the speaker tells of its sessions and routes; pure. */
import type { MonitorSettings } from '../bgp/peer.ts'
import type { Config } from './config.ts'

export function monitorSettings({ monitors = [], mrt }: Config['bgp'], node: MonitorSettings['node']): MonitorSettings {
  return { node, collectors: monitors, ...(mrt !== undefined && { mrt }) }
}
