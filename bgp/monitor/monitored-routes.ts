/** Routes of a RIB as the UPDATEs that would make it: prefixes with the same attributes together. */
import type { PrefixTable } from '../../src/net/prefix-table.ts'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import { type AddressFamily, maxExtendedMessageLength, maxMessageLength } from '../wire/message.ts'
import { finishReach, finishUnreach, reachOverhead, startReach, startUnreach } from '../wire/multiprotocol.ts'
import { putU32 } from '../wire/octets.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { finishAnnounce, finishWithdraw, startAnnounce, startWithdraw, updateOverhead } from '../wire/update.ts'

/** Attributes as they are written: MP_REACH_NLRI apart. @property nextHop for it; empty where NEXT_HOP is among the attributes */
export type WrittenAttributes = { readonly bytes: Uint8Array; readonly nextHop: Uint8Array }

/** How attributes are written. @property internal LOCAL_PREF and the attributes of reflection are shown */
export type Form = { readonly internal: boolean; readonly fourOctetAs: boolean }

/** @param ownNextHop of routes of this node, which have none of their own */
export function writtenAttributes(attributes: PathAttributes, form: Form, ownNextHop: Uint8Array): WrittenAttributes {
  const nextHop = attributes.nextHop.length === 0 ? ownNextHop : attributes.nextHop
  const bytes = encodeAttributes({ ...attributes, nextHop }, form)
  return { bytes, nextHop: nextHop.length === 4 ? noOctets : nextHop }
}

const noOctets = new Uint8Array(0)
/** The longest prefix: path identifier, length and 16 octets. */
const longestNlri = 21

/** Prefixes by their ids. @property pathIds one for each, on a session with path identifiers (RFC 7911) */
export type Nlri = { readonly prefixes: readonly number[]; readonly pathIds?: readonly number[] }

/** Whole UPDATEs that announce these prefixes; those longer than 4096 octets hold one set of attributes that is. */
export function* announcements(
  family: AddressFamily,
  table: PrefixTable,
  { prefixes, pathIds }: Nlri,
  { bytes, nextHop }: WrittenAttributes,
): Generator<Uint8Array> {
  const inNlri = family === 'ipv4-unicast' && nextHop.length === 0
  const fixed = (inNlri ? updateOverhead : reachOverhead(nextHop)) + bytes.length
  const limit = Math.max(maxMessageLength, fixed + longestNlri)
  if (limit > maxExtendedMessageLength) return // no message can hold them: they came with two-octet AS numbers
  for (let i = 0; i < prefixes.length; ) {
    const message = new Uint8Array(limit)
    let at = inNlri ? startAnnounce(message, 0, bytes) : startReach(message, 0, family, nextHop)
    const last = limit - (inNlri ? 0 : bytes.length) - longestNlri
    do {
      at = writeOne(table, prefixes[i] as number, pathIds?.[i], message, at)
      i++
    } while (i < prefixes.length && at <= last)
    yield message.subarray(0, inNlri ? finishAnnounce(message, 0, at) : finishReach(message, 0, at, bytes))
  }
}

/** Whole UPDATEs that withdraw these prefixes. */
export function* withdrawals(family: AddressFamily, table: PrefixTable, { prefixes, pathIds }: Nlri): Generator<Uint8Array> {
  const isIpv4 = family === 'ipv4-unicast'
  for (let i = 0; i < prefixes.length; ) {
    const message = new Uint8Array(maxMessageLength)
    let at = isIpv4 ? startWithdraw(0) : startUnreach(message, 0, family)
    for (; i < prefixes.length && at <= maxMessageLength - 2 - longestNlri; i++)
      at = writeOne(table, prefixes[i] as number, pathIds?.[i], message, at)
    yield message.subarray(0, isIpv4 ? finishWithdraw(message, 0, at) : finishUnreach(message, 0, at))
  }
}

function writeOne(table: PrefixTable, prefix: number, pathId: number | undefined, into: Uint8Array, at: number): number {
  if (pathId === undefined) return table.writeNlri(prefix, into, at)
  putU32(into, at, pathId)
  return table.writeNlri(prefix, into, at + 4)
}
