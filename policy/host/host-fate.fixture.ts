/** A node with host endpoints and two pods, and what becomes of packets there: all of a compiled graph walked through. */

import type { Resource } from '../../src/model/resource.ts'
import type { PolicyRule } from '../../src/model/rule-shape.ts'
import type { IpAddress } from '../../src/net/address.ts'
import type { Packet, Ruleset } from '../chain-walk.ts'
import { PolicyGraph, type PolicyGraphOptions } from '../graph.ts'
import { endpoint, hostEndpoint } from '../test-resources.ts'
import { arrives, leaves } from './packet-path.fixture.ts'

export const allow: PolicyRule = { action: 'Allow' }
export const deny: PolicyRule = { action: 'Deny' }
export const toPort = (action: PolicyRule['action'], ...ports: number[]): PolicyRule => ({
  action,
  protocol: 'TCP',
  destination: { ports },
})
export const fromPort = (action: PolicyRule['action'], ...ports: number[]): PolicyRule => ({ action, protocol: 'TCP', source: { ports } })

export const pods = [
  endpoint('a', { interfaceName: 'torta', ipNetworks: ['10.0.0.1/32', 'fd00::1/128'] }),
  endpoint('b', { interfaceName: 'tortb', ipNetworks: ['10.0.0.2/32', 'fd00::2/128'] }),
]

const workloadAddresses: ReadonlyMap<string, string> = new Map([
  ['torta', '10.0.0.1'],
  ['tortb', '10.0.0.2'],
])

export type Addresses = Readonly<Record<string, readonly string[]>>

export function rulesetOf(resources: readonly Resource[], options: Partial<PolicyGraphOptions> = {}, addresses: Addresses = {}): Ruleset {
  const graph = new PolicyGraph({ nodeName: 'n1', interfacePrefix: 'tort', ipv6: true, ...options })
  graph.setAddresses(new Map(Object.entries(addresses).map(([name, own]) => [name, new Set(own)])))
  for (const one of [...pods, ...resources]) graph.put(one)
  return graph.compile()
}

export const v4 = {
  inInterface: '',
  outInterface: '',
  source: '192.0.2.9' as IpAddress,
  destination: '192.0.2.1' as IpAddress,
  protocol: 6,
  sourcePort: 40_000,
  destinationPort: 80,
  state: 'NEW',
  mark: 0,
} as const satisfies Packet
export const v6 = { ...v4, source: '2001:db8::9' as IpAddress, destination: '2001:db8::1' as IpAddress }

/** "eth0 > host 22", "host > eth0 80", "eth0 > eth1 80", "torta > eth0", with "6: " before it for IPv6, "reply" behind it for one of a known connection. */
export function fate(ruleset: Ruleset, text: string, changes: Partial<Packet> = {}): string {
  const [, six, from = '', to = '', port = '80', reply] = /^(6: )?(\S+) > (\S+) ?(\d*) ?(reply)?$/.exec(text) ?? []
  const base = six === undefined ? v4 : v6
  const packet: Packet = {
    ...base,
    ...(six === undefined && workloadAddresses.has(from) && { source: workloadAddresses.get(from) as IpAddress }),
    inInterface: from === 'host' ? '' : from,
    outInterface: to === 'host' ? '' : to,
    destinationPort: Number(port || 80),
    ...(reply !== undefined && { state: 'ESTABLISHED' }),
    ...changes,
  }
  const { verdict, at } = from === 'host' ? leaves(ruleset, packet) : arrives(ruleset, packet)
  return verdict === 'drop' ? `drop in ${at}` : verdict
}

/** The host endpoint of eth0 with the label `host`, and flags that select it. */
export const closed = hostEndpoint('eth0')
export const forwarding = { applyOnForward: true, selector: 'has(host)' }

export type Case = readonly [
  title: string,
  resources: readonly Resource[],
  packets: Readonly<Record<string, string>>,
  options?: Partial<PolicyGraphOptions>,
]

/** What becomes of the packets of a case, in its own form. */
export function fatesOf([, resources, packets, options = {}]: Case): Readonly<Record<string, string>> {
  const ruleset = rulesetOf(resources, options)
  return Object.fromEntries(Object.keys(packets).map((text) => [text, fate(ruleset, text)]))
}
