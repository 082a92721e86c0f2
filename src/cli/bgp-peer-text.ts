/** BGP peers as people read them; pure. */
import { plain, type Row, table } from './table.ts'

type Counts = Readonly<Record<string, number>>
type Family = Readonly<Record<'received' | 'accepted' | 'advertised' | 'stale', number>> & {
  readonly best?: number
  readonly staleState?: string
  readonly staleLeftSec?: number
  readonly endOfRibAwaited?: boolean
}

/** As `/v1/bgp/peers` has it. */
export type PeerShown = {
  readonly name: string
  readonly address: string
  readonly asNumber: number
  readonly state: string
  readonly since: string
  readonly uptimeSec?: number
  readonly remoteRouterId?: string
  readonly capabilities?: readonly string[]
  readonly negotiated?: readonly string[]
  readonly families: Readonly<Record<string, Family>>
  readonly timers: Readonly<Record<string, number>>
  readonly messages: { readonly sent: number; readonly received: number; readonly sentByType?: Counts; readonly receivedByType?: Counts }
  readonly lastError?: { readonly name: string; readonly code?: number; readonly at: string; readonly message?: string }
  readonly flaps: number
  readonly bfd?: BfdShown
}

type BfdShown = {
  readonly state: string
  readonly since: string
  readonly multihop: boolean
  readonly diagnostic: string
  readonly intervalMs: number
  readonly detectionTimeMs: number
  readonly remote?: { readonly state: string; readonly diagnostic: string }
  readonly downs: number
  readonly problem?: string
}

export const peerHeadings = ['NAME', 'ADDRESS', 'AS', 'STATE', 'SINCE', 'RECEIVED', 'ACCEPTED', 'ADVERTISED', 'LAST ERROR'] as const

export function peerRow({ name, address, asNumber, state, since, families, lastError }: PeerShown): Row {
  const sum = (count: 'received' | 'accepted' | 'advertised') => Object.values(families).reduce((total, family) => total + family[count], 0)
  return [name, address, asNumber, state, since, sum('received'), sum('accepted'), sum('advertised'), lastError && shortError(lastError)]
}

/** A NOTIFICATION is told by its name; what failed here is told by the system. */
function shortError({ name, code, message }: NonNullable<PeerShown['lastError']>): string {
  return code === undefined && message !== undefined ? `${name}: ${message}` : name
}

export function peerTable(peers: readonly PeerShown[]): string {
  return table(peerHeadings, peers.map(peerRow))
}

/** One peer: facts, then its counts by family and by message. */
export function peerDetails(peer: PeerShown): string {
  const facts = factsOf(peer).flatMap(([name, text]) => (text === undefined ? [] : [`${`${name}:`.padEnd(13)}${plain(text)}`]))
  return [...facts, '', familyTable(peer), ...messageTable(peer)].join('\n')
}

function factsOf(peer: PeerShown): readonly (readonly [name: string, text: string | undefined])[] {
  const { name, address, asNumber, state, since, uptimeSec, remoteRouterId, negotiated, capabilities, lastError, flaps } = peer
  return [
    ['Peer', `${name}, ${address}, AS ${asNumber}${remoteRouterId === undefined ? '' : `, router id ${remoteRouterId}`}`],
    ['State', `${state}${uptimeSec === undefined ? '' : ` for ${duration(uptimeSec)}`}, since ${since}`],
    ['Flaps', String(flaps)],
    ['Timers', timersText(peer.timers)],
    ['BFD', peer.bfd && bfdText(peer.bfd)],
    ['Restart', restartText(peer.families)],
    ['Negotiated', negotiated?.join(', ')],
    ['Announced', capabilities?.join(', ')],
    ['Last error', lastError && `${lastError.name}, at ${lastError.at}${lastError.message === undefined ? '' : `: ${lastError.message}`}`],
  ]
}

function timersText(timers: PeerShown['timers']): string {
  const { holdTimeSec = 0, keepaliveSec = 0, configuredHoldTimeSec: configured = holdTimeSec } = timers
  const { holdRemainingSec: hold, keepaliveRemainingSec: keepalive, connectRetryRemainingSec: retry, idleHoldRemainingSec: idle } = timers
  return [
    `hold ${holdTimeSec} s${configured === holdTimeSec ? '' : ` (proposed ${configured} s)`}${hold === undefined ? '' : `, ${hold} s left`}`,
    `keepalive ${keepaliveSec} s${keepalive === undefined ? '' : `, next in ${keepalive} s`}`,
    ...(retry === undefined ? [] : [`next attempt in ${retry} s`]),
    ...(idle === undefined ? [] : [`Idle for ${idle} s`]),
  ].join('; ')
}

function bfdText({ state, since, multihop, diagnostic, intervalMs, detectionTimeMs, remote, downs, problem }: BfdShown): string {
  const why =
    state === 'Up'
      ? []
      : [diagnostic, remote === undefined ? 'the peer is not heard' : `the peer is ${remote.state} (${remote.diagnostic})`]
  const pace = state === 'Up' ? [`every ${intervalMs} ms, down after ${detectionTimeMs} ms`] : []
  return [
    `${state} since ${since}${multihop ? ', multihop' : ''}`,
    ...pace,
    ...why,
    `down ${downs} times`,
    ...(problem === undefined ? [] : [problem]),
  ].join('; ')
}

/** Why routes of a peer are stale and for how long, in words (RFC 4724, 7313, 9494). */
const staleReasons: Readonly<Record<string, string>> = {
  awaited: 'stale until the peer is back',
  returned: 'stale until its End-of-RIB',
  'long-lived': 'stale, the last resort while the peer is away for long',
  refreshing: 'stale until it has told all again',
}

function restartText(families: PeerShown['families']): string | undefined {
  const texts = Object.entries(families).flatMap(([name, { stale, staleState, staleLeftSec, endOfRibAwaited }]) => [
    ...(staleState === undefined ? [] : [`${name}: ${stale} ${staleReasons[staleState] ?? staleState}, ${staleLeftSec} s at most`]),
    ...(endOfRibAwaited === true ? [`${name}: this node restarted and waits for its End-of-RIB`] : []),
  ])
  return texts.length === 0 ? undefined : texts.join('; ')
}

function familyTable({ families }: PeerShown): string {
  const known = new Set(Object.values(families).flatMap((family) => Object.keys(family)))
  const counts = (['received', 'accepted', 'best', 'advertised', 'stale', 'staleState'] as const).filter((count) => known.has(count))
  const rows = Object.entries(families).map(([name, family]): Row => [name, ...counts.map((count) => family[count])])
  return table(['FAMILY', ...counts.map((count) => (count === 'staleState' ? 'WHY STALE' : count.toUpperCase()))], rows)
}

function messageTable({ messages: { sentByType, receivedByType, sent, received } }: PeerShown): readonly string[] {
  if (sentByType === undefined || receivedByType === undefined) return []
  const rows = Object.keys(sentByType).map((type): Row => [type, sentByType[type], receivedByType[type]])
  return ['', table(['MESSAGE', 'SENT', 'RECEIVED'], [...rows, ['all', sent, received]])]
}

/** "3d 4h", "2h 5m", "4m 9s": the two largest units. */
function duration(sec: number): string {
  const parts = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const
  const from = Math.max(
    0,
    parts.findIndex(([unit]) => sec >= unit),
  )
  if (sec < 60) return `${sec}s`
  return parts
    .slice(from, from + 2)
    .map(([unit, name], i) => `${Math.floor((i === 0 ? sec : sec % (parts[from]?.[0] ?? 1)) / unit)}${name}`)
    .join(' ')
}
