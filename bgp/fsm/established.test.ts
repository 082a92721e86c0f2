import { cease } from './cease.ts'
import {
  checkRows,
  checkTable,
  close,
  down,
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
  updateError,
} from './fixture.ts'
import type { Established } from './state.ts'

const established: Established = { name: 'Established', passive: false, connectRetryCounter: 1, terms }
const idle = { name: 'Idle', passive: false, connectRetryCounter: 2 } as const
const givesUp = [close, stopTimers, down(false), idleHold(2)] as const

checkTable(established, [
  ...each(starts, 'is ignored (§8.2.2)', [established]),
  ...each(['Tcp_CR_Acked', 'TcpConnectionConfirmed'], 'is tracked apart until its OPEN comes (§8.2.2, RFC 4724 §5)', [established]),
  ...each(['KeepAliveMsg', 'UpdateMsg', 'RouteRefreshMsg'], 'restarts the HoldTimer (§8.2.2)', [established, hold(90)]),
  [
    'KeepaliveTimer_Expires sends KEEPALIVE and restarts (§8.2.2); the session is stable, so the backoff starts anew',
    events.KeepaliveTimer_Expires,
    [{ ...established, connectRetryCounter: 0 }, { type: 'send-keepalive' }, keepalive(30)],
  ],
  [
    'ManualStop sends Cease, deletes the routes, zeroes the counter, goes to Idle (§8.2.2)',
    events.ManualStop,
    [{ ...idle, connectRetryCounter: 0 }, notify(6, 2), close, stopTimers, down(false)],
  ],
  [
    'AutomaticStop sends Cease: the prefix limit is its reason (§8.1.2 event 8, RFC 4486)',
    events.AutomaticStop,
    [idle, notify(6, 1), ...givesUp],
  ],
  ['HoldTimer_Expires sends Hold Timer Expired and goes to Idle (§6.5)', events.HoldTimer_Expires, [idle, notify(4, 0), ...givesUp]],
  ['SendHoldTimer_Expires sends Send Hold Timer Expired (RFC 9687 §3.2)', events.SendHoldTimer_Expires, [idle, notify(8, 0), ...givesUp]],
  [
    'TcpConnectionFails without a NOTIFICATION is a restart of the peer (RFC 4724 §4.2)',
    events.TcpConnectionFails,
    [idle, close, stopTimers, down(true), idleHold(2)],
  ],
  ...each(['NotifMsg', 'NotifMsgVerErr'], 'deletes the routes, counts, goes to Idle and is never answered (§6.4)', [idle, ...givesUp]),
  ['BGPHeaderErr sends its error code (§6.1)', events.BGPHeaderErr, [idle, notify(1, 2, headerError.data), ...givesUp]],
  ['UpdateMsgErr sends its error code and data (§6.3)', events.UpdateMsgErr, [idle, notify(3, 1, updateError.data), ...givesUp]],
  [
    'OpenCollisionDump sends Cease, Connection Collision Resolution (§6.8, RFC 4486)',
    events.OpenCollisionDump,
    [idle, notify(6, 7), ...givesUp],
  ],
  ...each(['BGPOpen', 'BGPOpenMsgErr'], 'is unexpected in Established: 5/3 (RFC 6608 §3)', [idle, notify(5, 3), ...givesUp]),
  ...each(['ConnectRetryTimer_Expires', 'IdleHoldTimer_Expires'], 'is a Finite State Machine Error (§8.2.2)', [
    idle,
    notify(5, 0),
    ...givesUp,
  ]),
])

const unheld: Established = { ...established, terms: { ...terms, holdTimeSec: 0, keepaliveSec: 0 } }
checkRows(unheld, each(['KeepAliveMsg', 'UpdateMsg'], 'with hold time 0 starts no HoldTimer (§8.2.2)', [unheld]))

const gracefulRestart = {
  restarting: false,
  notification: false,
  restartTimeSec: 120,
  families: [{ family: 'ipv4-unicast', forwardingPreserved: true }],
} as const
const restartable: Established = { ...established, terms: { ...terms, gracefulRestart } }

checkRows({ ...restartable, connectRetryCounter: 0 }, [
  [
    'TcpConnectionFails of a peer that restarts is hardly damped the first time (RFC 4724 §4.2)',
    events.TcpConnectionFails,
    [{ ...idle, connectRetryCounter: 1 }, close, stopTimers, down(true), idleHold(1)],
  ],
])
checkRows({ ...restartable, connectRetryCounter: 7 }, [
  [
    'TcpConnectionFails of a peer that restarts again and again is damped by a second, no more (RFC 4724 §4.2)',
    events.TcpConnectionFails,
    [{ ...idle, connectRetryCounter: 2 }, close, stopTimers, down(true), idleHold(2)],
  ],
  [
    'HoldTimer_Expires is damped as ever: that was no restart (§8.1.1)',
    events.HoldTimer_Expires,
    [{ ...idle, connectRetryCounter: 8 }, notify(4, 0), close, stopTimers, down(false), idleHold(8)],
  ],
])

/** RFC 8538 §3 */
const hard = (code: number, subcode: number) => notify(6, 9, Uint8Array.of(code, subcode))
const mutual: Established = { ...established, terms: { ...terms, gracefulRestart: { ...gracefulRestart, notification: true } } }
const keeps = [close, stopTimers, down(true), idleHold(2)] as const

checkRows(mutual, [
  ['NotifMsg is a restart where both set the N bit (RFC 8538 §4)', events.NotifMsg, [idle, ...keeps]],
  ['NotifMsgVerErr likewise', events.NotifMsgVerErr, [idle, ...keeps]],
  ['NotifMsg with Hard Reset ends it for good (RFC 8538 §4)', { type: 'NotifMsg', hard: true }, [idle, ...givesUp]],
  ['HoldTimer_Expires keeps the routes (RFC 8538 §4)', events.HoldTimer_Expires, [idle, notify(4, 0), ...keeps]],
  ['UpdateMsgErr keeps the routes (RFC 8538 §4)', events.UpdateMsgErr, [idle, notify(3, 1, updateError.data), ...keeps]],
  ['BGPOpen keeps the routes (RFC 8538 §4)', events.BGPOpen, [idle, notify(5, 3), ...keeps]],
  ['AutomaticStop for the prefix limit is a Hard Reset (RFC 8538 §5.1)', events.AutomaticStop, [idle, hard(6, 1), ...givesUp]],
  [
    'AutomaticStop for BFD is a Hard Reset (RFC 9384 §3)',
    { type: 'AutomaticStop', cease: cease('bfdDown') },
    [idle, hard(6, 10), ...givesUp],
  ],
  [
    'ManualStop to shut down is a Hard Reset (RFC 8538 §5.1)',
    events.ManualStop,
    [{ ...idle, connectRetryCounter: 0 }, hard(6, 2), close, stopTimers, down(false)],
  ],
  [
    'ManualStop for a change of configuration keeps the routes (RFC 8538 §5.1)',
    { type: 'ManualStop', cease: cease('otherConfigurationChange') },
    [{ ...idle, connectRetryCounter: 0 }, notify(6, 6), close, stopTimers, down(true)],
  ],
  [
    'ManualStop without a word leaves nothing behind here',
    { type: 'ManualStop' },
    [{ ...idle, connectRetryCounter: 0 }, close, stopTimers, down(false)],
  ],
])
checkRows(restartable, [
  ['NotifMsg ends the help of a peer without the N bit (RFC 4724 §4)', events.NotifMsg, [idle, ...givesUp]],
  ['AutomaticStop is plain to a peer without the N bit (RFC 8538 §4)', events.AutomaticStop, [idle, notify(6, 1), ...givesUp]],
])

const lasting: Established = {
  ...restartable,
  terms: { ...restartable.terms, longLived: [{ family: 'ipv4-unicast', forwardingPreserved: true, staleSec: 3600 }] },
}
checkRows(lasting, [
  ['HoldTimer_Expires of a peer with a long-lived stale time is a loss of TCP (RFC 9494)', events.HoldTimer_Expires, [idle, ...keeps]],
])
checkRows({ ...lasting, terms: { ...lasting.terms, gracefulRestart: { ...gracefulRestart, notification: true } } }, [
  ['HoldTimer_Expires is told where that keeps the routes too (RFC 8538 §4)', events.HoldTimer_Expires, [idle, notify(4, 0), ...keeps]],
])
