import type { Socket } from 'node:net'
import type { Verdict } from '../fsm/collision.ts'
import type { Event } from '../fsm/event.ts'
import { type Active, type Idle, initialState, listeningState, type State } from '../fsm/state.ts'
import type { BgpError } from '../wire/bgp-error.ts'
import { encodeKeepAlive } from '../wire/keepalive.ts'
import type { Connection } from './connection.ts'

/** How far a state is on the way; what speaks for a peer with two connections. */
const progress: Readonly<Record<State['name'], number>> = { Idle: 0, Connect: 1, Active: 1, OpenSent: 2, OpenConfirm: 3, Established: 4 }

/** The one or two connections with one peer: two while they collide (RFC 4271 §6.8). */
export class PeerConnections {
  readonly #make: (state: Idle | Active) => Connection
  /** The one that dials and comes back after failures. */
  #primary: Connection
  /** A second one begun by the peer, until it wins or goes. */
  #secondary: Connection | undefined

  constructor(passive: boolean, make: (state: Idle | Active) => Connection) {
    this.#make = make
    this.#primary = make(initialState(passive))
  }

  get all(): readonly Connection[] {
    return this.#secondary === undefined ? [this.#primary] : [this.#secondary, this.#primary]
  }

  /** The one that is farther speaks for the peer. */
  get speaking(): Connection {
    const second = this.#secondary
    if (second === undefined) return this.#primary
    return progress[second.state.name] > progress[this.#primary.state.name] ? second : this.#primary
  }

  /** One that was dumped is the peer's no more. */
  has(connection: Connection): boolean {
    return connection === this.#primary || connection === this.#secondary
  }

  besides(connection: Connection): Connection | undefined {
    return connection === this.#primary ? this.#secondary : this.#primary
  }

  /** Nothing is taken: the machine is Idle (RFC 4271 §8.2.2). */
  get refuses(): boolean {
    return this.#primary.state.name === 'Idle'
  }

  start(passive: boolean): void {
    this.#primary.dispatch({ type: passive ? 'AutomaticStart_with_PassiveTcpEstablishment' : 'AutomaticStart' })
  }

  /** @param cease what to tell the peer; without, TCP just ends */
  stop(cease?: BgpError): void {
    const event: Event = { type: 'ManualStop', ...(cease === undefined ? {} : { cease }) }
    for (const connection of this.all) connection.dispatch(event)
  }

  /** What has come as far as TCP ends and comes back; a dial under way is let go on. */
  end(cease: BgpError): void {
    for (const connection of this.all)
      if (progress[connection.state.name] >= progress.OpenSent) connection.dispatch({ type: 'AutomaticStop', cease })
  }

  /** Ends the wait of a damped machine. */
  wake(): void {
    if (this.refuses) this.#primary.dispatch({ type: 'IdleHoldTimer_Expires' })
  }

  /** A TCP connection the peer has begun; beside one of ours it is a second connection, in place of an earlier one that stalled. */
  accept(socket: Socket): void {
    const { state } = this.#primary
    if (state.name === 'Active') {
      this.#primary.accept(socket)
      return
    }
    const stalled = this.#secondary
    const newcomer = this.#make(listeningState(state))
    this.#secondary = newcomer
    if (stalled !== undefined) discard(stalled, { type: 'OpenCollisionDump' })
    newcomer.accept(socket)
  }

  /** Two have met. */
  settle(newcomer: Connection, existing: Connection, verdict: Verdict): void {
    const [winner, loser] = verdict === 'dump-newcomer' ? [existing, newcomer] : [newcomer, existing]
    this.#primary = winner
    this.#secondary = undefined
    discard(loser, { type: verdict === 'existing-restarted' ? 'TcpConnectionFails' : 'OpenCollisionDump' })
    if (winner.state.name === 'Established') winner.send(encodeKeepAlive()) // a host that came up anew answers with RST
  }

  /** It has ended. The primary one comes back by itself. */
  ended(connection: Connection): void {
    if (connection !== this.#secondary) return
    this.#secondary = undefined
    discard(connection, { type: 'ManualStop' })
  }
}

/** Ends a connection that is not the peer's any more: no timer of it may bring it back. */
function discard(connection: Connection, farewell: Event): void {
  connection.dispatch(farewell)
  connection.dispatch({ type: 'ManualStop' })
}
