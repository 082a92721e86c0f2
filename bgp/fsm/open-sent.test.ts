import {
  checkRows,
  checkTable,
  close,
  connectRetry,
  each,
  events,
  headerError,
  hold,
  idleHold,
  keepalive,
  notify,
  openError,
  starts,
  stopTimers,
  terms,
} from './fixture.ts'
import type { OpenSent } from './state.ts'

const openSent: OpenSent = { name: 'OpenSent', passive: false, connectRetryCounter: 1 }
const idle = { name: 'Idle', passive: false, connectRetryCounter: 2 } as const
const givesUp = [close, stopTimers, idleHold(2)] as const

checkTable(openSent, [
  ...each(starts, 'is ignored (§8.2.2)', [openSent]),
  ...each(['Tcp_CR_Acked', 'TcpConnectionConfirmed'], 'is another connection with a machine of its own (§8.2.2, §6.8)', [openSent]),
  [
    'ManualStop sends Cease, drops the connection, zeroes the counter, goes to Idle (§8.2.2)',
    events.ManualStop,
    [{ ...idle, connectRetryCounter: 0 }, notify(6, 2), close, stopTimers],
  ],
  [
    'ManualStop without Cease closes TCP and says nothing (RFC 4724 §4: a restart is not announced)',
    { type: 'ManualStop' },
    [{ ...idle, connectRetryCounter: 0 }, close, stopTimers],
  ],
  ['AutomaticStop sends Cease and goes to Idle (§8.2.2)', events.AutomaticStop, [idle, notify(6, 1), ...givesUp]],
  ['HoldTimer_Expires sends Hold Timer Expired and goes to Idle (§6.5)', events.HoldTimer_Expires, [idle, notify(4, 0), ...givesUp]],
  ['SendHoldTimer_Expires sends Send Hold Timer Expired (RFC 9687 §3.2)', events.SendHoldTimer_Expires, [idle, notify(8, 0), ...givesUp]],
  [
    'TcpConnectionFails restarts the ConnectRetryTimer, continues to listen, goes to Active (§8.2.2)',
    events.TcpConnectionFails,
    [{ ...idle, name: 'Active' }, close, stopTimers, connectRetry(2)],
  ],
  [
    'BGPOpen sends KEEPALIVE, starts the KeepaliveTimer, sets the HoldTimer as negotiated (§8.2.2)',
    events.BGPOpen,
    [{ ...openSent, name: 'OpenConfirm', terms }, { type: 'send-keepalive' }, keepalive(30), hold(90)],
  ],
  ['BGPHeaderErr sends its error code (§6.1)', events.BGPHeaderErr, [idle, notify(1, 2, headerError.data), ...givesUp]],
  ['BGPOpenMsgErr sends its error code (§6.2)', events.BGPOpenMsgErr, [idle, notify(2, 6, openError.data), ...givesUp]],
  [
    'OpenCollisionDump sends Cease, Connection Collision Resolution (§6.8, RFC 4486)',
    events.OpenCollisionDump,
    [idle, notify(6, 7), ...givesUp],
  ],
  [
    'NotifMsgVerErr is damped as any refusal: we have no other version to come with (§8.1.1, §8.2.2)',
    events.NotifMsgVerErr,
    [idle, ...givesUp],
  ],
  ['NotifMsg is never answered (§6.4)', events.NotifMsg, [idle, ...givesUp]],
  ...each(['KeepAliveMsg', 'UpdateMsg', 'UpdateMsgErr', 'RouteRefreshMsg'], 'is unexpected in OpenSent: 5/1 (RFC 6608 §3)', [
    idle,
    notify(5, 1),
    ...givesUp,
  ]),
  ...each(['ConnectRetryTimer_Expires', 'KeepaliveTimer_Expires', 'IdleHoldTimer_Expires'], 'is a Finite State Machine Error (§8.2.2)', [
    idle,
    notify(5, 0),
    ...givesUp,
  ]),
])

const unheld = { ...terms, holdTimeSec: 0, keepaliveSec: 0 }
checkRows(openSent, [
  [
    'BGPOpen with hold time 0 starts neither timer (§4.2, §8.2.2)',
    { type: 'BGPOpen', terms: unheld },
    [{ ...openSent, name: 'OpenConfirm', terms: unheld }, { type: 'send-keepalive' }, { type: 'stop-hold' }],
  ],
])
checkRows({ ...openSent, passive: true }, [
  [
    'TcpConnectionFails leaves a passive peer waiting for the next connection',
    events.TcpConnectionFails,
    [{ name: 'Active', passive: true, connectRetryCounter: 2 }, close, stopTimers],
  ],
])
