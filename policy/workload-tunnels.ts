/** Tunnel packets that workloads make themselves: in one, a workload could write any inner source (Calico drops them as well). */
import type { Rule } from '../felix/kernel.ts'

/** Which tunnels workloads may make all the same (FelixConfiguration's `allowIPIPPacketsFromWorkloads` and its like for VXLAN). @property vxlanPort UDP */
export type AllowedTunnels = { readonly ipip: boolean; readonly vxlan: boolean; readonly vxlanPort: number }

/** IANA */
export const defaultVxlanPort = 4789

export const noTunnels: AllowedTunnels = { ipip: false, vxlan: false, vxlanPort: defaultVxlanPort }

/** Of either family, before anything accepts the packet: an established conversation makes a tunnel no better, nor does IPv6 around it. */
export function tunnelRules(allowed: AllowedTunnels): readonly Rule[] {
  const vxlan: Rule = {
    match: [
      { type: 'protocol', protocol: 'udp' },
      { type: 'destination-ports', ports: [{ from: allowed.vxlanPort, to: allowed.vxlanPort }] },
    ],
    action: { type: 'drop' },
    comment: 'Drop VXLAN made by a workload',
  }
  const ipip: Rule = { match: [{ type: 'protocol', protocol: 4 }], action: { type: 'drop' }, comment: 'Drop IP-in-IP made by a workload' }
  return [...(allowed.vxlan ? [] : [vxlan]), ...(allowed.ipip ? [] : [ipip])]
}
