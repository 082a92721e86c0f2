/** What keeps peers without a session, for the people who can mend it. Pure. */
import type { PeerConfig, PeerStatus } from '../peer.ts'
import { keyHint } from './failure.ts'

/** How long a peer may be without a session before that is a problem: a restart (RFC 4724) is over by then. */
const patienceMs = 180_000
/** More peers than these are one problem. */
const mostTold = 5

/** @property downSinceMs milliseconds since 1970; undefined: its session is up  @property keptOut over its limit of prefixes */
export type PeerCondition = {
  readonly config: PeerConfig
  readonly downSinceMs: number | undefined
  readonly lastError: PeerStatus['lastError']
  readonly keptOut: { readonly leftSec: number | undefined } | undefined
}

export type PeerProblem = { readonly severity: 'warning' | 'error'; readonly subject: string; readonly message: string }

/** @param peers those that are to have a session all the time @param nowMs milliseconds since 1970 */
export function peerProblems(peers: readonly PeerCondition[], nowMs: number): readonly PeerProblem[] {
  const keptOut = peers.flatMap((peer) => (peer.keptOut === undefined ? [] : [overLimitProblem(peer.config, peer.keptOut.leftSec)]))
  const down = peers.filter(({ keptOut, downSinceMs }) => keptOut === undefined && nowMs - (downSinceMs ?? nowMs) > patienceMs)
  return [...keptOut, ...(down.length > mostTold ? [manyDown(down)] : down.map(isDown))]
}

function overLimitProblem({ name, maxPrefixes }: PeerConfig, leftSec: number | undefined): PeerProblem {
  const until = leftSec === undefined ? '' : ` for ${Math.ceil(leftSec)} s more`
  const message = `is kept out${until}: it announced more than its ${maxPrefixes} prefixes (maxPrefixes); raise the limit, or end its wait with "tortie bgp reset ${name}"`
  return { severity: 'error', subject: `bgp/peer/${name}`, message }
}

function isDown({ config, downSinceMs = 0, lastError }: PeerCondition): PeerProblem {
  const message = `has no session since ${new Date(downSinceMs).toISOString()}: ${reasonOf(config, lastError)}`
  return { severity: 'warning', subject: `bgp/peer/${config.name}`, message }
}

function reasonOf({ address, port, passive, password }: PeerConfig, lastError: PeerStatus['lastError']): string {
  if (lastError !== undefined) return [lastError.name, ...(lastError.message === undefined ? [] : [lastError.message])].join(': ')
  const silence = passive ? `nobody connects from ${address}` : `nobody answers at ${address} port ${port}`
  return password === undefined ? silence : `${silence}; ${keyHint}`
}

function manyDown(peers: readonly PeerCondition[]): PeerProblem {
  const names = peers.slice(0, mostTold).map(({ config }) => config.name)
  const message = `${peers.length} peers have no session: ${names.join(', ')} and ${peers.length - mostTold} more; "tortie bgp peers" shows why`
  return { severity: 'warning', subject: 'bgp/peers', message }
}
