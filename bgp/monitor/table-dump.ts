import { addressBytes } from '../../src/net/address.ts'
import type { PeerSlot } from '../rib/peer-slot.ts'
import type { RibPath, RibReader } from '../rib/rib-reader.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { MonitoredNode } from './monitored-node.ts'
import { writtenAttributes } from './monitored-routes.ts'
import { type MrtPath, type MrtPeer, mrtAttributes, writePeerIndexTable, writeRib } from './mrt-record.ts'
import { OctetBuffer } from './octet-buffer.ts'

export type TableDumpOptions = {
  readonly node: MonitoredNode
  /** Seconds since 1970. */
  readonly timeSec: number
  /** When the session of a peer came up, seconds since 1970: its routes were heard after that. */
  readonly sinceSec: (peer: number) => number
}

/** Octets of a piece, and prefixes looked at for one, at most. */
const pieceOctets = 64 * 1024
const pieceIds = 16 * 1024

const families = ['ipv4-unicast', 'ipv6-unicast'] as const

/**
 * All routes as they were received, and those of this node (its index is 0), as a TABLE_DUMP_V2 file (RFC 6396 §4.3) in pieces. The
 * table may change between two pieces: each prefix is as it is when its piece is made.
 */
export function* tableDump(reader: RibReader, { node, timeSec, sinceSec }: TableDumpOptions): Generator<Buffer> {
  const slots = reader.peers()
  const index = new Map(slots.map((slot, place) => [slot, place]))
  const into = new OctetBuffer(pieceOctets + 4096)
  writePeerIndexTable(into, timeSec, { routerId: node.routerId, name: '', peers: slots.map((slot) => mrtPeer(slot, node)) })
  let sequence = 0
  for (const family of families) {
    const table = reader.prefixes(family)
    const attributes = attributeWriter(reader, family, node.address)
    const nlri = new Uint8Array(17)
    for (let id = 0, looked = 0; id < table.capacity; id++, looked++) {
      const paths = table.has(id) ? reader.received(family, id) : []
      const shown = paths.flatMap((path) => mrtPath(path, index, sinceSec, attributes))
      if (shown.length > 0) {
        const length = table.writeNlri(id, nlri, 0)
        writeRib(into, timeSec, { family, sequence: sequence++, nlri: nlri.subarray(0, length), paths: shown })
      }
      if (into.length < pieceOctets && looked < pieceIds) continue
      yield into.take()
      attributes.forget()
      looked = 0
    }
  }
  yield into.take()
}

function mrtPeer({ config, remoteRouterId }: PeerSlot, { asNumber, routerId, address }: MonitoredNode): MrtPeer {
  if (config === undefined) return { address: address.ipv4, asNumber, routerId }
  return { address: config.address, asNumber: config.asNumber, routerId: remoteRouterId }
}

/** Peers that came after the index was written are not in the file. */
function mrtPath(
  path: RibPath,
  index: ReadonlyMap<PeerSlot, number>,
  sinceSec: (peer: number) => number,
  attributes: (path: RibPath) => Uint8Array,
): readonly MrtPath[] {
  const peer = index.get(path.peer)
  if (peer === undefined) return []
  const { pathId } = path
  return [{ peer, sinceSec: sinceSec(path.peer.id), attributes: attributes(path), ...(pathId !== undefined && { pathId }) }]
}

/** Writes each set of attributes once, until it is told to forget them: then a number may stand for another set. */
function attributeWriter(reader: RibReader, family: AddressFamily, address: MonitoredNode['address']) {
  const own = addressBytes((family === 'ipv6-unicast' ? address.ipv6 : undefined) ?? address.ipv4) ?? new Uint8Array(0)
  const known = new Map<number, Uint8Array>()
  const write = (path: RibPath): Uint8Array => {
    const before = known.get(path.set)
    if (before !== undefined) return before
    const { bytes, nextHop } = writtenAttributes(reader.attributes(path), { internal: path.peer.internal, fourOctetAs: true }, own)
    const written = mrtAttributes(bytes, nextHop)
    known.set(path.set, written)
    return written
  }
  return Object.assign(write, { forget: () => known.clear() })
}
