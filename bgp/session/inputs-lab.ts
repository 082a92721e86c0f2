/**
 * One peer that says what it should not, and a second one, the witness, that must not notice more than routes: a speaker over real TCP
 * with what the tests of bad input ask of every one of them.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Test } from 'tap'
import { asn } from '../../src/net/asn.ts'
import type { PeerConfig, SpeakerOptions } from '../peer.ts'
import { attribute, concat, hex, message } from '../wire/fixture.ts'
import type { Capability, Open } from '../wire/message.ts'
import { encodeNotification } from '../wire/notification.ts'
import { address, freePort, peerConfig, speakerFor, until, type Watched } from './fixture.ts'
import { ipv4Unicast, openMessage, RawPeer } from './raw-peer.ts'

const badAddress = '127.0.0.2'
const witnessAddress = '127.0.0.3'
export const ipv6Unicast: Capability = { type: 'multiprotocol', afi: 2, safi: 1 }

/** What the peer that misbehaves is: another AS, our own, or another one with two-octet AS numbers (RFC 6793). */
export type Kind = 'external' | 'internal' | 'old'
const asOf: Readonly<Record<Kind, number>> = { external: 65002, internal: 65001, old: 65002 }

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What may stay behind of an input that was repeated, in octets: what the engine needs for itself. */
const noiseBytes = 256 * 1024
/** What no longer falls by more in 5 ms is at rest, in octets. */
const steadyBytes = 8 * 1024
/** So often at most; what leaks does so each time, what the engine takes for itself it takes once. */
const mostHalves = 5

export type InputSetup = {
  /** Default: external. */
  readonly kind?: Kind
  /** Of the peer that misbehaves. */
  readonly peer?: Partial<PeerConfig>
  readonly options?: Partial<SpeakerOptions>
}

/** The message behind its marker as the tests write it: spaces are for the reader. */
export function behindMarker(text: string): string {
  return text.replaceAll(/\s/g, '')
}

/** An UPDATE; each part in hexadecimal or as octets, lengths filled in. */
export function updateOf(attributes: Uint8Array | string, nlri = '', withdrawn = ''): Uint8Array {
  const block = typeof attributes === 'string' ? hex(attributes) : attributes
  return message(2, concat(lengthOf(hex(withdrawn)), hex(withdrawn), lengthOf(block), block, hex(nlri)))
}

const lengthOf = (bytes: Uint8Array) => Uint8Array.of(bytes.length >>> 8, bytes.length)

/** AS_PATH of one sequence. */
export function pathOf(kind: Kind, ...asNumbers: readonly number[]): Uint8Array {
  const digits = kind === 'old' ? 4 : 8
  const octets = asNumbers.map((asNumber) => asNumber.toString(16).padStart(digits, '0')).join('')
  return attribute(0x40, 2, `02 ${asNumbers.length.toString(16).padStart(2, '0')} ${octets}`)
}

export const origin: Uint8Array = attribute(0x40, 1, '00')
export const nextHop: Uint8Array = attribute(0x40, 3, 'c0000201')
/** What a good announcement of an external peer has. */
export const mandatory: Uint8Array = concat(origin, pathOf('external', 65002), nextHop)
/** 203.0.113.0/24 */
export const prefix = '18cb0071'
/** The prefix as it is announced before the input: ORIGIN EGP tells it from what comes then. */
export function before(kind: Kind = 'external'): Uint8Array {
  return updateOf(concat(attribute(0x40, 1, '01'), pathOf(kind, 65002), nextHop), prefix)
}

/** 192.0.2.128/25; each sentinel differs from the one before, so that it is told. */
function sentinel(kind: Kind, number: number): Uint8Array {
  return updateOf(concat(origin, pathOf(kind, 65002, number + 1), nextHop), sentinelPrefix)
}
const sentinelPrefix = '19c0000280'

const [toldOrigin, toldPath, toldNextHop] = ['400101 00', '40020a 0202 0000fde9 0000fdea', '400304 7f000001']
/** The attributes the witness is told of a good announcement. */
export const accepted: string = `${toldOrigin} ${toldPath} ${toldNextHop}`

/** The witness is told these attributes and prefixes: the whole message behind its marker. */
export function announced(attributes: string, nlri: string = prefix): string {
  return Buffer.from(updateOf(attributes, nlri).subarray(16)).toString('hex')
}

/** The whole NOTIFICATION behind its marker, then the end of the connection. */
export function notified(code: number, subcode: number, data = ''): readonly string[] {
  return [Buffer.from(encodeNotification(code, subcode, hex(data)).subarray(16)).toString('hex'), 'closed']
}

/** The prefix is withdrawn from the witness. */
export const withdrawn: string = behindMarker('001b 02 0004 18cb0071 0000')

/** Where a connection is when the input comes. */
export type Stage = 'OpenSent' | 'OpenConfirm' | 'Established'

/** How often a session is ended, and ended again, to see what it leaves behind. */
const endings = 25

export class InputLab {
  readonly watched: Watched
  readonly witness: RawPeer
  readonly port: number
  readonly kind: Kind
  readonly #test: Test
  readonly #peers: readonly [bad: PeerConfig, witness: PeerConfig]
  readonly #witnessSince: string
  /** What a new session is told: the route of the witness, an End-of-RIB for each family. */
  readonly #tableMessages: number
  /** Connections of the peer, for the end of the test. */
  readonly #open = new Set<RawPeer>()
  #sentinels = 0

  private constructor(test: Test, kind: Kind, watched: Watched, witness: RawPeer, port: number, peers: readonly [PeerConfig, PeerConfig]) {
    this.kind = kind
    this.#test = test
    this.watched = watched
    this.witness = witness
    this.port = port
    this.#peers = peers
    this.#tableMessages = peers[0].families.length + (peers[0].export === 'all' ? 1 : 0)
    this.#witnessSince = watched.peer('witness').since
    test.teardown(() => {
      for (const { socket } of [witness, ...this.#open]) socket.destroy()
    })
  }

  /** The speaker is AS 65001; both peers are external and speak both families, but for the changes. The witness has its table. */
  static async create(t: Test, { kind = 'external', peer = {}, options = {} }: InputSetup = {}): Promise<InputLab> {
    const port = await freePort()
    const watched = speakerFor(t, port, options)
    const families = ['ipv4-unicast', 'ipv6-unicast'] as const
    const common = { port, passive: true, families }
    const bad = peerConfig({ name: 'bad', address: address(badAddress), asNumber: asn(asOf[kind]), ...common, ...peer })
    const witness = peerConfig({ name: 'witness', address: address(witnessAddress), asNumber: asn(65003), ...common })
    watched.speaker.setPeers([bad, witness])
    await watched.speaker.start()
    const raw = await RawPeer.dial(witnessAddress, '127.0.0.1', port)
    const capabilities = [ipv4Unicast, ipv6Unicast, { type: 'four-octet-as', asNumber: 65003 }] as const
    await raw.establish({ myAs: 65003, routerId: 0x0a00_0003, capabilities })
    raw.send(updateOf(concat(origin, pathOf('external', 65003), nextHop), '18c63364'))
    for (let families = 0; families < 2; families++) await raw.next() // End-of-RIB
    await until(() => watched.best.has('198.51.100.0/24'))
    return new InputLab(t, kind, watched, raw, port, [bad, witness])
  }

  /** A TCP connection from the peer's address. */
  async dial(from = badAddress): Promise<RawPeer> {
    const raw = await RawPeer.dial(from, '127.0.0.1', this.port)
    if (raw.socket.destroyed) return raw
    this.#open.add(raw)
    raw.socket.once('close', () => this.#open.delete(raw))
    return raw
  }

  /** The peer's session, established; it has its table. */
  async establish(open: Partial<Open> = {}): Promise<RawPeer> {
    const raw = await this.dial()
    const myAs = asOf[this.kind]
    const families = [ipv4Unicast, ipv6Unicast]
    const capabilities: Capability[] = this.kind === 'old' ? families : [...families, { type: 'four-octet-as', asNumber: myAs }]
    await raw.establish({ myAs, capabilities, ...open })
    await until(() => this.watched.peer('bad').state === 'Established')
    for (let message = 0; message < this.#tableMessages; message++) await raw.next()
    return raw
  }

  /** A connection in that state, all heard that is said until then. */
  async reach(stage: Stage): Promise<RawPeer> {
    if (stage === 'Established') return this.establish()
    const raw = await this.dial()
    await raw.next() // OPEN
    if (stage === 'OpenConfirm') {
      raw.send(openMessage({ myAs: asOf[this.kind] }))
      await until(() => this.watched.peer('bad').state === 'OpenConfirm')
    }
    return raw
  }

  /** In `stage`, the input is answered so and the connection ends; often, and nothing is left of it. */
  async ends(stage: Stage, input: Uint8Array | readonly Uint8Array[], answers: readonly string[]): Promise<void> {
    const messages = input instanceof Uint8Array ? [input] : input
    this.#test.strictSame(await this.answers(await this.reach(stage), ...messages), answers)
    await this.bounded(endings, async () => {
      for (let round = 0; round < endings; round++) {
        this.renew()
        await this.answers(await this.reach(stage), ...messages)
        this.witness.forget()
      }
    })
    this.untouched()
  }

  /** Says something wrong and gives all that is answered, to the end of the connection. */
  async answers(raw: RawPeer, ...input: readonly Uint8Array[]): Promise<readonly string[]> {
    raw.send(...input)
    const answers: string[] = []
    while (answers.at(-1) !== 'closed') answers.push(await raw.nextOctets())
    return answers
  }

  /** What the witness is told because of these messages, which leave the session up. */
  async told(raw: RawPeer, ...input: readonly Uint8Array[]): Promise<readonly string[]> {
    await this.#taken(raw, input)
    await this.#taken(raw, [sentinel(this.kind, this.#sentinels++)])
    const told: string[] = []
    for (;;) {
      const heard = await this.witness.nextOctets()
      if (heard.endsWith(sentinelPrefix)) return told
      told.push(heard)
    }
  }

  /** The peer is configured anew: its backoff and its counters are gone. */
  renew(): void {
    this.reconfigure({})
  }

  /** The same with other settings. */
  reconfigure(changes: Partial<PeerConfig>): void {
    const [bad, witness] = this.#peers
    this.watched.speaker.setPeers([witness])
    this.watched.speaker.setPeers([{ ...bad, ...changes }, witness])
  }

  /** Sends the messages, which leave the session up, so many times and as often again: asserts that the second half leaves nothing behind. */
  async repeated(raw: RawPeer, rounds: number, ...messages: readonly Uint8Array[]): Promise<void> {
    const all = Array.from({ length: rounds }, () => messages).flat()
    const octets = Buffer.concat(all)
    await this.bounded(rounds, async () => {
      await this.#taken(raw, [octets], all.length)
      this.witness.forget()
    })
  }

  /**
   * Asserts that there is a `half` after the first which leaves nothing behind: a leak shows in each of them.
   * @param rounds in each half, for people
   * @param allowed octets
   */
  async bounded(rounds: number, half: () => Promise<void>, allowed: number = noiseBytes): Promise<void> {
    await half()
    const grown: number[] = []
    let before = await usedBytes()
    while (grown.length < mostHalves && (grown.at(-1) ?? Number.POSITIVE_INFINITY) > allowed) {
      await half()
      const after = await usedBytes(before + allowed)
      grown.push(after - before)
      before = after
    }
    this.#test.ok(
      (grown.at(-1) ?? 0) <= allowed,
      `memory grows by no more than ${allowed} octets in ${rounds} rounds (${grown.join(', ')})`,
    )
  }

  /** The witness has noticed nothing, and nothing threw. */
  untouched(): void {
    const { peer, speaker, best } = this.watched
    const { state, since, flaps } = peer('witness')
    this.#test.strictSame(
      { state, since, flaps, route: best.get('198.51.100.0/24'), faults: speaker.faults },
      { state: 'Established', since: this.#witnessSince, flaps: 0, route: '192.0.2.1', faults: 0 },
      'the second session and its routes are as they were',
    )
  }

  /** Resolves when the messages were handled; they must leave the session up. */
  async #taken(raw: RawPeer, messages: readonly Uint8Array[], count = messages.length): Promise<void> {
    const { peer } = this.watched
    const wanted = peer('bad').messages.received + count
    raw.send(...messages)
    await until(() => peer('bad').messages.received >= wanted || peer('bad').state !== 'Established')
    const { state, lastError } = peer('bad')
    if (state !== 'Established') throw new Error(`the session went ${state}: ${JSON.stringify(lastError)}`)
  }
}

/**
 * Octets of the heap and beside it, while nothing is done; asked again while there are more than `wanted`, since sockets take their time
 * to go, or without it while they still become fewer.
 */
async function usedBytes(wanted?: number): Promise<number> {
  let used = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 20; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    collectGarbage()
    const { heapUsed, external } = process.memoryUsage()
    const fallenBytes = used - (heapUsed + external)
    used = Math.min(used, heapUsed + external)
    if (wanted === undefined ? fallenBytes < steadyBytes : used <= wanted) break
  }
  return used
}
