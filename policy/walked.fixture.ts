/** Policies as the packets of a small cluster meet them: what the rendered chains say, without a kernel. */
import type { Resource } from '../src/model/resource.ts'
import type { IpAddress } from '../src/net/address.ts'
import { type Packet, type Ruleset, type WalkResult, walk } from './chain-walk.ts'
import { PolicyGraph } from './graph.ts'
import { endpoint } from './test-resources.ts'

type LabelRecord = Readonly<Record<string, string>>

/** A pod `tortN` of this node with 10.0.0.N and fd00::N. */
export function pod(number: number, labels: LabelRecord = {}, namespace = 'shop', ports: readonly NamedPort[] = []) {
  const ipNetworks = [`10.0.0.${number}/32`, `fd00::${number}/128`]
  return endpoint(`p${number}`, { interfaceName: `tort${number}`, ipNetworks, ports }, labels, namespace)
}

type NamedPort = { readonly name: string; readonly protocol: string; readonly port: number }

export function rulesetOf(resources: readonly Resource[]): Ruleset {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true })
  for (const resource of resources) graph.put(resource)
  return graph.compile()
}

/**
 * A first packet, as text: "1 > 2 tcp 80", "1 > 2 udp 5:53" (source port 5), "1 > 2 icmp 8/0", "1 > 192.0.2.9 47". Numbers are pods;
 * a 6 before the arrow's ends ("6: 1 > 2 tcp 80") makes it IPv6.
 */
export function packet(text: string): Packet {
  const [, family = '', from = '', to = '', protocol = '', rest = ''] = /^(6: )?(\S+) > (\S+) (\S+) ?(\S*)$/.exec(text) ?? []
  const base = family === '' ? '10.0.0.' : 'fd00::'
  const number = protocols[protocol] ?? Number(protocol)
  return {
    ...(number === 1 || number === 58 ? icmpOf(rest) : portsOf(rest)),
    inInterface: isPod(from) ? `tort${from}` : 'eth0',
    outInterface: isPod(to) ? `tort${to}` : 'eth0',
    source: (isPod(from) ? base + from : from) as IpAddress,
    destination: (isPod(to) ? base + to : to) as IpAddress,
    protocol: number,
    state: 'NEW',
    mark: 0,
  }
}

/** What becomes of it on its way through the node; and what was logged. */
export function forwarded(ruleset: Ruleset, text: string): WalkResult {
  return walk(ruleset, 'filter', 'FORWARD', packet(text))
}

const protocols: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132, udplite: 136 }

function isPod(end: string): boolean {
  return /^\d+$/.test(end)
}

function icmpOf(text: string) {
  const [type = 8, code = 0] = text === '' ? [] : text.split('/').map(Number)
  return { icmpType: type, icmpCode: code }
}

function portsOf(text: string) {
  if (text === '') return {}
  const [first = 0, second] = text.split(':').map(Number)
  return second === undefined ? { sourcePort: 40_000, destinationPort: first } : { sourcePort: first, destinationPort: second }
}
