import type { AddressFamily } from '../wire/message.ts'

/** Told of changes in the RIB as they happen, on the hot path: it only notes what to look at later. Prefixes are ids of the family's table. */
export interface RibWatcher {
  /** The path of a peer to the prefix is another one now, or none. */
  pathChanged(family: AddressFamily, prefix: number, peer: number): void
  /** The best path of the prefix is another one now, or none. */
  bestChanged(family: AddressFamily, prefix: number): void
  /**
   * What these peers are told of the prefix is something else now, or nothing.
   * @param source the one among them that is told nothing of it, before and after; -1: none
   */
  outChanged(family: AddressFamily, prefix: number, members: readonly { readonly peer: number }[], source: number): void
  /** Whether it has not looked at the prefix yet: its id is not given to another one before. */
  isPending(family: AddressFamily, prefix: number): boolean
}
