import {
  checkRows,
  checkTable,
  close,
  each,
  events,
  headerError,
  hold,
  idleHold,
  keepalive,
  notify,
  starts,
  stopTimers,
  terms,
} from './fixture.ts'
import type { OpenConfirm } from './state.ts'

const openConfirm: OpenConfirm = { name: 'OpenConfirm', passive: false, connectRetryCounter: 1, terms }
const idle = { name: 'Idle', passive: false, connectRetryCounter: 2 } as const
const givesUp = [close, stopTimers, idleHold(2)] as const

checkTable(openConfirm, [
  ...each(starts, 'is ignored (§8.2.2)', [openConfirm]),
  ...each(['Tcp_CR_Acked', 'TcpConnectionConfirmed'], 'is another connection with a machine of its own (§8.2.2, §6.8)', [openConfirm]),
  [
    'KeepAliveMsg restarts the HoldTimer and goes to Established (§8.2.2); the Send Hold Timer runs (RFC 9687 §3.2)',
    events.KeepAliveMsg,
    [{ ...openConfirm, name: 'Established' }, hold(90), { type: 'start-send-hold', afterSec: 480 }, { type: 'session-up', terms }],
  ],
  [
    'KeepaliveTimer_Expires sends KEEPALIVE and restarts (§8.2.2)',
    events.KeepaliveTimer_Expires,
    [openConfirm, { type: 'send-keepalive' }, keepalive(30)],
  ],
  [
    'ManualStop sends Cease, drops the connection, zeroes the counter, goes to Idle (§8.2.2)',
    events.ManualStop,
    [{ ...idle, connectRetryCounter: 0 }, notify(6, 2), close, stopTimers],
  ],
  ['AutomaticStop sends Cease and goes to Idle (§8.2.2)', events.AutomaticStop, [idle, notify(6, 1), ...givesUp]],
  ['HoldTimer_Expires sends Hold Timer Expired and goes to Idle (§6.5)', events.HoldTimer_Expires, [idle, notify(4, 0), ...givesUp]],
  ['SendHoldTimer_Expires sends Send Hold Timer Expired (RFC 9687 §3.2)', events.SendHoldTimer_Expires, [idle, notify(8, 0), ...givesUp]],
  ['TcpConnectionFails drops, counts, goes to Idle (§8.2.2)', events.TcpConnectionFails, [idle, ...givesUp]],
  ['NotifMsg drops, counts, goes to Idle and is never answered (§6.4)', events.NotifMsg, [idle, ...givesUp]],
  [
    'NotifMsgVerErr is damped as any refusal: we have no other version to come with (§8.1.1, §8.2.2)',
    events.NotifMsgVerErr,
    [idle, ...givesUp],
  ],
  ['BGPHeaderErr sends its error code (§6.1)', events.BGPHeaderErr, [idle, notify(1, 2, headerError.data), ...givesUp]],
  [
    'OpenCollisionDump sends Cease, Connection Collision Resolution (§6.8, RFC 4486)',
    events.OpenCollisionDump,
    [idle, notify(6, 7), ...givesUp],
  ],
  ...each(['BGPOpen', 'BGPOpenMsgErr', 'UpdateMsg', 'UpdateMsgErr', 'RouteRefreshMsg'], 'is unexpected in OpenConfirm: 5/2 (RFC 6608 §3)', [
    idle,
    notify(5, 2),
    ...givesUp,
  ]),
  ...each(['ConnectRetryTimer_Expires', 'IdleHoldTimer_Expires'], 'is a Finite State Machine Error (§8.2.2)', [
    idle,
    notify(5, 0),
    ...givesUp,
  ]),
])

const unheld: OpenConfirm = { ...openConfirm, terms: { ...terms, holdTimeSec: 0, keepaliveSec: 0 } }
checkRows(unheld, [
  [
    'KeepAliveMsg with hold time 0 starts no timer (§8.2.2, RFC 9687 §3.2), and the attempts are forgotten',
    events.KeepAliveMsg,
    [
      { ...unheld, name: 'Established', connectRetryCounter: 0 },
      { type: 'session-up', terms: unheld.terms },
    ],
  ],
])

const long: OpenConfirm = { ...openConfirm, terms: { ...terms, holdTimeSec: 600, keepaliveSec: 200 } }
checkRows(long, [
  [
    'the Send Hold Timer is twice a long hold time (RFC 9687 §3.1)',
    events.KeepAliveMsg,
    [{ ...long, name: 'Established' }, hold(600), { type: 'start-send-hold', afterSec: 1200 }, { type: 'session-up', terms: long.terms }],
  ],
])
