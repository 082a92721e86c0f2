import { formatIpv4 } from '../../src/net/ipv4.ts'
import type { State } from '../fsm/state.ts'
import type { Terms } from '../fsm/terms.ts'
import type { PeerConfig, PeerState, PeerStatus } from '../peer.ts'
import type { RibFace } from '../rib/rib-face.ts'
import { maxMessageLength } from '../wire/message.ts'
import { capabilityName } from './capability-name.ts'
import { type Failure, withKeyHint } from './failure.ts'
import { MessageCounts } from './message-counts.ts'
import type { PeerCondition } from './peer-problems.ts'
import type { TimerValues } from './timers.ts'

/** What `GET /v1/bgp/peers` tells of one peer, as it was last noted. */
export class PeerRecord {
  readonly counts = new MessageCounts()
  #config: PeerConfig
  readonly #now: () => number
  #state: PeerState = 'Idle'
  #sinceMs: number
  /** Since the session was lost, or the peer became one. */
  #downSinceMs: number
  #flaps = 0
  #lastError: PeerStatus['lastError']

  constructor(config: PeerConfig, now: () => number) {
    this.#config = config
    this.#now = now
    this.#sinceMs = this.#now()
    this.#downSinceMs = this.#sinceMs
  }

  configure(config: PeerConfig): void {
    this.#config = config
  }

  get state(): PeerState {
    return this.#state
  }

  get condition(): Omit<PeerCondition, 'keptOut'> {
    const downSinceMs = this.#state === 'Established' ? undefined : this.#downSinceMs
    return { config: this.#config, downSinceMs, lastError: this.#lastError }
  }

  /** @returns whether that is a change */
  enter(state: PeerState): boolean {
    if (state === this.#state) return false
    this.#sinceMs = this.#now()
    if (this.#state === 'Established') {
      this.#flaps++
      this.#downSinceMs = this.#sinceMs
    }
    this.#state = state
    return true
  }

  fail(failure: Failure): void {
    this.#lastError = { ...(this.#config.password === undefined ? failure : withKeyHint(failure)), at: this.#time() }
  }

  /** @param connection the state that speaks for the peer, and its timers */
  status(
    connection: { readonly state: State; readonly timers: TimerValues },
    rib: Pick<RibFace, 'counts' | 'bestFrom'>,
    id: number,
  ): PeerStatus {
    const { name, address, interface: link, asNumber, families, holdTimeSec, shutdown } = this.#config
    const { state } = connection
    const terms = 'terms' in state ? state.terms : undefined
    return {
      name,
      address,
      ...(link === undefined ? {} : { interface: link }),
      asNumber,
      ...(shutdown === undefined ? {} : { shutdown }),
      state: this.#state,
      since: new Date(this.#sinceMs).toISOString(),
      ...(this.#state === 'Established' ? { uptimeSec: Math.floor((this.#now() - this.#sinceMs) / 1000) } : {}),
      ...(terms === undefined ? {} : learnt(terms)),
      families: Object.fromEntries(families.map((family) => [family, { ...rib.counts(id, family), best: rib.bestFrom(id, family) }])),
      timers: {
        holdTimeSec: terms?.holdTimeSec ?? holdTimeSec,
        keepaliveSec: terms?.keepaliveSec ?? holdTimeSec / 3,
        configuredHoldTimeSec: holdTimeSec,
        ...connection.timers,
      },
      messages: messagesOf(this.counts),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      flaps: this.#flaps,
    }
  }

  #time(): string {
    return new Date(this.#now()).toISOString()
  }
}

function learnt(terms: Terms): Pick<PeerStatus, 'remoteRouterId' | 'capabilities' | 'negotiated'> {
  return {
    remoteRouterId: formatIpv4(terms.remoteRouterId),
    capabilities: terms.capabilities.map(capabilityName),
    negotiated: negotiatedNames(terms),
  }
}

function negotiatedNames(terms: Terms): readonly string[] {
  const { families, fourOctetAs, routeRefresh, enhancedRouteRefresh, maxMessageLength: longest, gracefulRestart } = terms
  const { longLived = [], addPathReceive = [], addPathSend = [] } = terms
  return [
    ...families.map((family) => `multiprotocol ${family}`),
    ...(fourOctetAs ? ['four-octet-as'] : []),
    ...(routeRefresh ? ['route-refresh'] : []),
    ...(enhancedRouteRefresh ? ['enhanced-route-refresh'] : []),
    ...(longest > maxMessageLength ? ['extended-message'] : []),
    ...(gracefulRestart === undefined ? [] : [`graceful-restart ${gracefulRestart.restartTimeSec}s`]),
    ...longLived.map(({ family, staleSec }) => `long-lived-graceful-restart ${family} ${staleSec}s`),
    ...addPathReceive.map((family) => `add-path ${family} receive`),
    ...addPathSend.map((family) => `add-path ${family} send`),
  ]
}

function messagesOf({ sent, received, handlingMs }: MessageCounts): PeerStatus['messages'] {
  const { total: allSent, ...sentByType } = sent
  const { total: allReceived, ...receivedByType } = received
  return {
    sent: allSent,
    received: allReceived,
    updatesSent: sentByType.update,
    updatesReceived: receivedByType.update,
    sentByType,
    receivedByType,
    handlingSec: Math.round(handlingMs) / 1000,
  }
}
