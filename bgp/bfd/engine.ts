import { decodeControlPacket } from './control-packet.ts'
import type { Order, Report, SessionPlace } from './message.ts'
import { Receiver, receiverKey } from './receiver.ts'
import { hostOf, SessionRunner } from './session-runner.ts'
import type { OpenUdpSocket } from './udp-socket.ts'

/** @property random uniform in [0, 1), unpredictable: discriminators and ports are drawn from it */
export type EngineDependencies = {
  readonly openSocket: OpenUdpSocket
  readonly report: (report: Report) => void
  readonly random: () => number
}

/** All sessions of a node: obeys orders and gives each packet to its session (RFC 5880 §6.3). */
export class Engine {
  readonly #deps: EngineDependencies
  readonly #byId = new Map<number, SessionRunner>()
  readonly #byDiscriminator = new Map<number, SessionRunner>()
  readonly #byPeer = new Map<string, SessionRunner>()
  readonly #receivers = new Map<string, Receiver>()
  /** Removed, but their peers are still told so. */
  readonly #leaving = new Set<SessionRunner>()

  constructor(dependencies: EngineDependencies) {
    this.#deps = dependencies
  }

  obey(order: Order): void {
    switch (order.type) {
      case 'start':
        this.#start(order)
        break
      case 'configure':
        this.#byId.get(order.id)?.configure(order.terms)
        break
      case 'remove':
        this.#remove(order.id)
        break
      case 'end':
        this.#end()
        break
    }
  }

  #start({ id, place, terms }: Extract<Order, { type: 'start' }>): void {
    const discriminator = this.#freeDiscriminator()
    const runner = new SessionRunner({ id, place, terms, discriminator }, this.#deps)
    // the farewell of an earlier session would reach this one's
    for (const earlier of this.#leaving) if (earlier.host === runner.host) earlier.close()
    this.#byId.set(id, runner)
    this.#byDiscriminator.set(discriminator, runner)
    this.#byPeer.set(peerKey(hostOf(place), place.multihop), runner)
    const receiver = this.#receiver(place)
    receiver.add(id, place)
    runner.receiving(receiver.problem)
    runner.start()
  }

  #remove(id: number): void {
    const runner = this.#byId.get(id)
    if (runner === undefined) return
    const { place, discriminator, host } = runner
    this.#byId.delete(id)
    this.#byDiscriminator.delete(discriminator)
    const peer = peerKey(host, place.multihop)
    if (this.#byPeer.get(peer) === runner) this.#byPeer.delete(peer)
    const key = receiverKey(place)
    const receiver = this.#receivers.get(key)
    receiver?.delete(id)
    if (receiver?.isUnused) {
      receiver.close()
      this.#receivers.delete(key)
    }
    this.#leaving.add(runner)
    runner.remove(() => this.#leaving.delete(runner))
  }

  #end(): void {
    for (const runner of this.#byId.values()) runner.end()
    for (const runner of this.#leaving) runner.close()
    for (const receiver of this.#receivers.values()) receiver.close()
  }

  #receiver(place: SessionPlace): Receiver {
    const key = receiverKey(place)
    const known = this.#receivers.get(key)
    if (known !== undefined) return known
    const receiver = new Receiver(place, {
      openSocket: this.#deps.openSocket,
      onPacket: this.#onPacket,
      onProblem: (problem) => {
        for (const runner of this.#byId.values()) if (receiverKey(runner.place) === key) runner.receiving(problem)
      },
    })
    this.#receivers.set(key, receiver)
    return receiver
  }

  /**
   * A session is known by our discriminator alone once the peer has it, else by the peer's address. It hears only what came by its own kind
   * of socket, or the check of TTL 255 could be passed by; and over several hops only its peer, since that check is by source.
   */
  readonly #onPacket = (bytes: Uint8Array, source: string, multihop: boolean): void => {
    const packet = decodeControlPacket(bytes)
    const ofPeer = () => this.#byPeer.get(peerKey(source, multihop))
    if (typeof packet === 'string') {
      ofPeer()?.discarded(packet)
      return
    }
    const runner = packet.yourDiscriminator === 0 ? ofPeer() : this.#byDiscriminator.get(packet.yourDiscriminator)
    if (runner === undefined || runner.place.multihop !== multihop) return
    if (!multihop || runner.host === source) runner.receive(packet)
  }

  #freeDiscriminator(): number {
    for (;;) {
      const discriminator = Math.floor(this.#deps.random() * 0x1_0000_0000)
      if (discriminator !== 0 && !this.#byDiscriminator.has(discriminator)) return discriminator
    }
  }
}

function peerKey(host: string, multihop: boolean): string {
  return `${multihop ? 'multihop' : 'single-hop'} ${host}`
}
