import { checkTable, close, connectRetry, each, events, hold, idleHold, starts, stopTimers } from './fixture.ts'
import type { Connect } from './state.ts'

const connect: Connect = { name: 'Connect', passive: false, connectRetryCounter: 1 }
const counted = { passive: false, connectRetryCounter: 2 }

checkTable(connect, [
  ...each(starts, 'is ignored (§8.2.2)', [connect]),
  [
    'ManualStop drops the TCP connection, zeroes the counter, goes to Idle (§8.2.2)',
    events.ManualStop,
    [{ name: 'Idle', passive: false, connectRetryCounter: 0 }, close, stopTimers],
  ],
  [
    'ConnectRetryTimer_Expires drops the connection, restarts the timer and initiates another (§8.2.2)',
    events.ConnectRetryTimer_Expires,
    [{ ...counted, name: 'Connect' }, close, connectRetry(2), { type: 'connect' }],
  ],
  ...each(
    ['Tcp_CR_Acked', 'TcpConnectionConfirmed'],
    'stops the ConnectRetryTimer, sends OPEN, sets the hold timer to 4 minutes (§8.2.2)',
    [{ ...connect, name: 'OpenSent' }, { type: 'stop-connect-retry' }, { type: 'send-open' }, hold(240)],
  ),
  [
    'TcpConnectionFails restarts the ConnectRetryTimer and continues to listen (§8.2.2)',
    events.TcpConnectionFails,
    [{ ...counted, name: 'Active' }, close, connectRetry(2)],
  ],
  ...each(
    [
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
    'drops the connection, counts and goes to Idle; without an OPEN of ours no NOTIFICATION (§8.2.2, SendNOTIFICATIONwithoutOPEN off)',
    [{ ...counted, name: 'Idle' }, close, stopTimers, idleHold(2)],
  ),
])
