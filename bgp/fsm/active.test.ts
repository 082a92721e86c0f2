import { checkRows, checkTable, close, connectRetry, each, events, hold, idleHold, starts, stopTimers } from './fixture.ts'
import type { Active } from './state.ts'

const active: Active = { name: 'Active', passive: false, connectRetryCounter: 1 }
const passive: Active = { ...active, passive: true }

checkTable(active, [
  ...each(starts, 'is ignored (§8.2.2)', [active]),
  [
    'ManualStop zeroes the counter, stops the ConnectRetryTimer, goes to Idle (§8.2.2)',
    events.ManualStop,
    [{ name: 'Idle', passive: false, connectRetryCounter: 0 }, close, stopTimers],
  ],
  [
    'ConnectRetryTimer_Expires restarts the timer and initiates a TCP connection (§8.2.2)',
    events.ConnectRetryTimer_Expires,
    [{ ...active, name: 'Connect' }, connectRetry(1), { type: 'connect' }],
  ],
  ...each(
    ['Tcp_CR_Acked', 'TcpConnectionConfirmed'],
    'stops the ConnectRetryTimer, sends OPEN, sets the hold timer to 4 minutes (§8.2.2)',
    [{ ...active, name: 'OpenSent' }, { type: 'stop-connect-retry' }, { type: 'send-open' }, hold(240)],
  ),
  ...each(
    [
      'TcpConnectionFails',
      'AutomaticStop',
      'HoldTimer_Expires',
      'KeepaliveTimer_Expires',
      'IdleHoldTimer_Expires',
      'SendHoldTimer_Expires',
      'BGPOpen',
      'BGPHeaderErr',
      'BGPOpenMsgErr',
      'OpenCollisionDump',
      'NotifMsgVerErr',
      'NotifMsg',
      'KeepAliveMsg',
      'UpdateMsg',
      'UpdateMsgErr',
      'RouteRefreshMsg',
    ],
    'drops what there is of a connection, counts and goes to Idle (§8.2.2)',
    [{ name: 'Idle', passive: false, connectRetryCounter: 2 }, close, stopTimers, idleHold(2)],
  ),
])

checkRows(passive, [['ConnectRetryTimer_Expires never dials a passive peer', events.ConnectRetryTimer_Expires, [passive]]])
