/**
 * Prefixes as small integers. A table gives each prefix an id (dense, reused after `remove`), so that everything else about a
 * prefix lives in typed arrays indexed by the id. Prefixes go in and out as the octets both BGP (RFC 4271 §4.3) and netlink use.
 */
export interface PrefixTable {
  readonly family: 4 | 6
  /** Ids in use are < capacity; grows. */
  readonly capacity: number
  /** How many prefixes are in the table. */
  readonly size: number
  /**
   * The id of a prefix, made if it is new. Host bits are masked (RFC 4271 §4.3: their value is irrelevant).
   * @param bytes holds at least ceil(length / 8) octets from `at`: the caller has checked
   * @param length 0..32 or 0..128: the caller has checked
   */
  insert(bytes: Uint8Array, at: number, length: number): number
  /** As `insert`, but -1 if the prefix is not there. */
  find(bytes: Uint8Array, at: number, length: number): number
  /**
   * Brings the places of all prefixes of a field into the processor's cache, all at the same time: looking for them one after the other
   * then waits for memory no more. For speed only, before `insert` or `find`.
   * @param start of prefixes as of RFC 4271 §4.3, which the caller has checked
   */
  prefetch(bytes: Uint8Array, start: number, end: number): void
  remove(id: number): void
  /** Removes the first `count` of `ids`, each there once. */
  removeAll(ids: Int32Array, count: number): void
  /** Whether the id is in use. */
  has(id: number): boolean
  lengthOf(id: number): number
  /** Writes the 4 or 16 octets of the address and returns how many. */
  copyAddress(id: number, into: Uint8Array, at: number): number
  /** Writes length octet and ceil(length / 8) address octets (RFC 4271 §4.3), returns the offset after them. */
  writeNlri(id: number, into: Uint8Array, at: number): number
  /** Canonical text, for the edges. */
  format(id: number): string
  /** Order of addresses, then of lengths: negative, 0 or positive, as sorting wants it. Both ids are in use. */
  compare(a: number, b: number): number
  /** As `compare`, with a prefix that need not be in the table. @param bytes the whole address, host bits zero */
  compareTo(id: number, bytes: Uint8Array, length: number): number
  /** Every id in use, in no order; the table may be changed by nobody meanwhile. */
  ids(): IterableIterator<number>
}
