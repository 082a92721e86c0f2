/** The kinds of packets that tell rules apart: from the ports and ICMP types that rules and endpoints name to one flow for each. */
import type { PortRange } from '../../felix/kernel.ts'
import type { Family } from '../../src/net/address.ts'
import type { Rule } from '../policy.ts'
import { readPorts } from '../port-list.ts'
import { icmpProtocol, kernelProtocol, protocolNumber, protocolsWithPorts } from '../protocol.ts'
import type { Flow } from './flow.ts'

/** @property label "tcp/80", "tcp/8000:8010", "any other tcp port", "ping", "icmp/13", "protocol 47" @property packet with the ports of the one it stands for */
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
const echoRequest = { 4: 8, 6: 128 } as const

/** Which destination ports a rule tells apart. Its named ports are those of the endpoints. */
export function portsOfRule(rule: Rule): readonly NamedPorts[] {
  const protocol = protocolNumber(rule.protocol)
  if (protocol === undefined) return []
  const { ports = [], notPorts = [] } = rule.destination
  const ranges = readPorts([...ports, ...notPorts]).ranges.map((range) => ({ protocol, range }))
  return protocol === sctp && ranges.length === 0 ? [{ protocol, range: { from: 1, to: 1 } }] : ranges
}

/** Which packets without ports a rule tells apart: ICMP types of the family, and protocols. */
export function portlessOfRule({ protocol, notProtocol, icmp = {}, notICMP = {} }: Rule, family: Family): readonly Probe[] {
  const numbers = [protocol, notProtocol].flatMap((one) => protocolNumber(one) ?? [])
  const ofFamily = icmpProtocol(family)
  const types = numbers.includes(ofFamily) ? [icmp, notICMP] : []
  const others = numbers.filter((number) => !protocolsWithPorts.has(number) && number !== icmpProtocol(4) && number !== icmpProtocol(6))
  return [
    ...types.flatMap(({ type, code }) => (type === undefined ? [] : [icmpProbe(family, type, code)])),
    ...others.map((number): Probe => {
      const name = kernelProtocol(number)
      return { label: typeof name === 'string' ? name : `protocol ${name}`, protocol: number, packet: { protocol: number } }
    }),
  ]
}

/**
 * One probe for each stretch of ports that no rule tells apart, one for all other ports, and a ping. Of SCTP only where something names it.
 * @param named of all rules and endpoints that may meet @param portless the same; each label once
 */
export function probesFor(named: readonly NamedPorts[], portless: readonly Probe[], family: Family): readonly Probe[] {
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
  const byLabel = new Map([icmpProbe(family, echoRequest[family]), ...portless].map((probe) => [probe.label, probe]))
  return [...transport, ...others, ...byLabel.values()]
}

function icmpProbe(family: Family, icmpType: number, icmpCode = 0): Probe {
  const protocol = icmpProtocol(family)
  const code = icmpCode === 0 ? '' : `/${icmpCode}`
  const isPing = icmpType === echoRequest[family] && code === ''
  return { label: isPing ? 'ping' : `${kernelProtocol(protocol)}/${icmpType}${code}`, protocol, packet: { protocol, icmpType, icmpCode } }
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
