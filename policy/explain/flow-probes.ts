/** The kinds of packets that tell rules apart: from the ports and ICMP types that rules and endpoints name to one flow for each. */
import type { PortRange } from '../../felix/kernel.ts'
import type { Rule } from '../policy.ts'
import { readPorts } from '../port-list.ts'
import { kernelProtocol, protocolNumber } from '../protocol.ts'
import type { Flow } from './flow.ts'

/** @property label "tcp/80", "tcp/8000:8010", "any other tcp port", "icmp" @property packet with the ports of the one it stands for */
export type Probe = {
  readonly label: string
  readonly protocol: number
  readonly packet: Pick<Flow, 'protocol' | 'sourcePort' | 'destinationPort' | 'icmpType' | 'icmpCode'>
}

/** Ports of one protocol that something names. */
type NamedPorts = { readonly protocol: number; readonly range: PortRange }

const [tcp, udp, sctp] = [6, 17, 132]
/** An ephemeral port: rules on source ports are met by few. */
const sourcePort = 54_321
const maxPort = 65_535

/** Which destination ports a rule tells apart. Its named ports are those of the endpoints. */
export function portsOfRule(rule: Rule): readonly NamedPorts[] {
  const protocol = protocolNumber(rule.protocol)
  if (protocol === undefined) return []
  const { ports = [], notPorts = [] } = rule.destination
  const ranges = readPorts([...ports, ...notPorts]).ranges.map((range) => ({ protocol, range }))
  return protocol === sctp && ranges.length === 0 ? [{ protocol, range: { from: 1, to: 1 } }] : ranges
}

/**
 * One probe for each stretch of ports that no rule tells apart, one for all other ports, and a ping. Of SCTP only where something names it.
 * @param named of all rules and endpoints that may meet
 */
export function probesFor(named: readonly NamedPorts[], family: 4 | 6): readonly Probe[] {
  const inUse = named.some(({ protocol }) => protocol === sctp) ? [tcp, udp, sctp] : [tcp, udp]
  const transport = inUse.flatMap((protocol) =>
    stretches(named.filter((one) => one.protocol === protocol).map(({ range }) => range)).map((range) => portProbe(protocol, range)),
  )
  const others = inUse.flatMap((protocol) =>
    otherPort(
      named.filter((one) => one.protocol === protocol).map(({ range }) => range),
      protocol,
    ),
  )
  const icmp = family === 4 ? 1 : 58
  const ping: Probe = { label: 'ping', protocol: icmp, packet: { protocol: icmp, icmpType: family === 4 ? 8 : 128, icmpCode: 0 } }
  return [...transport, ...others, ping]
}

function portProbe(protocol: number, { from, to }: PortRange): Probe {
  const label = `${kernelProtocol(protocol)}/${from === to ? from : `${from}:${to}`}`
  return { label, protocol, packet: { protocol, sourcePort, destinationPort: from } }
}

function otherPort(ranges: readonly PortRange[], protocol: number): readonly Probe[] {
  const isNamed = (port: number) => ranges.some(({ from, to }) => from <= port && port <= to)
  let port = maxPort
  while (port > 0 && isNamed(port)) port--
  const label = ranges.length === 0 ? `any ${kernelProtocol(protocol)} port` : `any other ${kernelProtocol(protocol)} port`
  return port === 0 ? [] : [{ label, protocol, packet: { protocol, sourcePort, destinationPort: port } }]
}

/** The ranges cut where any of them begins or ends: within one piece none tells ports apart. */
function stretches(ranges: readonly PortRange[]): readonly PortRange[] {
  const cuts = [...new Set(ranges.flatMap(({ from, to }) => [from, to + 1]))].toSorted((a, b) => a - b)
  return cuts
    .map((from, i) => ({ from, to: (cuts[i + 1] ?? from + 1) - 1 }))
    .filter(({ from }) => ranges.some((range) => range.from <= from && from <= range.to))
}
