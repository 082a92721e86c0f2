import type { AdjRibOut } from './adj-rib-out.ts'
import type { OutPaths } from './out-paths.ts'
import type { Outgoing } from './outgoing.ts'

/** What each peer of an update group is told, and why it is not told the rest: for whoever looks from outside. */
export class ToldRoutes {
  readonly #out: AdjRibOut
  /** Where several paths of a prefix are told. */
  readonly #paths: OutPaths | undefined
  readonly #isPending: (prefix: number, peer: number) => boolean

  /** @param isPending whether the peer catches up and has the prefix still before it */
  constructor(out: AdjRibOut, paths: OutPaths | undefined, isPending: (prefix: number, peer: number) => boolean) {
    this.#out = out
    this.#paths = paths
    this.#isPending = isPending
  }

  /** Routes that the peer is told of. */
  count(peer: number): number {
    return this.#out.advertised(peer)
  }

  /** Whether the peer is told of the prefix. */
  has(prefix: number, peer: number): boolean {
    return this.rowFor(prefix, peer) !== 0
  }

  /** Prefixes for which the peer is told the same have the same number; 0: it is told nothing. Of several paths it is that of one. */
  rowFor(prefix: number, peer: number): number {
    return (this.#paths ?? this.#out).rowFor(prefix, peer)
  }

  /** What the peer is told of the prefix, as it is sent. */
  sent(prefix: number, peer: number): Outgoing | undefined {
    const row = this.rowFor(prefix, peer)
    return row === 0 ? undefined : this.#out.show(row)
  }

  /** All paths of the prefix that the peer is told, as they are sent; with their identifiers where it gets several. */
  paths(prefix: number, peer: number): readonly { readonly pathId?: number; readonly sent: Outgoing }[] {
    if (this.#paths !== undefined) return this.#paths.told(prefix, peer)
    const sent = this.sent(prefix, peer)
    return sent === undefined ? [] : [{ sent }]
  }

  /** Why the peer is not told of the prefix, or not yet; undefined: it was told. */
  refusal(prefix: number, peer: number): string | undefined {
    const isTold = this.has(prefix, peer)
    if (isTold && this.#paths !== undefined) return undefined
    const refusal = this.#out.refusal(prefix, peer)
    if (refusal !== undefined) return refusal
    if (!isTold) return 'the table is still being entered'
    return this.#isPending(prefix, peer) ? 'not sent yet: the peer catches up' : undefined
  }
}
