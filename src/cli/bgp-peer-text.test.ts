import t from 'tap'
import { type PeerShown, peerDetails, peerRow, peerTable } from './bgp-peer-text.ts'

const byType = { open: 1, update: 2, notification: 0, keepalive: 3, routeRefresh: 0 }
const peer: PeerShown = {
  name: 'tor1',
  address: '10.99.0.2',
  asNumber: 65002,
  state: 'Established',
  since: '2026-01-02T12:00:00.000Z',
  uptimeSec: 7_500,
  remoteRouterId: '10.0.0.2',
  capabilities: ['multiprotocol ipv4-unicast', 'route-refresh', 'software-version FRRouting/10.1'],
  negotiated: ['multiprotocol ipv4-unicast', 'route-refresh'],
  families: { 'ipv4-unicast': { received: 3, accepted: 2, advertised: 1, stale: 0 } },
  timers: {
    holdTimeSec: 9,
    keepaliveSec: 3,
    connectRetrySec: 0,
    configuredHoldTimeSec: 90,
    holdRemainingSec: 8.1,
    keepaliveRemainingSec: 1.2,
  },
  messages: { sent: 6, received: 7, sentByType: byType, receivedByType: { ...byType, keepalive: 4 } },
  flaps: 1,
}

t.test('an established peer: facts, families, messages', async (t) =>
  t.equal(
    peerDetails(peer),
    `Peer:        tor1, 10.99.0.2, AS 65002, router id 10.0.0.2
State:       Established for 2h 5m, since 2026-01-02T12:00:00.000Z
Flaps:       1
Timers:      hold 9 s (proposed 90 s), 8.1 s left; keepalive 3 s, next in 1.2 s
Negotiated:  multiprotocol ipv4-unicast, route-refresh
Announced:   multiprotocol ipv4-unicast, route-refresh, software-version FRRouting/10.1

FAMILY        RECEIVED  ACCEPTED  ADVERTISED  STALE
ipv4-unicast  3         2         1           0

MESSAGE       SENT  RECEIVED
open          1     1
update        2     2
notification  0     0
keepalive     3     4
routeRefresh  0     0
all           6     7`,
  ),
)

t.test('a peer that is down: when it is tried next, and why it went', async (t) => {
  const { uptimeSec: _, remoteRouterId: __, capabilities: ___, negotiated: ____, ...rest } = peer
  const down: PeerShown = {
    ...rest,
    state: 'Active',
    timers: { holdTimeSec: 90, keepaliveSec: 30, connectRetrySec: 8, connectRetryRemainingSec: 6.5 },
    messages: { sent: 0, received: 0 },
    lastError: { name: 'Hold Timer Expired (4/0), sent', at: '2026-01-02T11:00:00.000Z' },
  }
  t.equal(
    peerDetails(down),
    `Peer:        tor1, 10.99.0.2, AS 65002
State:       Active, since 2026-01-02T12:00:00.000Z
Flaps:       1
Timers:      hold 90 s; keepalive 30 s; next attempt in 6.5 s
Last error:  Hold Timer Expired (4/0), sent, at 2026-01-02T11:00:00.000Z

FAMILY        RECEIVED  ACCEPTED  ADVERTISED  STALE
ipv4-unicast  3         2         1           0`,
  )
})

t.test('what restarts do to a family: why its routes are stale and for how long, and what is waited for', async (t) => {
  const counts = { received: 3, accepted: 2, advertised: 1 }
  const line = (families: PeerShown['families']) =>
    peerDetails({ ...peer, families })
      .split('\n')
      .filter((text) => text.startsWith('Restart:'))
  const table: [families: PeerShown['families'], text: string][] = [
    [
      { 'ipv4-unicast': { ...counts, stale: 3, staleState: 'awaited', staleLeftSec: 80 } },
      'Restart:     ipv4-unicast: 3 stale until the peer is back, 80 s at most',
    ],
    [
      { 'ipv4-unicast': { ...counts, stale: 3, staleState: 'long-lived', staleLeftSec: 3600 } },
      'Restart:     ipv4-unicast: 3 stale, the last resort while the peer is away for long, 3600 s at most',
    ],
    [
      {
        'ipv4-unicast': { ...counts, stale: 0, endOfRibAwaited: true },
        'ipv6-unicast': { ...counts, stale: 1, staleState: 'returned', staleLeftSec: 9 },
      },
      'Restart:     ipv4-unicast: this node restarted and waits for its End-of-RIB; ipv6-unicast: 1 stale until its End-of-RIB, 9 s at most',
    ],
  ]
  for (const [families, text] of table) t.strictSame(line(families), [text])
})

const bfd = {
  since: '2026-01-02T12:00:01.000Z',
  multihop: false,
  diagnostic: 'No Diagnostic',
  intervalMs: 300,
  detectionTimeMs: 900,
  downs: 2,
}
const bfdLines: [title: string, bfd: NonNullable<PeerShown['bfd']>, expected: string][] = [
  [
    'BFD that is up: at what pace',
    { ...bfd, state: 'Up', remote: { state: 'Up', diagnostic: 'No Diagnostic' } },
    'Up since 2026-01-02T12:00:01.000Z; every 300 ms, down after 900 ms; down 2 times',
  ],
  [
    'BFD that is down: what both sides say of it',
    {
      ...bfd,
      state: 'Down',
      diagnostic: 'Control Detection Time Expired',
      remote: { state: 'AdminDown', diagnostic: 'Administratively Down' },
    },
    'Down since 2026-01-02T12:00:01.000Z; Control Detection Time Expired; the peer is AdminDown (Administratively Down); down 2 times',
  ],
  [
    'BFD that cannot work: why',
    { ...bfd, state: 'Down', multihop: true, problem: 'cannot receive on port 4784: EADDRINUSE' },
    'Down since 2026-01-02T12:00:01.000Z, multihop; No Diagnostic; the peer is not heard; down 2 times; cannot receive on port 4784: EADDRINUSE',
  ],
]
for (const [title, bfd, expected] of bfdLines)
  t.test(title, async (t) => t.match(peerDetails({ ...peer, bfd }).split('\n')[4], `BFD:         ${expected}`))

t.test('input 79: what a peer says of itself moves no cursor and begins no line', async (t) => {
  const evil = 'Cease/Administrative Shutdown\u001b[2J\n\u009b31m\u202egnp.exe'
  const hostile: PeerShown = { ...peer, capabilities: [`fqdn ${evil}`], lastError: { name: evil, at: 'now', message: evil } }
  t.notMatch(peerDetails(hostile).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  t.notMatch(peerTable([hostile]).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  t.equal(peerDetails(hostile).split('\n').length, 18)
  t.equal(peerTable([hostile]).split('\n').length, 2)
})

const times: [sec: number, text: string][] = [
  [0, '0s'],
  [59, '59s'],
  [60, '1m 0s'],
  [3_661, '1h 1m'],
  [90_000, '1d 1h'],
]
for (const [sec, text] of times)
  t.test(`${sec} seconds are ${text}`, async (t) => t.match(peerDetails({ ...peer, uptimeSec: sec }), `Established for ${text}, since`))

t.test('the last error in the table: a NOTIFICATION by its name, what failed here with the reason of the system', async (t) => {
  const at = '2026-01-02T11:00:00.000Z'
  const lastOf = (lastError: NonNullable<PeerShown['lastError']>) => peerRow({ ...peer, lastError }).at(-1)
  t.equal(lastOf({ name: 'Cease (6/2), received', code: 6, at, message: 'bye' }), 'Cease (6/2), received')
  t.equal(
    lastOf({ name: 'TCP connection failed', at, message: 'bind EADDRNOTAVAIL 10.0.0.9' }),
    'TCP connection failed: bind EADDRNOTAVAIL 10.0.0.9',
  )
  t.equal(lastOf({ name: 'TCP connection closed by the peer', at }), 'TCP connection closed by the peer')
})
