import type { Family } from '../../src/net/address.ts'
import { parsePrefix } from '../../src/net/prefix.ts'
import type { Action, Match, PortRange, Rule, TableName } from '../kernel.ts'
import { AttributeWriter, machineU32, networkU16 } from './attribute-writer.ts'
import { conntrackMatch } from './conntrack-match.ts'
import { accept, backToCaller, drop, Expressions, fibFlags, fibResults, goTo, jumpTo, metaKeys, type Payload } from './expressions.ts'
import { interfaceKey, protocolNumber } from './keys.ts'
import { chainName, setName } from './names.ts'

/** Ports that one rule asks for and no single comparison can: a set without a name, made just before the rule. */
export type PortSet = { readonly id: number; readonly ports: readonly PortRange[] }

/** @property expressions the list NFTA_RULE_EXPRESSIONS, which names the sets by their ids */
export type EncodedRule = { readonly expressions: Buffer; readonly portSets: readonly PortSet[] }

/** @property nextSetId the first that is free in the transaction */
export type RuleContext = { readonly family: Family; readonly table: TableName; readonly nextSetId: number }

const secondsPer = { second: 1, minute: 60, hour: 3_600, day: 86_400 } as const
/** RTN_LOCAL and RTN_UNICAST. */
const addressTypes = { LOCAL: 2, UNICAST: 1 } as const
/** Whether there is a way back to the source by the interface that the packet came from, for its mark. */
const REVERSE_PATH = fibFlags.saddr | fibFlags.mark | fibFlags.iif | fibFlags.present
/** The kernel keeps NF_LOG_PREFIXLEN octets with the closing zero. */
const PREFIX_LENGTH = 127
const NOTICE = 5
const EVERYTHING = 0xffff_ffff

/**
 * A rule as nf_tables runs it. Every match is counted behind all of them, as iptables counts.
 *
 * @param writer holds what is returned, until the next rule is encoded with it
 * @throws Error for what no rule can say
 */
export function encodeRule(rule: Rule, context: RuleContext, writer: AttributeWriter = new AttributeWriter()): EncodedRule {
  writer.clear()
  const encoder = new RuleEncoder(new Expressions(writer), context)
  for (const match of rule.match) encoder.match(match)
  encoder.finish(rule.action)
  return { expressions: writer.bytes, portSets: encoder.portSets }
}

/** The lookup that stands for a dispatch of interfaces. */
export function encodeDispatch(by: 'in-interface' | 'out-interface', map: string): EncodedRule {
  const writer = new AttributeWriter()
  const out = new Expressions(writer)
  out
    .loadMeta(by === 'in-interface' ? metaKeys.iifname : metaKeys.oifname)
    .counter()
    .verdictOf(map)
  return { expressions: writer.bytes, portSets: [] }
}

class RuleEncoder {
  readonly portSets: PortSet[] = []
  readonly #out: Expressions
  readonly #context: RuleContext

  constructor(out: Expressions, context: RuleContext) {
    this.#out = out
    this.#context = context
  }

  match(match: Match): Expressions {
    const out = this.#out
    const is = 'negated' in match && match.negated ? 'neq' : 'eq'
    switch (match.type) {
      case 'in-interface':
      case 'out-interface':
        return this.#interface(match.type === 'in-interface' ? metaKeys.iifname : metaKeys.oifname, match.name, is)
      case 'protocol':
        return out.loadMeta(metaKeys.l4proto).compare(is, Uint8Array.of(protocolNumber(match.protocol)))
      case 'source-net':
      case 'destination-net':
        return this.#net(this.#address(match.type === 'source-net'), match.net, is)
      case 'source-set':
      case 'destination-set':
        return this.#set(match)
      case 'source-ports':
      case 'destination-ports':
        return this.#ports(port(match.type === 'source-ports'), match.ports, is)
      case 'icmp':
        return this.#icmp(match.icmpType, match.code, is)
      case 'mark':
        return out.loadMeta(metaKeys.mark).bitwise(machineU32(match.mask), machineU32(0)).compare(is, machineU32(match.value))
      case 'conntrack':
        return conntrackMatch(out, match.states, match.negated === true)
      case 'address-type':
        return this.#addressType(match.side === 'source' ? fibFlags.saddr : fibFlags.daddr, addressTypes[match.addressType])
      case 'reverse-path':
        return out.loadFib(fibResults.oif, REVERSE_PATH).compare('eq', machineU32(0))
      case 'limit':
        return out.limit(match.count, secondsPer[match.per], match.burst)
    }
  }

  /** Counts, then acts. */
  finish(action: Action): Expressions {
    const out = this.#out
    out.counter()
    switch (action.type) {
      case 'accept':
        return out.verdict(accept)
      case 'drop':
        return out.verdict(drop)
      case 'return':
        return out.verdict(backToCaller)
      case 'reject':
        return out.reject(this.#context.family === 4 ? 3 : 4)
      case 'masquerade':
        return out.bare('masq')
      case 'jump':
        return out.verdict(jumpTo(this.#chain(action.chain)))
      case 'goto':
        return out.verdict(goTo(this.#chain(action.chain)))
      case 'set-mark':
        return this.#setMark(action.value, action.mask)
      case 'log':
        return out.log(plainText(action.prefix), NOTICE)
      case 'nflog':
        return out.logTo(action.group, plainText(action.prefix))
      case 'no-track':
        return out.bare('notrack')
    }
  }

  #chain(name: string): string {
    return chainName({ table: this.#context.table, name })
  }

  /** A name is compared with its closing zero, the beginning of a name ("tort+") without. */
  #interface(key: number, name: string, is: 'eq' | 'neq'): Expressions {
    const beginning = name.endsWith('+') ? name.slice(0, -1) : undefined
    if (beginning === '' && is === 'eq') return this.#out
    return this.#out.loadMeta(key).compare(is, beginning === undefined ? interfaceKey(name) : Buffer.from(beginning))
  }

  #address(isSource: boolean): Payload {
    const length = this.#context.family === 4 ? 4 : 16
    const first = this.#context.family === 4 ? 12 : 8
    return { base: 'network', offset: isSource ? first : first + length, length }
  }

  #net(address: Payload, text: string, is: 'eq' | 'neq'): Expressions {
    const prefix = parsePrefix(text)
    if (prefix === undefined) throw new Error(`"${text}" is no network`)
    const octets = prefix.length / 8
    if (Number.isInteger(octets) && octets > 0) {
      return this.#out.loadPayload({ ...address, length: octets }).compare(is, prefix.bytes.subarray(0, octets))
    }
    const mask = maskOf(prefix.length, address.length)
    return this.#out.loadPayload(address).bitwise(mask, new Uint8Array(address.length)).compare(is, prefix.bytes)
  }

  #set(match: Extract<Match, { type: 'source-set' | 'destination-set' }>): Expressions {
    const isSource = match.type === 'source-set'
    const address = this.#address(isSource)
    this.#out.loadPayload(address)
    if (match.withPort) {
      const slot = address.length / 4
      this.#out.loadMeta(metaKeys.l4proto, slot).loadPayload(port(isSource), slot + 1)
    }
    return this.#out.lookup(setName(match.set), { negated: match.negated })
  }

  #ports(at: Payload, ports: readonly PortRange[], is: 'eq' | 'neq'): Expressions {
    const out = this.#out.loadPayload(at)
    const [first] = ports
    if (first === undefined || ports.length > 1) {
      const id = this.#context.nextSetId + this.portSets.length
      this.portSets.push({ id, ports })
      return out.lookup(ANONYMOUS_SET, { negated: is === 'neq', id })
    }
    const [from, to] = [networkU16(first.from), networkU16(first.to)]
    if (first.from === first.to) return out.compare(is, from)
    if (is === 'neq') return out.outsideRange(from, to)
    return out.compare('gte', from).compare('lte', to)
  }

  #icmp(type: number, code: number | undefined, is: 'eq' | 'neq'): Expressions {
    const value = code === undefined ? Uint8Array.of(type) : Uint8Array.of(type, code)
    return this.#out.loadPayload({ base: 'transport', offset: 0, length: value.length }).compare(is, value)
  }

  #addressType(side: number, type: number): Expressions {
    return this.#out.loadFib(fibResults.addressType, side).compare('eq', machineU32(type))
  }

  #setMark(value: number, mask: number): Expressions {
    const out = this.#out.loadMeta(metaKeys.mark)
    return out.bitwise(machineU32(EVERYTHING & ~mask), machineU32(value)).setMeta(metaKeys.mark)
  }
}

/** The kernel puts a number for "%d". */
export const ANONYMOUS_SET = '__set%d'

/** Free text may hold what a user wrote: whatever is not printable ASCII becomes "?", and quotes, which `nft list` would not escape, "'". */
export function plainText(text: string, length: number = PREFIX_LENGTH): string {
  return text
    .replaceAll(/[^ -~]/g, '?')
    .replaceAll(/["\\]/g, "'")
    .slice(0, length)
}

function port(isSource: boolean): Payload {
  return { base: 'transport', offset: isSource ? 0 : 2, length: 2 }
}

function maskOf(length: number, octets: number): Uint8Array {
  return Uint8Array.from({ length: octets }, (_, i) => (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff)
}
