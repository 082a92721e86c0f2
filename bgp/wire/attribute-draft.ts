import type { Aggregator } from './aggregator.ts'
import { stronger, type Verdict } from './attribute-rules.ts'
import type { AsPathSegment, PathAttributes, UnknownAttribute } from './path-attributes.ts'
import type { MpRanges } from './update.ts'

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** What is wrong with an attribute block, and what comes of it; a session reset for one attribute is a BgpError. */
export type AttributeFault = { readonly verdict: Verdict; readonly reason: string }

type DraftAttributes = Mutable<Omit<PathAttributes, 'unknown'>> & { readonly unknown: UnknownAttribute[] }

/** What one walk over an attribute block has found so far. */
export type AttributeDraft = {
  readonly attributes: DraftAttributes
  as4Path: readonly AsPathSegment[] | undefined
  as4Aggregator: Aggregator | undefined
  /** The NEXT_HOP attribute, if it can be one. */
  ipv4NextHop: Uint8Array | undefined
  mp: MpRanges | undefined
  /** The strongest so far (RFC 7606 §3 h). */
  verdict: Verdict
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
    verdict: 'accept',
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
export function noteFault(draft: AttributeDraft, { verdict, reason }: AttributeFault): void {
  draft.verdict = stronger(draft.verdict, verdict)
  draft.notes.push(`${verdict}: ${reason}`)
}
