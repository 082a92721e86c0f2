import type { Family } from '../../src/net/address.ts'
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { IpSetType, Members } from '../kernel.ts'
import { networkU16 } from './attribute-writer.ts'
import { addressKey, interfaceKey, protocolNumber } from './keys.ts'

/**
 * A set as nf_tables has it: of addresses, of networks, of addresses with protocol and port, or a map from interface to chain.
 *
 * @property members as in `IpSet`; of a map "INTERFACE CHAIN", the chain by its name in nf_tables
 */
export type NftSet = {
  readonly family: Family
  readonly name: string
  readonly type: IpSetType | 'map'
  readonly members: Members
}

/** @property isEnd where a network ends: the first address behind it. @property chain where an interface's packets go */
export type SetElement = { readonly key: Uint8Array; readonly isEnd?: true; readonly chain?: string }

/** @property keyType as `nft` shows it. @property keyOrder 2 for keys in network order, 1 for the machine's; `nft` wants to know it */
export type SetShape = { readonly flags: number; readonly keyType: number; readonly keyLength: number; readonly keyOrder: number }

export const SET_INTERVAL = 4
export const SET_MAP = 8
// datatypes of libnftables, which it packs in 6 bits each
const [ADDRESS_4, ADDRESS_6, PROTOCOL, SERVICE, INTERFACE] = [7, 8, 12, 13, 41]

export function shapeOf({ family, type }: Pick<NftSet, 'family' | 'type'>): SetShape {
  const [address, octets] = family === 4 ? [ADDRESS_4, 4] : [ADDRESS_6, 16]
  if (type === 'map') return { flags: SET_MAP, keyType: INTERFACE, keyLength: 16, keyOrder: 1 }
  if (type === 'hash:ip,port') return { flags: 0, keyType: (address << 12) | (PROTOCOL << 6) | SERVICE, keyLength: octets + 8, keyOrder: 0 }
  return { flags: type === 'hash:net' ? SET_INTERVAL : 0, keyType: address, keyLength: octets, keyOrder: 2 }
}

/**
 * The members that are to be written: the kernel refuses networks that overlap, and one inside another says nothing new.
 *
 * @returns the members themselves where all of them are
 */
export function writtenMembers({ type, members }: Pick<NftSet, 'type' | 'members'>): Members {
  return type === 'hash:net' ? outermost(members) : members
}

/** In ascending order within a network. @throws Error for a member that is none */
export function elementsOf({ type }: Pick<NftSet, 'type'>, member: string): readonly SetElement[] {
  switch (type) {
    case 'hash:ip':
      return [{ key: addressKey(member) }]
    case 'hash:net':
      return networkElements(prefixOf(member))
    case 'hash:ip,port':
      return [{ key: portKey(member) }]
    case 'map': {
      const [name = '', chain = ''] = member.split(' ')
      return [{ key: interfaceKey(name), chain }]
    }
  }
}

/** The same text for the same element, also one that was read. */
export function elementId({ key, isEnd, chain }: SetElement): string {
  return `${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}${isEnd ? '<' : ''}${chain ?? ''}`
}

function networkElements({ bytes, length }: Prefix): readonly SetElement[] {
  const end = bytes.slice()
  let at = Math.ceil(length / 8) - 1
  let step = 1 << (7 - ((length + 7) % 8))
  for (; at >= 0; at--, step = 1) {
    const sum = (end[at] ?? 0) + step
    end[at] = sum
    if (sum < 256) return [{ key: bytes }, { key: end, isEnd: true }]
  }
  return [{ key: bytes }] // up to the last address
}

/** "10.0.0.1,tcp:80": each part padded to 4 octets. */
function portKey(member: string): Uint8Array {
  const [address = '', protocol = '', port = ''] = member.split(/,|:(?=\d+$)/)
  const first = addressKey(address)
  const key = new Uint8Array(first.length + 8)
  key.set(first)
  key[first.length] = protocolNumber(protocol)
  key.set(networkU16(Number(port)), first.length + 4)
  return key
}

function outermost(members: Members): Members {
  const sorted = [...members].map((text) => ({ text, prefix: prefixOf(text) })).toSorted((a, b) => comparePrefixes(a.prefix, b.prefix))
  const kept = new Set<string>()
  let last: Prefix | undefined
  for (const { text, prefix } of sorted) {
    if (last !== undefined && holds(last, prefix)) continue
    kept.add(text)
    last = prefix
  }
  return kept.size === members.size ? members : kept
}

/** A network stands before those inside it. */
function comparePrefixes(a: Prefix, b: Prefix): number {
  return Buffer.compare(a.bytes, b.bytes) || a.length - b.length
}

function holds(outer: Prefix, inner: Prefix): boolean {
  if (outer.length > inner.length) return false
  const whole = outer.length >> 3
  for (let i = 0; i < whole; i++) if (outer.bytes[i] !== inner.bytes[i]) return false
  const rest = outer.length & 7
  return rest === 0 || ((outer.bytes[whole] ?? 0) ^ (inner.bytes[whole] ?? 0)) >> (8 - rest) === 0
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`"${text}" is no network`)
  return prefix
}
