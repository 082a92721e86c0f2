/** What a change of each setting of a running peer costs. The same table is in the documentation (docs/live-change.md). */
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
  enforceFirstAs: 'refresh',
  allowAsSet: 'refresh',
  nextHop: 'refresh',
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
