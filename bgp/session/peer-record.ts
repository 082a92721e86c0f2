import { formatIpv4 } from '../../src/net/ipv4.ts'
import type { State } from '../fsm/state.ts'
import type { Terms } from '../fsm/terms.ts'
import { unreachable } from '../fsm/unreachable.ts'
import type { PeerConfig, PeerState, PeerStatus } from '../peer.ts'
import type { RibFace } from '../rib/rib-face.ts'
import type { Capability } from '../wire/message.ts'
import type { Failure } from './failure.ts'
import { MessageCounts } from './message-counts.ts'

/** What `GET /v1/bgp/peers` tells of one peer, as it was last noted. */
export class PeerRecord {
  readonly counts = new MessageCounts()
  readonly #config: PeerConfig
  readonly #now: () => number
  #state: PeerState = 'Idle'
  #since: string
  #flaps = 0
  #lastError: PeerStatus['lastError']

  constructor(config: PeerConfig, now: () => number) {
    this.#config = config
    this.#now = now
    this.#since = this.#time()
  }

  get state(): PeerState {
    return this.#state
  }

  /** @returns whether that is a change */
  enter(state: PeerState): boolean {
    if (state === this.#state) return false
    if (this.#state === 'Established') this.#flaps++
    this.#state = state
    this.#since = this.#time()
    return true
  }

  fail(failure: Failure): void {
    this.#lastError = { ...failure, at: this.#time() }
  }

  /** @param connection the state that speaks for the peer, and the ConnectRetryTimer's value */
  status(connection: { readonly state: State; readonly connectRetrySec: number }, rib: Pick<RibFace, 'counts'>, id: number): PeerStatus {
    const { name, address, asNumber, families, holdTimeSec } = this.#config
    const { state } = connection
    const terms = 'terms' in state ? state.terms : undefined
    const { sent, received, updatesSent, updatesReceived } = this.counts
    return {
      name,
      address,
      asNumber,
      state: this.#state,
      since: this.#since,
      ...(terms === undefined ? {} : learnt(terms)),
      families: Object.fromEntries(families.map((family) => [family, rib.counts(id, family)])),
      timers: {
        holdTimeSec: terms?.holdTimeSec ?? holdTimeSec,
        keepaliveSec: terms?.keepaliveSec ?? holdTimeSec / 3,
        connectRetrySec: connection.connectRetrySec,
      },
      messages: { sent: sent + updatesSent, received, updatesSent, updatesReceived },
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      flaps: this.#flaps,
    }
  }

  #time(): string {
    return new Date(this.#now()).toISOString()
  }
}

function learnt(terms: Terms): Pick<PeerStatus, 'remoteRouterId' | 'capabilities'> {
  return { remoteRouterId: formatIpv4(terms.remoteRouterId), capabilities: terms.capabilities.map(capabilityName) }
}

function capabilityName(capability: Capability): string {
  switch (capability.type) {
    case 'multiprotocol':
      return `multiprotocol ${capability.afi}/${capability.safi}`
    case 'graceful-restart':
      return `graceful-restart ${capability.restartTimeSec}s${capability.restarting ? ' restarting' : ''}`
    case 'four-octet-as':
      return `four-octet-as ${capability.asNumber}`
    case 'unknown':
      return `unknown ${capability.code}`
    case 'route-refresh':
    case 'extended-message':
      return capability.type
    default:
      return unreachable(capability)
  }
}
