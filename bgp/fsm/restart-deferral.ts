/** The restarting speaker of RFC 4724 §4.1: decisions wait until every peer that can has sent all its routes again. */
import type { AddressFamily } from '../wire/message.ts'
import type { Terms } from './terms.ts'
import { unreachable } from './unreachable.ts'

/** What a peer still owes; before its session everything. */
type Debt = { readonly families: readonly AddressFamily[] | 'all'; readonly restarting: boolean }

export type Deferral = { readonly waiting: ReadonlyMap<string, Debt> }

export type DeferralEvent =
  | { readonly type: 'peer-added'; readonly peer: string }
  | { readonly type: 'peer-removed'; readonly peer: string }
  | { readonly type: 'established'; readonly peer: string; readonly terms: Terms }
  | { readonly type: 'lost'; readonly peer: string }
  | { readonly type: 'end-of-rib'; readonly peer: string; readonly family: AddressFamily }

export const noPeers: Deferral = { waiting: new Map() }

const everything: Debt = { families: 'all', restarting: false }

/** The state after the event; order of events of different peers does not matter. */
export function defer(state: Deferral, event: DeferralEvent): Deferral {
  switch (event.type) {
    case 'peer-added':
      return owing(state, event.peer, everything)
    case 'peer-removed':
      return settledWith(state, event.peer)
    case 'established':
      return state.waiting.has(event.peer) ? established(state, event.peer, event.terms) : state
    case 'lost':
      return state.waiting.has(event.peer) ? owing(state, event.peer, everything) : state
    case 'end-of-rib':
      return endOfRib(state, event.peer, event.family)
    default:
      return unreachable(event)
  }
}

/**
 * Whom we wait for. Peers that restart themselves may be waiting for us: §4.1 excludes them, so that nobody waits for ever. Some set
 * their R bit long after they were done, though (FRR), and their routes are worth a moment: 'restarting-peers'.
 */
export function waitingFor(state: Deferral): 'nobody' | 'restarting-peers' | 'peers' {
  if (state.waiting.size === 0) return 'nobody'
  return [...state.waiting.values()].every(({ restarting }) => restarting) ? 'restarting-peers' : 'peers'
}

/** Peers without the capability do not say when they are done: they are not waited for (§4.1). */
function established(state: Deferral, peer: string, terms: Terms): Deferral {
  const { gracefulRestart, families } = terms
  if (gracefulRestart === undefined) return settledWith(state, peer)
  return owing(state, peer, { families, restarting: gracefulRestart.restarting })
}

function endOfRib(state: Deferral, peer: string, family: AddressFamily): Deferral {
  const debt = state.waiting.get(peer)
  if (debt === undefined || debt.families === 'all') return state
  const families = debt.families.filter((owed) => owed !== family)
  return families.length === 0 ? settledWith(state, peer) : owing(state, peer, { ...debt, families })
}

function owing(state: Deferral, peer: string, debt: Debt): Deferral {
  return { waiting: new Map(state.waiting).set(peer, debt) }
}

function settledWith(state: Deferral, peer: string): Deferral {
  const waiting = new Map(state.waiting)
  waiting.delete(peer)
  return { waiting }
}
