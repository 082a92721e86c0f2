import type { Aggregator } from './aggregator.ts'
import type { AsPathSegment, PathAttributes, UnknownAttribute } from './path-attributes.ts'
import type { MpRanges } from './update.ts'

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** RFC 7606 §2, but for the session reset, which is a BgpError. */
export type AttributeFault = { readonly verdict: 'treat-as-withdraw' | 'attribute discard'; readonly reason: string }

export function treatAsWithdraw(reason: string): AttributeFault {
  return { verdict: 'treat-as-withdraw', reason }
}

export function discard(reason: string): AttributeFault {
  return { verdict: 'attribute discard', reason }
}

type DraftAttributes = Mutable<Omit<PathAttributes, 'unknown'>> & { readonly unknown: UnknownAttribute[] }

/** What one walk over an attribute block has found so far. */
export type AttributeDraft = {
  readonly attributes: DraftAttributes
  as4Path: readonly AsPathSegment[] | undefined
  as4Aggregator: Aggregator | undefined
  /** The NEXT_HOP attribute, if it can be one. */
  ipv4NextHop: Uint8Array | undefined
  mp: MpRanges | undefined
  withdraw: boolean
  readonly notes: string[]
  /** A bit per type. */
  readonly seen: number[]
}

export function newDraft(): AttributeDraft {
  return {
    attributes: { origin: 2, asPath: [], nextHop: new Uint8Array(0), unknown: [] },
    as4Path: undefined,
    as4Aggregator: undefined,
    ipv4NextHop: undefined,
    mp: undefined,
    withdraw: false,
    notes: [],
    seen: [0, 0, 0, 0, 0, 0, 0, 0],
  }
}

export function wasSeen(draft: AttributeDraft, type: number): boolean {
  return ((draft.seen[type >>> 5] as number) & (1 << (type & 31))) !== 0
}

export function markSeen(draft: AttributeDraft, type: number): void {
  draft.seen[type >>> 5] = (draft.seen[type >>> 5] as number) | (1 << (type & 31))
}

/** Takes note of what is wrong with one attribute or with what is missing. */
export function noteFault(draft: AttributeDraft, fault: AttributeFault): void {
  if (fault.verdict === 'treat-as-withdraw') draft.withdraw = true
  draft.notes.push(`${fault.verdict}: ${fault.reason}`)
}
