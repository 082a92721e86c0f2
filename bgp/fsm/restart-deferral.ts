/** The restarting speaker of RFC 4724 §4.1: decisions wait until every peer that can has sent all its routes again. */
import type { AddressFamily } from '../wire/message.ts'
import type { Terms } from './terms.ts'
import { unreachable } from './unreachable.ts'

/** What is still owed by whom; a peer that has no session yet owes `undefined`, everything. */
export type Deferral = { readonly waiting: ReadonlyMap<string, readonly AddressFamily[] | undefined> }

export type DeferralEvent =
  | { readonly type: 'peer-added'; readonly peer: string }
  | { readonly type: 'peer-removed'; readonly peer: string }
  | { readonly type: 'established'; readonly peer: string; readonly terms: Terms }
  | { readonly type: 'lost'; readonly peer: string }
  | { readonly type: 'end-of-rib'; readonly peer: string; readonly family: AddressFamily }

export const noPeers: Deferral = { waiting: new Map() }

/** The state after the event; order of events of different peers does not matter. */
export function defer(state: Deferral, event: DeferralEvent): Deferral {
  switch (event.type) {
    case 'peer-added':
      return owing(state, event.peer, undefined)
    case 'peer-removed':
      return owing(state, event.peer, [])
    case 'established':
      return state.waiting.has(event.peer) ? owing(state, event.peer, expected(event.terms)) : state
    case 'lost':
      return state.waiting.has(event.peer) ? owing(state, event.peer, undefined) : state
    case 'end-of-rib':
      return endOfRib(state, event.peer, event.family)
    default:
      return unreachable(event)
  }
}

/** Nobody owes anything: decide. */
export function settled(state: Deferral): boolean {
  return state.waiting.size === 0
}

/** Peers without the capability, and peers that restart themselves and wait for us, are not waited for (§4.1). */
function expected(terms: Terms): readonly AddressFamily[] {
  return terms.gracefulRestart === undefined || terms.gracefulRestart.restarting ? [] : terms.families
}

function endOfRib(state: Deferral, peer: string, family: AddressFamily): Deferral {
  const owed = state.waiting.get(peer)
  return owed === undefined
    ? state
    : owing(
        state,
        peer,
        owed.filter((one) => one !== family),
      )
}

function owing(state: Deferral, peer: string, families: readonly AddressFamily[] | undefined): Deferral {
  const waiting = new Map(state.waiting)
  if (families?.length === 0) waiting.delete(peer)
  else waiting.set(peer, families)
  return { waiting }
}
