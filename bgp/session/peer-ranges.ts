import { addressBytes } from '../../src/net/address.ts'
import { type Asn, asn } from '../../src/net/asn.ts'
import { containsPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { PeerConfig, PeerRange } from '../peer.ts'
import type { Endpoint } from './sockets.ts'

/** Stands for an AS that is not known before the peer's OPEN (RFC 6793 §9). */
const asTrans = asn(23456)

/** Where peers may come from that are not configured one by one. */
export class PeerRanges {
  /** The longest prefix first. */
  readonly #ranges: readonly { readonly prefix: Prefix; readonly range: PeerRange }[]

  constructor(ranges: readonly PeerRange[]) {
    const parsed = ranges.map((range) => ({ prefix: prefixOf(range), range }))
    this.#ranges = parsed.sort((a, b) => b.prefix.length - a.prefix.length)
  }

  get all(): readonly PeerRange[] {
    return this.#ranges.map(({ range }) => range)
  }

  /** The range with the longest prefix that the address is in. */
  at({ address }: Endpoint): PeerRange | undefined {
    const bytes = addressBytes(address)
    if (bytes === undefined) return undefined
    const family = bytes.length === 4 ? 4 : 6
    const host: Prefix = { family, bytes, length: bytes.length * 8 }
    return this.#ranges.find(({ prefix }) => containsPrefix(prefix, host))?.range
  }
}

/** Who connects from there, as a configured peer would be. @param localAs our own, which `internal` is */
export function peerFrom(range: PeerRange, end: Endpoint, localAs: Asn): PeerConfig {
  const { name, asNumbers, template } = range
  const [first] = asNumbers
  const asNumber = first === 'internal' ? localAs : first === 'external' || first === undefined ? asTrans : first
  return { ...template, ...end, name: `${name}-${end.address}`, asNumber, asNumbers, port: 179, passive: true }
}

/** Whether somebody of this AS may come. */
export function isAmong(asNumber: number, asNumbers: PeerRange['asNumbers'], localAs: number): boolean {
  if (asNumber === 0) return false // RFC 7607
  const relation = asNumber === localAs ? 'internal' : 'external'
  return asNumbers.some((entry) => entry === asNumber || entry === relation)
}

function prefixOf({ prefix }: PeerRange): Prefix {
  const parsed = parsePrefix(prefix)
  if (parsed === undefined) throw new Error(`"${prefix}" is no prefix`)
  return parsed
}
