/** Ports of the host that no policy closes, so that nobody locks himself out (resource reference §6.13). */
import type { Match } from '../../felix/kernel.ts'
import { type Family, familyOf } from '../../src/net/address.ts'
import { type Cidr, parseCidr } from '../../src/net/prefix.ts'
import type { Direction } from '../names.ts'
import { multiportChunks } from '../port-list.ts'

/** @property net only to or from there; absent: any */
export type FailsafePort = { readonly protocol: 'TCP' | 'UDP' | 'SCTP'; readonly port: number; readonly net?: string }

/** By the direction in which connections are opened. */
export type FailsafePorts = Readonly<Record<Direction, readonly FailsafePort[]>>

const tcp = (...ports: readonly number[]) => ports.map((port): FailsafePort => ({ protocol: 'TCP', port }))
const udp = (...ports: readonly number[]) => ports.map((port): FailsafePort => ({ protocol: 'UDP', port }))

/** SSH, DHCP, DNS, BGP, etcd, Typha and the API server of Kubernetes. */
export const defaultFailsafePorts: FailsafePorts = {
  ingress: [...tcp(22), ...udp(68), ...tcp(179, 2379, 2380, 5473, 6443, 6666, 6667)],
  egress: [...udp(53, 67), ...tcp(179, 2379, 2380, 5473, 6443, 6666, 6667)],
}

/** Packets of one direction that open such connections, as alternatives. */
export function failsafeMatches(ports: FailsafePorts, direction: Direction, family: Family): readonly (readonly Match[])[] {
  return matches(ports[direction], 'destination', direction === 'ingress' ? 'source' : 'destination', family)
}

/** Packets of one direction that answer such connections of the other: what conntrack says elsewhere, the raw table cannot ask. */
export function failsafeReplies(ports: FailsafePorts, direction: Direction, family: Family): readonly (readonly Match[])[] {
  const opened = direction === 'ingress' ? 'egress' : 'ingress'
  return matches(ports[opened], 'source', direction === 'ingress' ? 'source' : 'destination', family)
}

type Side = 'source' | 'destination'

function matches(ports: readonly FailsafePort[], portSide: Side, netSide: Side, family: Family): readonly (readonly Match[])[] {
  const groups = Map.groupBy(
    ports.filter(({ net }) => net === undefined || familyOf(net) === family),
    ({ protocol, net = '' }) => `${protocol} ${net}`,
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const net = first.net === undefined ? [] : [{ type: `${netSide}-net` as const, net: parseCidr(first.net) ?? (first.net as Cidr) }]
    const numbers = [...new Set(group.map(({ port }) => port))].toSorted((a, b) => a - b)
    return multiportChunks(numbers.map((port) => ({ from: port, to: port }))).map((chunk): readonly Match[] => [
      { type: 'protocol', protocol: first.protocol.toLowerCase() },
      ...net,
      { type: `${portSide}-ports`, ports: chunk },
    ])
  })
}
