/** Values the tests of the states share: one of each event, and the check that a table leaves none out. */
import t from 'tap'
import { BgpError } from '../wire/bgp-error.ts'
import type { Action, Transition } from './action.ts'
import type { Event } from './event.ts'
import type { State } from './state.ts'
import type { Terms } from './terms.ts'
import { transition } from './transition.ts'

export const terms: Terms = {
  families: ['ipv4-unicast'],
  remoteRouterId: 0x0a00_0002,
  holdTimeSec: 90,
  keepaliveSec: 30,
  fourOctetAs: true,
  routeRefresh: true,
  enhancedRouteRefresh: false,
  maxMessageLength: 4096,
  capabilities: [],
}

const none = new Uint8Array(0)
const maxPrefixes = new BgpError(6, 1, 'more than 10 prefixes')
export const updateError = new BgpError(3, 1, 'malformed attribute list', Uint8Array.of(1))
export const openError = new BgpError(2, 6, 'hold time 1 s')
export const headerError = new BgpError(1, 2, 'bad length', Uint8Array.of(0, 18))

export const events: { readonly [type in Event['type']]: Extract<Event, { type: type }> } = {
  ManualStart: { type: 'ManualStart' },
  ManualStop: { type: 'ManualStop', cease: new BgpError(6, 2, 'shutdown') },
  AutomaticStart: { type: 'AutomaticStart' },
  ManualStart_with_PassiveTcpEstablishment: { type: 'ManualStart_with_PassiveTcpEstablishment' },
  AutomaticStart_with_PassiveTcpEstablishment: { type: 'AutomaticStart_with_PassiveTcpEstablishment' },
  AutomaticStop: { type: 'AutomaticStop', cease: maxPrefixes },
  ConnectRetryTimer_Expires: { type: 'ConnectRetryTimer_Expires' },
  HoldTimer_Expires: { type: 'HoldTimer_Expires' },
  KeepaliveTimer_Expires: { type: 'KeepaliveTimer_Expires' },
  IdleHoldTimer_Expires: { type: 'IdleHoldTimer_Expires' },
  Tcp_CR_Acked: { type: 'Tcp_CR_Acked' },
  TcpConnectionConfirmed: { type: 'TcpConnectionConfirmed' },
  TcpConnectionFails: { type: 'TcpConnectionFails' },
  BGPOpen: { type: 'BGPOpen', terms },
  BGPHeaderErr: { type: 'BGPHeaderErr', error: headerError },
  BGPOpenMsgErr: { type: 'BGPOpenMsgErr', error: openError },
  OpenCollisionDump: { type: 'OpenCollisionDump' },
  NotifMsgVerErr: { type: 'NotifMsgVerErr' },
  NotifMsg: { type: 'NotifMsg', hard: false },
  KeepAliveMsg: { type: 'KeepAliveMsg' },
  UpdateMsg: { type: 'UpdateMsg' },
  UpdateMsgErr: { type: 'UpdateMsgErr', error: updateError },
  RouteRefreshMsg: { type: 'RouteRefreshMsg' },
  SendHoldTimer_Expires: { type: 'SendHoldTimer_Expires' },
}

export const notify = (code: number, subcode: number, data: Uint8Array = none): Action => ({
  type: 'send-notification',
  code,
  subcode,
  data,
})
export const close: Action = { type: 'close' }
export const stopTimers: Action = { type: 'stop-timers' }
export const idleHold = (attempt: number): Action => ({ type: 'start-idle-hold', attempt })
export const connectRetry = (attempt: number): Action => ({ type: 'start-connect-retry', attempt })
export const hold = (afterSec: number): Action => ({ type: 'start-hold', afterSec })
export const keepalive = (afterSec: number): Action => ({ type: 'start-keepalive', afterSec })
export const down = (graceful: boolean): Action => ({ type: 'session-down', graceful })

export type Row = readonly [title: string, event: Event, expected: Transition]

/** One test per row, and one that every event of the machine has a row. */
export function checkTable(state: State, table: readonly Row[]): void {
  checkRows(state, table)
  void t.test(`${state.name}: every event of RFC 4271 §8.1 has its sentence`, async (t) => {
    t.strictSame([...new Set(table.map(([, event]) => event.type))].sort(), Object.keys(events).sort())
  })
}

export function checkRows(state: State, table: readonly Row[]): void {
  for (const [title, event, expected] of table) {
    void t.test(`${state.name}: ${title}`, async (t) => t.strictSame(transition(state, event), expected))
  }
}

/** The same sentence for several events. */
export function each(types: readonly Event['type'][], sentence: string, expected: Transition): Row[] {
  return types.map((type) => [`${type} ${sentence}`, events[type], expected])
}

export const starts = [
  'ManualStart',
  'AutomaticStart',
  'ManualStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_PassiveTcpEstablishment',
] as const
