import type { PortRange } from '../../felix/kernel.ts'
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { Peer } from '../policy.ts'
import { type PortList, readPorts } from '../port-list.ts'

/** One end of a rule with its texts read. undefined where the rule asks for nothing. */
type Conditions = {
  readonly nets: readonly Prefix[] | undefined
  readonly notNets: readonly Prefix[] | undefined
  readonly ports: PortList | undefined
  readonly notPorts: PortList | undefined
}

const read = new WeakMap<Peer, Conditions>()

/** Read once for each end of a rule, as long as the rule lives. */
export function conditionsOf(peer: Peer): Conditions {
  const known = read.get(peer)
  if (known !== undefined) return known
  const conditions = {
    nets: peer.nets?.flatMap((net) => parsePrefix(net) ?? []),
    notNets: peer.notNets?.flatMap((net) => parsePrefix(net) ?? []),
    ports: peer.ports && readPorts(peer.ports),
    notPorts: peer.notPorts && readPorts(peer.notPorts),
  }
  read.set(peer, conditions)
  return conditions
}

/** Whether the address (4 or 16 octets) lies in the net; never across families. */
export function inNet({ bytes, length }: Prefix, address: Uint8Array): boolean {
  if (bytes.length !== address.length) return false
  for (let i = 0; i * 8 < length; i++) {
    const mask = (0xff00 >> Math.min(8, length - i * 8)) & 0xff
    if ((((address[i] ?? 0) ^ (bytes[i] ?? 0)) & mask) !== 0) return false
  }
  return true
}

export function inRanges(ranges: readonly PortRange[], port: number): boolean {
  return ranges.some(({ from, to }) => from <= port && port <= to)
}
