import { eachAttribute, type NetlinkMessage, readText } from '../netlink/netlink-message.ts'

/** nfgenmsg before the attributes. */
const GENERIC_LENGTH = 4

/** Octets of a message. */
export type Range = { readonly from: number; readonly to: number }

/** The attributes of a message in nf_tables by type: some as text, the others as where they are. */
export function attributesOf(
  bytes: Uint8Array,
  { body, end }: NetlinkMessage,
  asText: readonly number[],
): { readonly texts: ReadonlyMap<number, string>; readonly ranges: ReadonlyMap<number, Range> } {
  const texts = new Map<number, string>()
  const ranges = new Map<number, Range>()
  eachAttribute(bytes, body + GENERIC_LENGTH, end, (type, from, to) => {
    if (asText.includes(type)) texts.set(type, readText(bytes, from, to))
    else ranges.set(type, { from, to })
  })
  return { texts, ranges }
}

/** @param userData of a rule, in which its comment comes first */
export function commentOf(bytes: Uint8Array, userData: Range | undefined): string | undefined {
  return userData === undefined || bytes[userData.from] !== 0 ? undefined : readText(bytes, userData.from + 2, userData.to)
}

/** A number in network order, of any length. */
export function bigEndian(bytes: Uint8Array, range: Range | undefined): number {
  let value = 0
  for (let at = range?.from ?? 0; at < (range?.to ?? 0); at++) value = value * 256 + (bytes[at] ?? 0)
  return value
}
