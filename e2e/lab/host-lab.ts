import type { Test } from 'tap'
import { Pod } from './pod.ts'
import type { Probe } from './pod-messages.ts'
import { SingleNode } from './single-node.ts'

export type Row = readonly [title: string, from: Pod, probe: Probe, through: boolean]

/**
 * The lab of one node with more than pods on it: `outside` is a machine at its eth0 (both families), `beyond` one at its eth1, `host` the
 * node's own processes, `web` (both families) and `other` are pods. All answer on 8080; host, outside and web on TCP 22, 9000 and 9001 too.
 */
export class HostLab {
  readonly lab: SingleNode
  readonly host: Pod
  readonly beyond: Pod
  readonly web: Pod
  readonly other: Pod

  private constructor(lab: SingleNode, host: Pod, beyond: Pod, [web, other]: readonly [Pod, Pod]) {
    this.lab = lab
    this.host = host
    this.beyond = beyond
    this.web = web
    this.other = other
  }

  static async create(): Promise<HostLab> {
    const lab = await SingleNode.create()
    try {
      const { namespace, outside } = lab
      const beyond = await lab.addMachine({ name: 'beyond', address: '10.98.0.9', hostInterface: 'eth1', gateway: '10.98.0.1' })
      await namespace.ip('addr', 'add', '10.98.0.1/24', 'dev', 'eth1')
      await namespace.ip('link', 'set', 'eth1', 'up')
      await namespace.ip('addr', 'add', `${host6}/64`, 'dev', 'eth0', 'nodad')
      await outside.addIpv6(namespace, outside6, 'eth0')
      await lab.node.start()
      const host = await Pod.at(namespace, 'host', '10.99.0.1')
      const [web, other] = await lab.addPods({ name: 'web', host: 10, ipv6: true }, { name: 'other', host: 11 })
      for (const at of [host, outside, web]) for (const port of [22, 9000, 9001]) await at.listen('tcp', port)
      return new HostLab(lab, host, beyond, [web, other])
    } catch (error) {
      await lab.remove()
      throw error
    }
  }
}

export const host6 = 'fd00:99::1'
export const outside6 = 'fd00:99::9'
export const web6 = 'fd00:244:1::10'

export const tcp = (address: string, port = 8080): Probe => ({ protocol: 'tcp', to: address, port })
export const udp = (address: string, port = 8080): Probe => ({ protocol: 'udp', to: address, port })
export const icmp = (address: string): Probe => ({ protocol: 'icmp', to: address })

/** Tries all rows at once. */
export async function verdicts(t: Test, rows: readonly Row[]): Promise<void> {
  const seen = await Promise.all(rows.map(async ([title, from, probe, through]) => [title, await from.isThrough(probe, through)]))
  t.strictSame(
    seen,
    rows.map(([title, , , through]) => [title, through]),
  )
}

/** A HostEndpoint of the lab's node with the label host=NAME. @param spec the rest of it, as in flow style: "interfaceName: eth0" */
export const hep = (name: string, spec: string, labels = `{ host: ${name} }`) => `
apiVersion: projectcalico.org/v3
kind: HostEndpoint
metadata: { name: ${name}, labels: ${labels} }
spec: { node: node-n, ${spec} }
`

export const gnp = (name: string, spec: string) => `
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: ${name} }
spec: ${spec}
`

export const eth0 = hep('eth0', 'interfaceName: eth0')

/** A rule on TCP ports: "8080, 9000". */
export const onPorts = (action: string, ports: string, side = 'destination') =>
  `{ action: ${action}, protocol: TCP, ${side}: { ports: [${ports}] } }`
