import { addressBytes, type IpAddress } from '../../src/net/address.ts'
import type { RibReader } from '../rib/rib-reader.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import type { Piece } from './change-queue.ts'
import { announcements, withdrawals, writtenAttributes } from './monitored-routes.ts'

/** Prefixes with the same attributes. */
type Bundle = { readonly prefixes: number[]; readonly internal: boolean; readonly attributes: () => PathAttributes | undefined }

/** What became of some prefixes of a table, as UPDATEs. */
export class RouteTeller {
  readonly #reader: RibReader
  readonly #ownNextHop: Readonly<Record<AddressFamily, Uint8Array>>

  constructor(reader: RibReader, address: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }) {
    this.#reader = reader
    this.#ownNextHop = { 'ipv4-unicast': octets(address.ipv4), 'ipv6-unicast': octets(address.ipv6 ?? address.ipv4) }
  }

  /** Withdrawals first. Ids of which nothing is left may be given to other prefixes afterwards. All is taken before anything else happens. */
  *updates(piece: Piece): Generator<Uint8Array> {
    const { family } = piece
    const table = this.#reader.prefixes(family)
    const gone: number[] = []
    const come = new Map<number, Bundle>()
    for (const prefix of piece.prefixes) if (!this.#bundle(piece, prefix, come)) gone.push(prefix)
    yield* withdrawals(family, table, gone)
    for (const { prefixes, internal, attributes } of come.values()) {
      const read = attributes()
      if (read !== undefined) yield* announcements(family, table, prefixes, writtenAttributes(read, internal, this.#ownNextHop[family]))
    }
    for (const prefix of gone) this.#reader.release(family, prefix)
  }

  /** @returns whether it is there */
  #bundle({ view, peer, family }: Piece, prefix: number, come: Map<number, Bundle>): boolean {
    if (view === 'advertised') {
      const out = this.#reader.advertised(family, prefix, peer)
      if (out === undefined) return false
      const known = come.get(out.row)
      if (known !== undefined) known.prefixes.push(prefix)
      else come.set(out.row, { ...out, prefixes: [prefix], attributes: () => this.#reader.attributesSent(family, prefix, peer) })
      return true
    }
    const path = view === 'best' ? this.#reader.best(family, prefix) : this.#reader[view](family, prefix, peer)[0]
    if (path === undefined) return false
    const known = come.get(path.set)
    // LOCAL_PREF belongs to what was accepted, also where no peer sent it.
    const internal = view !== 'received' || path.peer.internal
    if (known !== undefined) known.prefixes.push(prefix)
    else come.set(path.set, { prefixes: [prefix], internal, attributes: () => this.#reader.attributes(path) })
    return true
  }
}

function octets(address: IpAddress): Uint8Array {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`"${address}" is no address`)
  return bytes
}
