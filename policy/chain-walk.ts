/** Walks chains for one packet as the kernel would: what rendered chains say, without a kernel. */
import type { Chain, Hook, IpSet, Match, PortRange, Rule, TableName } from '../felix/kernel.ts'
import { type Family, familyOf, type IpAddress } from '../src/net/address.ts'
import { containsPrefix, parsePrefix } from '../src/net/prefix.ts'
import { kernelProtocol, protocolNumber } from './protocol.ts'

/** @property inInterface '' for what the host sends; @property outInterface '' for what it receives */
export type Packet = {
  readonly inInterface: string
  readonly outInterface: string
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly protocol: number
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly icmpType?: number
  readonly icmpCode?: number
  readonly state: 'NEW' | 'ESTABLISHED' | 'RELATED' | 'INVALID' | 'UNTRACKED'
  /** Whether its destination was changed on the way. */
  readonly dnat?: boolean
  /** Whether the route back to the source is not through `inInterface`. */
  readonly reversePathFails?: boolean
  /** Which of its ends are addresses of this host; must be said where rules ask for it. */
  readonly local?: readonly ('source' | 'destination')[]
  readonly mark: number
}

export type Ruleset = { readonly chains: readonly Chain[]; readonly hooks: readonly Hook[]; readonly ipSets: readonly IpSet[] }

/**
 * `end`: all rules were walked and none was final: the kernel chain's own policy decides.
 * @property log prefixes of LOG and NFLOG rules passed  @property untracked whether conntrack was told to leave the packet alone
 */
export type WalkResult = {
  readonly verdict: 'accept' | 'drop' | 'end'
  readonly mark: number
  readonly log: readonly string[]
  readonly untracked: boolean
}

/**
 * @param kernelChain where the packet enters: our inserted hooks, then the appended ones
 * @throws Error on what a kernel would refuse to load: a missing chain or set, ports without a protocol
 */
export function walk(ruleset: Ruleset, table: TableName, kernelChain: string, packet: Packet): WalkResult {
  const walker = new Walker(ruleset, table, packet)
  const hooks = ruleset.hooks.filter((hook) => hook.family === walker.family && hook.table === table && hook.kernelChain === kernelChain)
  const rules = (['insert', 'append'] as const).flatMap((at) => hooks.filter((hook) => hook.at === at).map(({ rule }) => rule))
  const verdict = walker.run(rules)
  return { verdict: verdict === 'return' ? 'end' : verdict, mark: walker.mark, log: walker.log, untracked: walker.untracked }
}

type Outcome = 'accept' | 'drop' | 'return'

class Walker {
  readonly family: Family
  mark: number
  untracked = false
  readonly log: string[] = []
  readonly #packet: Packet
  readonly #chains: ReadonlyMap<string, Chain>
  readonly #sets: ReadonlyMap<string, IpSet>

  constructor({ chains, ipSets }: Ruleset, table: TableName, packet: Packet) {
    const family = familyOf(packet.source)
    this.family = family
    this.mark = packet.mark
    this.#packet = packet
    this.#chains = new Map(chains.filter((chain) => chain.family === family && chain.table === table).map((chain) => [chain.name, chain]))
    this.#sets = new Map(ipSets.filter((set) => set.family === family).map((set) => [set.name, set]))
  }

  run(rules: readonly Rule[]): Outcome {
    for (const { match, action } of rules) {
      checkOrder(match)
      if (!match.every((one) => this.#matches(one))) continue
      switch (action.type) {
        case 'accept':
        case 'drop':
        case 'return':
          return action.type
        case 'reject':
          return 'drop'
        case 'masquerade':
          return 'accept'
        case 'log':
        case 'nflog':
          this.log.push(action.prefix)
          break
        case 'no-track':
          this.untracked = true
          break
        case 'set-mark':
          this.mark = ((this.mark & ~action.mask) ^ action.value) >>> 0
          break
        case 'goto':
          return this.run(this.#rulesOf(action.chain))
        case 'jump': {
          const outcome = this.run(this.#rulesOf(action.chain))
          if (outcome !== 'return') return outcome
        }
      }
    }
    return 'return'
  }

  #rulesOf(name: string): readonly Rule[] {
    const chain = this.#chains.get(name)
    if (chain === undefined) throw new Error(`no chain ${name}`)
    return chain.rules
  }

  #matches(match: Match): boolean {
    const negated = 'negated' in match && match.negated === true
    return this.#holds(match) !== negated
  }

  #holds(match: Match): boolean {
    const packet = this.#packet
    switch (match.type) {
      case 'in-interface':
        return isInterface(match.name, packet.inInterface)
      case 'out-interface':
        return isInterface(match.name, packet.outInterface)
      case 'protocol':
        return protocolNumber(match.protocol) === packet.protocol
      case 'source-net':
        return inNet(match.net, packet.source)
      case 'destination-net':
        return inNet(match.net, packet.destination)
      case 'source-set':
        return this.#inSet(match.set, match.withPort === true, packet.source, packet.sourcePort)
      case 'destination-set':
        return this.#inSet(match.set, match.withPort === true, packet.destination, packet.destinationPort)
      case 'source-ports':
        return inRanges(match.ports, packet.sourcePort)
      case 'destination-ports':
        return inRanges(match.ports, packet.destinationPort)
      case 'icmp':
        return packet.icmpType === match.icmpType && (match.code === undefined || match.code === packet.icmpCode)
      case 'mark':
        return (this.mark & match.mask) >>> 0 === match.value
      case 'conntrack':
        return match.states.some((state) => (state === 'DNAT' ? packet.dnat === true : state === packet.state))
      case 'reverse-path':
        return packet.reversePathFails === true
      case 'limit':
        return true
      case 'address-type':
        if (packet.local === undefined || match.addressType !== 'LOCAL') throw new Error('address-type needs the routing table')
        return packet.local.includes(match.side)
    }
  }

  #inSet(name: string, withPort: boolean, address: IpAddress, port: number | undefined): boolean {
    const set = this.#sets.get(name)
    if (set === undefined) throw new Error(`no set ${name} of IPv${this.family}`)
    if (withPort !== (set.type === 'hash:ip,port')) throw new Error(`set ${name} is ${set.type}`)
    if (withPort) return set.members.has(`${address},${kernelProtocol(this.#packet.protocol)}:${port}`)
    if (set.type === 'hash:ip') return set.members.has(address)
    return [...set.members].some((net) => inNet(net, address))
  }
}

const onceARule: ReadonlySet<Match['type']> = new Set(['protocol', 'source-net', 'destination-net', 'in-interface', 'out-interface'])

/** Matches that iptables refuses without the protocol before them, or twice. */
function checkOrder(match: readonly Match[]): void {
  const once = match.map(({ type }) => type).filter((type) => onceARule.has(type))
  if (new Set(once).size < once.length) throw new Error(`two matches of one kind in a rule: ${once.join()}`)
  const needs = match.findIndex(({ type }) => type === 'source-ports' || type === 'destination-ports' || type === 'icmp')
  const at = match.findIndex((one) => one.type === 'protocol' && one.negated !== true)
  if (needs !== -1 && (at === -1 || at > needs)) throw new Error('ports or ICMP type without a protocol before them')
  for (const one of match) {
    if (one.type !== 'source-ports' && one.type !== 'destination-ports') continue
    const slots = one.ports.reduce((sum, { from, to }) => sum + (from === to ? 1 : 2), 0)
    if (slots > 15) throw new Error('more than 15 slots of multiport')
  }
}

function isInterface(pattern: string, name: string): boolean {
  return pattern.endsWith('+') ? name !== '' && name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function inNet(net: string, address: IpAddress): boolean {
  const outer = parsePrefix(net)
  const inner = parsePrefix(address)
  return outer !== undefined && inner !== undefined && containsPrefix(outer, inner)
}

function inRanges(ranges: readonly PortRange[], port: number | undefined): boolean {
  return port !== undefined && ranges.some(({ from, to }) => from <= port && port <= to)
}
