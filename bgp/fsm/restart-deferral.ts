/**
 * The restarting speaker of RFC 4724 §4.1: decisions wait until every peer that can has sent all its routes again, each family for
 * itself: one of which nothing comes holds up no other.
 */
import type { AddressFamily } from '../wire/message.ts'
import type { Terms } from './terms.ts'
import { unreachable } from './unreachable.ts'

/** What a peer still owes: before its session all families it is configured for. */
export type Debt = {
  readonly families: readonly AddressFamily[]
  /** 'restarting': it restarts itself, and may be waiting for us. */
  readonly state: 'awaited' | 'sending' | 'restarting'
}

export type Deferral = {
  readonly configured: ReadonlyMap<string, readonly AddressFamily[]>
  readonly waiting: ReadonlyMap<string, Debt>
}

export type DeferralEvent =
  | { readonly type: 'peer-added'; readonly peer: string; readonly families: readonly AddressFamily[] }
  | { readonly type: 'peer-removed'; readonly peer: string }
  | { readonly type: 'established'; readonly peer: string; readonly terms: Terms }
  | { readonly type: 'lost'; readonly peer: string }
  | { readonly type: 'end-of-rib'; readonly peer: string; readonly family: AddressFamily }

export const noPeers: Deferral = { configured: new Map(), waiting: new Map() }

/** The state after the event; order of events of different peers does not matter. */
export function defer(state: Deferral, event: DeferralEvent): Deferral {
  switch (event.type) {
    case 'peer-added':
      return awaited({ ...state, configured: new Map(state.configured).set(event.peer, event.families) }, event.peer)
    case 'peer-removed':
      return removed(state, event.peer)
    case 'established':
      return state.waiting.has(event.peer) ? established(state, event.peer, event.terms) : state
    case 'lost':
      return state.waiting.has(event.peer) ? awaited(state, event.peer) : state
    case 'end-of-rib':
      return endOfRib(state, event.peer, event.family)
    default:
      return unreachable(event)
  }
}

/**
 * Whom a family waits for. Peers that restart themselves may be waiting for us: §4.1 excludes them, so that nobody waits for ever. Some
 * set their R bit long after they were done, though (FRR), and their routes are worth a moment: 'restarting-peers'.
 */
export function waitingFor(state: Deferral, family: AddressFamily): 'nobody' | 'restarting-peers' | 'peers' {
  const debts = [...state.waiting.values()].filter(({ families }) => families.includes(family))
  if (debts.length === 0) return 'nobody'
  return debts.every(({ state }) => state === 'restarting') ? 'restarting-peers' : 'peers'
}

/** Peers without the capability do not say when they are done: they are not waited for (§4.1). */
function established(state: Deferral, peer: string, terms: Terms): Deferral {
  const { gracefulRestart, families } = terms
  if (gracefulRestart === undefined) return settledWith(state, peer)
  return owing(state, peer, { families, state: gracefulRestart.restarting ? 'restarting' : 'sending' })
}

/** What was settled in an earlier session stays settled only if all of it was: the next one tells everything anew. */
function awaited(state: Deferral, peer: string): Deferral {
  return owing(state, peer, { families: state.configured.get(peer) ?? [], state: 'awaited' })
}

function endOfRib(state: Deferral, peer: string, family: AddressFamily): Deferral {
  const debt = state.waiting.get(peer)
  if (debt === undefined || debt.state === 'awaited') return state
  return owing(state, peer, { ...debt, families: debt.families.filter((owed) => owed !== family) })
}

function owing(state: Deferral, peer: string, debt: Debt): Deferral {
  if (debt.families.length === 0) return settledWith(state, peer)
  return { ...state, waiting: new Map(state.waiting).set(peer, debt) }
}

function settledWith(state: Deferral, peer: string): Deferral {
  const waiting = new Map(state.waiting)
  waiting.delete(peer)
  return { ...state, waiting }
}

function removed(state: Deferral, peer: string): Deferral {
  const configured = new Map(state.configured)
  configured.delete(peer)
  return settledWith({ ...state, configured }, peer)
}
