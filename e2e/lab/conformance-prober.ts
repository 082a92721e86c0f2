import type { End } from './conformance-end.ts'
import type { Family, Service, Sighting, Stage } from './conformance-packet.ts'
import type { Wire } from './conformance-sockets.ts'

export type Probe = { readonly from: End; readonly to: End; readonly family: Family; readonly service: Service }

/**
 * What became of a first packet: `through`: it came and its answer came back; `one-way`: it came, its answer did not come back;
 * `rejected`: it did not come and the sender was told; `dropped`: it did not come.
 */
export type Outcome = 'through' | 'one-way' | 'rejected' | 'dropped'

type Sent = Probe & { readonly clientPort: number; came: boolean; answered: boolean; laterCame: boolean }

const batchSize = 128
const controlTimeoutMs = 20_000
/** Enough for the longest way: to a pod, the machine's own refusal and back. */
const hops = 4

/**
 * Sends many probes at once and says what became of each, without waiting for silence: all packets of one processor go through one
 * queue, so once a control packet has come back as many times as a probe takes hops, whatever has not come was dropped.
 */
export class Prober {
  readonly #ends: readonly End[]
  readonly #control: { readonly near: Wire; readonly far: Wire }
  readonly #sent = new Map<number, Sent>()
  #nextId = 0x1000_0000 + process.pid * 0x1000
  #nextPort = 20_000
  #nextControl = 1

  /** @param control both ends of a cable that no rule concerns */
  constructor(ends: readonly End[], control: { readonly near: Wire; readonly far: Wire }) {
    this.#ends = ends
    this.#control = control
  }

  /** What became of each, in the order given. */
  probe(probes: readonly Probe[]): readonly Outcome[] {
    const ids = probes.map((probe) => this.#note(probe))
    for (let at = 0; at < ids.length; at += batchSize) this.#exchange(ids.slice(at, at + batchSize), 'request')
    return ids.map((id) => outcome(this.#sent.get(id)))
  }

  /** Connections that were made, to be continued later. @throws when one was not */
  connect(probes: readonly Probe[]): readonly number[] {
    const ids = probes.map((probe) => this.#note(probe))
    this.#exchange(ids, 'request')
    for (const id of ids) {
      const sent = this.#sent.get(id)
      if (outcome(sent) !== 'through') throw new Error(`no connection: ${sent === undefined ? id : describe(sent)} is ${outcome(sent)}`)
    }
    return ids
  }

  /** Whether one more packet of each connection comes through. */
  carries(connections: readonly number[]): readonly boolean[] {
    for (const id of connections) this.#open(id).laterCame = false
    this.#exchange(connections, 'later')
    return connections.map((id) => this.#open(id).laterCame)
  }

  /** Whether the answer to each arrives, though nobody asked for it. */
  unasked(probes: readonly Probe[]): readonly boolean[] {
    const ids = probes.map((probe) => this.#note(probe))
    this.#exchange(ids, 'answer')
    return ids.map((id) => this.#open(id).answered)
  }

  /** Forgets all connections; packets of theirs that still come are nobody's. */
  forget(): void {
    this.#sent.clear()
  }

  close(): void {
    this.#control.near.close()
    this.#control.far.close()
  }

  #note(probe: Probe): number {
    const id = this.#nextId++
    // Never the port of a flow that conntrack may still know.
    this.#nextPort = this.#nextPort >= 60_000 ? 20_000 : this.#nextPort + 1
    this.#sent.set(id, { ...probe, clientPort: this.#nextPort, came: false, answered: false, laterCame: false })
    return id
  }

  #open(id: number): Sent {
    const sent = this.#sent.get(id)
    if (sent === undefined) throw new Error(`no probe ${id}`)
    return sent
  }

  #exchange(ids: readonly number[], stage: Stage): void {
    for (const id of ids) this.#send(id, stage)
    this.#settle()
    this.#settle()
  }

  #send(id: number, stage: Stage): void {
    const { from, to, family, service, clientPort } = this.#open(id)
    const [source, destination] = stage === 'answer' ? [to, from] : [from, to]
    source.send({
      id,
      stage,
      family,
      service,
      source: source.addresses[family],
      destination: destination.addresses[family],
      clientPort,
    })
  }

  /** Waits until nothing is on its way any more, then looks at what came; answers what asks for one. */
  #settle(): void {
    for (let hop = 0; hop < hops; hop++) this.#sendControl()
    for (const end of this.#ends) {
      const toAnswer: number[] = []
      end.receive((sighting) => {
        if (this.#see(end, sighting)) toAnswer.push(sighting.id)
      })
      for (const id of toAnswer) this.#send(id, 'answer')
    }
  }

  /** Whether it is to be answered. */
  #see(end: End, { id, what }: Sighting): boolean {
    const sent = this.#sent.get(id)
    if (sent === undefined) return false
    if (end === sent.to && what === 'later') sent.laterCame = true
    if (end === sent.from && (what === 'answer' || what === 'error')) sent.answered = true
    if (end !== sent.to || what !== 'request') return false
    sent.came = true
    return !end.answers(sent.service)
  }

  #sendControl(): void {
    const packet = Buffer.alloc(28)
    packet[0] = 0x45
    packet.writeUInt32BE(this.#nextControl++, 24)
    this.#control.near.send(4, packet)
    const deadline = performance.now() + controlTimeoutMs
    let came = false
    while (!came) {
      this.#control.far.receive((seen) => {
        came ||= seen.equals(packet)
      })
      if (performance.now() > deadline) throw new Error('the control packet did not come')
    }
  }
}

function outcome(sent: Sent | undefined): Outcome {
  if (sent?.came === true) return sent.answered ? 'through' : 'one-way'
  return sent?.answered === true ? 'rejected' : 'dropped'
}

export function describe({ from, to, family, service }: Probe): string {
  return `${from.name} -> ${to.name}: ${serviceName(service)} over IPv${family}`
}

export function serviceName(service: Service): string {
  if (service.protocol === 'other') return `protocol ${service.number}`
  return 'port' in service ? `${service.protocol} ${service.port}` : `${service.protocol} ${service.icmpType}`
}
