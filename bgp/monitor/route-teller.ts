import { addressBytes, type IpAddress } from '../../src/net/address.ts'
import type { RibPath, RibReader } from '../rib/rib-reader.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import type { Interest, Piece, View } from './change-queue.ts'
import { announcements, type Nlri, withdrawals, writtenAttributes } from './monitored-routes.ts'

/** Prefixes with the same attributes. */
type Bundle = {
  readonly prefixes: number[]
  readonly pathIds?: number[]
  readonly internal: boolean
  readonly attributes: () => PathAttributes | undefined
}

/** What became of some prefixes of a table, as UPDATEs. */
export class RouteTeller {
  readonly #reader: RibReader
  readonly #ownNextHop: Readonly<Record<AddressFamily, Uint8Array>>
  /** By table and prefix: the path identifiers that were told, where a peer sends such (RFC 7911): they are withdrawn one by one. */
  readonly #told = new Map<string, Map<number, readonly number[]>>()

  constructor(reader: RibReader, address: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }) {
    this.#reader = reader
    this.#ownNextHop = { 'ipv4-unicast': octets(address.ipv4), 'ipv6-unicast': octets(address.ipv6 ?? address.ipv4) }
  }

  /** Whoever was told of these tables knows nothing of them any more. */
  forget({ view, peer }: Interest): void {
    for (const family of ['ipv4-unicast', 'ipv6-unicast'] as const) this.#told.delete(keyOf({ view, peer, family }))
  }

  /**
   * Withdrawals first. Ids of which nothing is left may be given to other prefixes afterwards. All is taken before anything else happens.
   * @param fourOctetAs as on the session itself: collectors go by its OPENs
   */
  *updates(piece: Piece, fourOctetAs = true): Generator<Uint8Array> {
    const { family } = piece
    const table = this.#reader.prefixes(family)
    const gone: number[] = []
    const come = new Map<number, Bundle>()
    if (this.#hasPathIds(piece)) yield* withdrawals(family, table, this.#bundlePaths(piece, come))
    else for (const prefix of piece.prefixes) if (!this.#bundle(piece, prefix, come)) gone.push(prefix)
    yield* withdrawals(family, table, { prefixes: gone })
    for (const { internal, attributes, ...nlri } of come.values()) {
      const read = attributes()
      if (read === undefined) continue
      yield* announcements(family, table, nlri, writtenAttributes(read, { internal, fourOctetAs }, this.#ownNextHop[family]))
    }
    for (const prefix of piece.prefixes) this.#reader.release(family, prefix)
  }

  #hasPathIds({ view, peer, family }: Piece): boolean {
    if (view === 'best') return false
    return view === 'advertised' ? this.#reader.sendsPathIds(family, peer) : this.#reader.receivesPathIds(family, peer)
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
    this.#add(come, view, path).prefixes.push(prefix)
    return true
  }

  /** Every path of each prefix, with its identifier. @returns those that were told and are gone */
  #bundlePaths(piece: Piece, come: Map<number, Bundle>): Nlri {
    const gone = { prefixes: [] as number[], pathIds: [] as number[] }
    const told = this.#told.get(keyOf(piece)) ?? new Map<number, readonly number[]>()
    this.#told.set(keyOf(piece), told)
    for (const prefix of piece.prefixes) {
      const paths = this.#pathsOf(piece, prefix, come)
      const ids = paths.map(({ pathId }) => pathId)
      for (const id of told.get(prefix) ?? []) {
        if (ids.includes(id)) continue
        gone.prefixes.push(prefix)
        gone.pathIds.push(id)
      }
      if (ids.length === 0) told.delete(prefix)
      else told.set(prefix, ids)
      for (const { pathId, bundle } of paths) {
        bundle.prefixes.push(prefix)
        bundle.pathIds?.push(pathId)
      }
    }
    return gone
  }

  /** The paths of a prefix, each with the bundle of its attributes; what is sent is not looked for in other prefixes. */
  #pathsOf({ view, peer, family }: Piece, prefix: number, come: Map<number, Bundle>) {
    if (view === 'received' || view === 'accepted')
      return this.#reader[view](family, prefix, peer).map((path) => ({ pathId: path.pathId ?? 0, bundle: this.#add(come, view, path) }))
    const { internal = false } = this.#reader.advertised(family, prefix, peer) ?? {}
    return this.#reader.pathsSent(family, prefix, peer).map(({ pathId, attributes }) => {
      const bundle: Bundle = { prefixes: [], pathIds: [], internal, attributes: () => attributes }
      come.set(-1 - come.size, bundle)
      return { pathId, bundle }
    })
  }

  /** The bundle of the path's attributes. */
  #add(come: Map<number, Bundle>, view: View, path: RibPath): Bundle {
    const known = come.get(path.set)
    if (known !== undefined) return known
    const bundle: Bundle = {
      prefixes: [],
      ...(path.pathId !== undefined && { pathIds: [] }),
      // LOCAL_PREF belongs to what was accepted, also where no peer sent it.
      internal: view !== 'received' || path.peer.internal,
      attributes: () => this.#reader.attributes(path),
    }
    come.set(path.set, bundle)
    return bundle
  }
}

function keyOf({ view, peer, family }: Interest & { readonly family: AddressFamily }): string {
  return `${view} ${peer} ${family}`
}

function octets(address: IpAddress): Uint8Array {
  const bytes = addressBytes(address)
  if (bytes === undefined) throw new Error(`"${address}" is no address`)
  return bytes
}
