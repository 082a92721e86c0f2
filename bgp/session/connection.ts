import type { Socket } from 'node:net'
import type { Action } from '../fsm/action.ts'
import type { Event } from '../fsm/event.ts'
import type { Active, Idle, State } from '../fsm/state.ts'
import type { Terms } from '../fsm/terms.ts'
import { transition } from '../fsm/transition.ts'
import { unreachable } from '../fsm/unreachable.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeControl } from '../wire/control-message.ts'
import { errorCode } from '../wire/error-code.ts'
import { Framer } from '../wire/framer.ts'
import { encodeKeepAlive } from '../wire/keepalive.ts'
import { type ControlMessage, headerLength, messageType, type Open, type RouteRefresh } from '../wire/message.ts'
import { encodeNotification } from '../wire/notification.ts'
import { encodeOpen } from '../wire/open.ts'
import type { ClosingSockets } from './closing-sockets.ts'
import { ConnectionTrace } from './connection-trace.ts'
import { type Failure, isHardReset, isVersionError, notificationFailure, receivedFailure, tcpFailure } from './failure.ts'
import type { MessageCounts } from './message-counts.ts'
import type { Reading } from './reading.ts'
import { Timers, type TimerValues } from './timers.ts'

/** The peer a connection belongs to: everything that is the same for both connections of a collision. */
export interface ConnectionOwner {
  openToSend(): Open
  negotiate(open: Open): Terms | BgpError
  /** A good OPEN: resolves a collision (RFC 4271 §6.8), perhaps by dumping this very connection. */
  admit(connection: Connection, terms: Terms): void
  up(connection: Connection, terms: Terms): void
  down(connection: Connection, graceful: boolean): void
  /** After every change of state, with all its actions done. */
  moved(connection: Connection, from: State, event: Event): void
  /** One UPDATE body; the error that ends the session. */
  update(bytes: Uint8Array, start: number, end: number): BgpError | undefined
  refresh(message: RouteRefresh): void
  /** The socket takes bytes again. */
  drained(): void
  /** Something threw while we handled this connection: our bug. */
  fault(connection: Connection, error: unknown): void
}

export type ConnectionDependencies = {
  readonly owner: ConnectionOwner
  readonly dial: () => Socket
  readonly closing: ClosingSockets
  readonly reading: Reading
  readonly counts: MessageCounts
  readonly random: () => number
}

const updateMsg: Event = { type: 'UpdateMsg' } // one object for the hot path

/** One BGP connection: a machine (RFC 4271 §8.2.1: one per connection), its timers and, at times, a socket. */
export class Connection {
  readonly trace = new ConnectionTrace()
  readonly #deps: ConnectionDependencies
  readonly #timers: Timers
  readonly #events: Event[] = []
  #busy = false
  #state: State
  #enteredMs = performance.now()
  #initiator: 'local' | 'remote' = 'local'
  #socket: Socket | undefined
  #framer = new Framer()
  /** An UPDATE of the chunk that is read has been told to the machine. */
  #updateHeard = false
  #failure: Failure | undefined
  #errorText: string | undefined

  constructor(state: Idle | Active, dependencies: ConnectionDependencies) {
    this.#deps = dependencies
    this.#state = state
    this.#timers = new Timers((event) => this.#guarded(() => this.dispatch(event)), dependencies.random)
  }

  get state(): State {
    return this.#state
  }
  /** How long it has been in its state. */
  get sinceSec(): number {
    return (performance.now() - this.#enteredMs) / 1000
  }
  get initiator(): 'local' | 'remote' {
    return this.#initiator
  }
  get socket(): Socket | undefined {
    return this.#socket
  }
  get timers(): TimerValues {
    return this.#timers.values
  }
  /** Why it ends; known while `moved` is called. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /** Whether it may dial, from now on. An attempt under way that may not be any more ends, and one that may be now begins. */
  setPassive(passive: boolean): void {
    this.#state = { ...this.#state, passive }
    if (passive && this.#state.name === 'Connect') this.dispatch({ type: 'TcpConnectionFails' })
    else if (!passive && this.#state.name === 'Active') this.dispatch({ type: 'ConnectRetryTimer_Expires' })
  }

  /** Takes over a TCP connection the peer has begun. */
  accept(socket: Socket): void {
    this.#attach(socket, 'remote')
    this.dispatch({ type: 'TcpConnectionConfirmed' })
  }

  /** Runs the machine. What is dispatched meanwhile waits its turn: the actions of one event are done before the next. */
  dispatch(event: Event): void {
    this.#events.push(event)
    if (this.#busy) return
    this.#busy = true
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) this.#step(next)
    } finally {
      this.#busy = false
      this.#events.length = 0
    }
  }

  /** Writes whole messages that belong to the established session. */
  write(bytes: Uint8Array): void {
    this.#socket?.write(bytes, () => this.#timers.sent())
  }

  #step(event: Event): void {
    const from = this.#state
    const [to, ...actions] = transition(from, event)
    this.#state = to
    this.#errorText = errorOf(event)?.message
    for (const action of actions) this.#perform(action)
    if (to.name !== from.name) {
      this.#enteredMs = performance.now()
      this.#deps.owner.moved(this, from, event)
    }
    this.#failure = undefined
  }

  #perform(action: Action): void {
    switch (action.type) {
      case 'connect':
        this.#attach(this.#deps.dial(), 'local')
        break
      case 'close':
        this.#detach()
        break
      case 'send-open':
        this.send(encodeOpen(this.#deps.owner.openToSend()))
        break
      case 'send-keepalive':
        this.send(encodeKeepAlive())
        break
      case 'send-notification':
        this.#failure = notificationFailure(action.code, action.subcode, 'sent', this.#errorText)
        this.send(encodeNotification(action.code, action.subcode, action.data))
        break
      case 'session-up':
        this.#deps.owner.up(this, action.terms)
        break
      case 'session-down':
        this.#deps.owner.down(this, action.graceful)
        break
      case 'start-connect-retry':
      case 'start-idle-hold':
      case 'start-hold':
      case 'start-keepalive':
      case 'start-send-hold':
      case 'stop-connect-retry':
      case 'stop-hold':
      case 'stop-timers':
        this.#timers.perform(action)
        break
      default:
        unreachable(action)
    }
  }

  /** One message of the session itself, with no regard to back-pressure. */
  send(message: Uint8Array): void {
    this.#deps.counts.noteSent(message)
    this.trace.keep('sent', message)
    this.write(message)
  }

  #attach(socket: Socket, initiator: 'local' | 'remote'): void {
    this.#socket = socket
    this.#initiator = initiator
    this.#framer = new Framer()
    let error: Error | undefined
    const heard = (work: () => void) => () => {
      if (this.#socket === socket) this.#guarded(work)
    }
    socket.on('error', (reason) => {
      error = reason // 'close' follows
    })
    socket.on('data', (chunk: Buffer) => heard(() => this.#deps.reading.take(socket, () => this.#read(chunk)))())
    socket.on(
      'drain',
      heard(() => this.#deps.owner.drained()),
    )
    socket.once(
      'end',
      heard(() => this.#lost(undefined)),
    )
    socket.once(
      'close',
      heard(() => this.#lost(error)),
    )
    if (initiator === 'local')
      socket.once(
        'connect',
        heard(() => this.dispatch({ type: 'Tcp_CR_Acked' })),
      )
  }

  /** Nothing of this socket is heard any more; what was written still goes out. */
  #detach(): void {
    const socket = this.#socket
    this.#socket = undefined
    if (socket !== undefined) this.#deps.closing.close(socket)
  }

  #lost(error: Error | undefined): void {
    this.#failure = tcpFailure(error)
    this.dispatch({ type: 'TcpConnectionFails' })
  }

  #read(chunk: Uint8Array): void {
    const socket = this.#socket
    this.#updateHeard = false
    const beganMs = performance.now()
    const error = this.#framer.push(chunk, (type, bytes, start, end) => {
      this.#message(type, bytes, start, end)
      return this.#socket === socket
    })
    this.#deps.counts.handlingMs += performance.now() - beganMs
    if (error !== undefined && this.#socket === socket) this.dispatch({ type: 'BGPHeaderErr', error })
  }

  #message(type: number, bytes: Uint8Array, start: number, end: number): void {
    this.#deps.counts.noteReceived(type)
    if (type !== messageType.update) this.trace.keep('received', bytes.subarray(start - headerLength, end))
    if (type === messageType.update) {
      this.#update(bytes, start, end)
      return
    }
    const message = decodeControl(type, bytes, start, end)
    if (message instanceof BgpError) this.#malformed(message)
    else this.#control(message)
  }

  #update(bytes: Uint8Array, start: number, end: number): void {
    const { owner } = this.#deps
    const established = this.#state.name === 'Established'
    const error = established ? owner.update(bytes, start, end) : undefined
    if (error === undefined) {
      // What comes in one chunk came at one time: the hold timer starts once for all of it.
      if (!established || !this.#updateHeard) this.dispatch(updateMsg)
      this.#updateHeard = established
    }
    // the prefix limit is ours, not the peer's mistake: RFC 4271 §8.1.2 has an event of its own for it
    else if (error.code === errorCode.cease) this.dispatch({ type: 'AutomaticStop', cease: error })
    else this.dispatch({ type: 'UpdateMsgErr', error })
  }

  #malformed(error: BgpError): void {
    this.dispatch(error.code === errorCode.open ? { type: 'BGPOpenMsgErr', error } : { type: 'BGPHeaderErr', error })
  }

  #control(message: ControlMessage): void {
    switch (message.type) {
      case 'open':
        this.#open(message)
        break
      case 'keepalive':
        this.dispatch({ type: 'KeepAliveMsg' })
        break
      case 'notification':
        this.#failure = receivedFailure(message)
        this.dispatch(isVersionError(message) ? { type: 'NotifMsgVerErr' } : { type: 'NotifMsg', hard: isHardReset(message) })
        break
      case 'route-refresh':
        this.dispatch({ type: 'RouteRefreshMsg' })
        if (this.#state.name === 'Established') this.#deps.owner.refresh(message)
        break
      default:
        unreachable(message)
    }
  }

  #open(open: Open): void {
    const terms = this.#deps.owner.negotiate(open)
    if (terms instanceof BgpError) {
      this.dispatch({ type: 'BGPOpenMsgErr', error: terms })
      return
    }
    if (this.#state.name === 'OpenSent') {
      this.#framer.maxMessageLength = terms.maxMessageLength
      this.#deps.owner.admit(this, terms)
    }
    if (this.#socket !== undefined) this.dispatch({ type: 'BGPOpen', terms })
  }

  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#deps.owner.fault(this, error)
    }
  }
}

function errorOf(event: Event): BgpError | undefined {
  if ('error' in event) return event.error
  return 'cease' in event ? event.cease : undefined
}
