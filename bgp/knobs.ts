/** What a change of each setting of a running peer costs. The same table is in the documentation (docs/live-change.md). */
import { isDeepStrictEqual } from 'node:util'
import type { PeerConfig } from './peer-config.ts'

/**
 * live: nobody notices. refresh: routes are looked at anew, and those that come out otherwise are told; the session goes on.
 * reset: that one session ends with Cease/6 (RFC 4486) and comes back.
 */
export type ChangeClass = 'live' | 'refresh' | 'reset'

export const changeClass: Readonly<Record<Exclude<keyof PeerConfig, 'name'>, ChangeClass>> = {
  address: 'reset',
  interface: 'reset',
  asNumber: 'reset',
  asNumbers: 'reset',
  port: 'live', // of the next connection
  passive: 'live',
  shutdown: 'reset',
  families: 'reset',
  sourceAddress: 'reset',
  multihop: 'live', // of the socket in use too
  ttlSecurity: 'live',
  password: 'live', // RFC 2385 keys are of the socket, old segments are sent again with the new one
  holdTimeSec: 'reset',
  restartTimeSec: 'reset',
  longLivedStaleSec: 'reset',
  bfd: 'live',
  routeReflectorClient: 'refresh',
  localAs: 'reset',
  replaceAs: 'refresh',
  allowLocalAs: 'refresh',
  removePrivateAs: 'refresh',
  enforceFirstAs: 'refresh', // what was treated as withdrawn is not kept: the peer is asked for its routes again
  allowAsSet: 'refresh',
  nextHop: 'refresh',
  acceptBlackhole: 'refresh',
  extendedNextHop: 'reset',
  addPath: 'reset',
  role: 'reset',
  maxPrefixes: 'live',
  maxPrefixesWarnPercent: 'live',
  maxPrefixesRestartSec: 'live',
  import: 'refresh',
  export: 'refresh',
  importFilters: 'refresh',
  exportFilters: 'refresh',
}

export type Knob = keyof typeof changeClass

const isKnob = (name: string): name is Knob => Object.hasOwn(changeClass, name)

/** All of them, in the order of the table. */
export const knobs: readonly Knob[] = Object.keys(changeClass).filter(isKnob)

const weight: Readonly<Record<ChangeClass, number>> = { live: 0, refresh: 1, reset: 2 }

/** What a change of settings costs: as much as the dearest of its knobs; undefined: nothing is changed. */
export function changeBetween(before: PeerConfig, after: PeerConfig): ChangeClass | undefined {
  return changedKnobs(before, after).reduce<ChangeClass | undefined>((dearest, knob) => {
    const cost = changeClass[knob]
    return dearest !== undefined && weight[dearest] > weight[cost] ? dearest : cost
  }, undefined)
}

/** By these the peer's routes are refused before they are kept: it has to send them again (RFC 2918). */
const refusing: readonly Knob[] = ['enforceFirstAs', 'allowAsSet', 'allowLocalAs']

/** Whether routes of the peer that are not known here may count now. */
export function needsRoutesAgain(before: PeerConfig, after: PeerConfig): boolean {
  return changedKnobs(before, after).some((knob) => refusing.includes(knob))
}

function changedKnobs(before: PeerConfig, after: PeerConfig): readonly Knob[] {
  return knobs.filter((knob) => !isDeepStrictEqual(before[knob], after[knob]))
}
