/** What is known of one prefix at each stage, and why it is, or is not, told to each peer: asked of the parts that decide. */
import type { Cidr } from '../../src/net/prefix.ts'
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts'
import type { AddressFamily, PeerVerdict, RouteExplanation } from '../peer.ts'
import type { PeerSlot } from './peer-slot.ts'
import type { RibReaderParts } from './rib-reader.ts'
import type { RouteViews } from './route-views.ts'

export type RouteExplainerParts = Pick<RibReaderParts, 'peers' | 'tables' | 'groups'> & {
  readonly views: RouteViews
  /** Decisions of the family are held back (RFC 4724 §4.1). */
  readonly isHeld: (family: AddressFamily) => boolean
}

export class RouteExplainer {
  readonly #parts: RouteExplainerParts

  constructor(parts: RouteExplainerParts) {
    this.#parts = parts
  }

  /** @param peer the only one whose verdict is asked for */
  explain(cidr: Cidr, peer?: string): RouteExplanation {
    const prefix = parsePrefix(cidr)
    if (prefix === undefined) throw new Error(`"${cidr}" is no prefix`)
    const family = prefix.family === 4 ? 'ipv4-unicast' : 'ipv6-unicast'
    const table = this.#parts.tables[family]
    const id = table.prefixes.find(prefix.bytes, 0, prefix.length)
    const around = id >= 0 ? undefined : this.#around(family, prefix)
    return {
      prefix: cidr,
      family,
      ...(id < 0 ? { paths: [] } : this.#parts.views.candidates(family, id)),
      ...(around !== undefined && { coveredBy: around }),
      peers: this.#parts.peers.flatMap((slot) => {
        if (slot?.config === undefined || (peer !== undefined && slot.config.name !== peer)) return []
        return [{ peer: slot.config.name, ...this.#verdict(family, id, slot) }]
      }),
    }
  }

  #verdict(family: AddressFamily, id: number, slot: PeerSlot): Omit<PeerVerdict, 'peer'> {
    const reason = this.#refusal(family, id, slot)
    if (reason !== undefined) return { advertised: false, reason }
    return { advertised: true, paths: this.#parts.views.sent(family, id, slot) }
  }

  #refusal(family: AddressFamily, id: number, slot: PeerSlot): string | undefined {
    if (slot.terms === undefined) return 'the session is down'
    if (!slot.terms.families.includes(family)) return `${family} was not agreed on`
    if (this.#parts.isHeld(family)) return 'decisions are held back until peers have sent their tables (RFC 4724 §4.1)'
    if (id < 0) return 'there is no such route'
    return this.#parts.groups.member(slot.id, family)?.group.told.refusal(id, slot.id)
  }

  /** The longest prefix around it that has a best path: what an address in it is routed by. */
  #around(family: AddressFamily, { bytes, length }: Prefix): Cidr | undefined {
    const table = this.#parts.tables[family]
    const { prefixes } = table
    for (let shorter = length - 1; shorter >= 0; shorter--) {
      const id = prefixes.find(bytes, 0, shorter)
      if (id >= 0 && table.bestSetId(id) >= 0) return prefixes.format(id) as Cidr
    }
    return undefined
  }
}
