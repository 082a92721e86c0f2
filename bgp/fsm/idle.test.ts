import { checkRows, checkTable, close, connectRetry, each, events, stopTimers } from './fixture.ts'
import type { Idle } from './state.ts'

const idle: Idle = { name: 'Idle', passive: false, connectRetryCounter: 3 }
const fresh = { passive: false, connectRetryCounter: 0 }
const dial = { type: 'connect' } as const

checkTable(idle, [
  ...each(['ManualStart', 'AutomaticStart'], 'zeroes the counter, starts the ConnectRetryTimer and initiates a TCP connection (§8.2.2)', [
    { ...fresh, name: 'Connect' },
    connectRetry(0),
    dial,
  ]),
  ...each(
    ['ManualStart_with_PassiveTcpEstablishment', 'AutomaticStart_with_PassiveTcpEstablishment'],
    'zeroes the counter and listens (§8.2.2)',
    [{ name: 'Active', passive: true, connectRetryCounter: 0 }],
  ),
  [
    'IdleHoldTimer_Expires starts again and keeps the counter (§8.1.1 DampPeerOscillations)',
    events.IdleHoldTimer_Expires,
    [{ ...idle, name: 'Connect' }, connectRetry(3), dial],
  ],
  [
    'ManualStop stays, sends nothing, and the IdleHoldTimer does not start it again',
    events.ManualStop,
    [{ ...fresh, name: 'Idle' }, close, stopTimers],
  ],
  ...each(['TcpConnectionConfirmed', 'Tcp_CR_Acked'], 'is refused (§8.2.2: Idle refuses all connections)', [idle, close]),
  ...each(
    [
      'AutomaticStop',
      'ConnectRetryTimer_Expires',
      'HoldTimer_Expires',
      'KeepaliveTimer_Expires',
      'SendHoldTimer_Expires',
      'TcpConnectionFails',
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
    'does not cause a change of state (§8.2.2)',
    [idle],
  ),
])

const passive: Idle = { ...idle, passive: true }
checkRows(passive, [
  ['IdleHoldTimer_Expires: a passive peer is listened for, never dialled', events.IdleHoldTimer_Expires, [{ ...passive, name: 'Active' }]],
])
