/** What the tests of the RIB share: UPDATEs made of texts, and what a peer knows that has read what it was sent. */
import { formatAddress, type IpAddress, parseAddress } from '../../src/net/address.ts'
import { asn } from '../../src/net/asn.ts'
import { formatPrefix, parseCidr, parsePrefix } from '../../src/net/prefix.ts'
import type { PeerConfig } from '../peer.ts'
import { familyOfAfiSafi } from '../wire/address-family.ts'
import { BgpError } from '../wire/bgp-error.ts'
import { decodeAttributes } from '../wire/decode-attributes.ts'
import { encodeAttributes } from '../wire/encode-attributes.ts'
import { isEndOfRib } from '../wire/end-of-rib.ts'
import { type AddressFamily, headerLength, messageType } from '../wire/message.ts'
import { emptyMpRanges, finishReach, finishUnreach, locateMp, startReach, startUnreach } from '../wire/multiprotocol.ts'
import { u16At, u32At } from '../wire/octets.ts'
import type { PathAttributes } from '../wire/path-attributes.ts'
import { emptyUpdateRanges, finishAnnounce, finishWithdraw, splitUpdate, startAnnounce, startWithdraw } from '../wire/update.ts'
import { Rib } from './rib.ts'
import type { RibDependencies } from './rib-face.ts'
import type { RibOptions } from './rib-options.ts'
import type { PeerId, SessionTerms } from './session-terms.ts'

export const families = ['ipv4-unicast', 'ipv6-unicast'] as const

export function address(text: string): IpAddress {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`"${text}" is no address`)
  return parsed
}

export function octets(text: string): Uint8Array {
  const prefix = parsePrefix(text)
  if (prefix === undefined) throw new Error(`"${text}" is no address`)
  return prefix.bytes
}

export const localAs = 65000
export const ribOptions: RibOptions = {
  asNumber: localAs,
  routerId: 0x0a00_0001,
  localAddress: { ipv4: address('10.0.0.1'), ipv6: address('fd00::1') },
}

export function peerConfig(name: string, over: Partial<Omit<PeerConfig, 'asNumber'>> & { asNumber?: number } = {}): PeerConfig {
  const { asNumber = 65001, ...rest } = over
  return {
    name,
    address: address('10.0.0.2'),
    port: 179,
    passive: false,
    families,
    routeReflectorClient: false,
    holdTimeSec: 90,
    maxPrefixes: 0,
    import: 'all',
    export: 'all',
    ...rest,
    asNumber: asn(asNumber),
  }
}

export function sessionTerms(over: Partial<SessionTerms> = {}): SessionTerms {
  return { families, fourOctetAs: true, maxMessageLength: 4096, remoteRouterId: 2, localAddress: address('10.0.0.1'), ...over }
}

/** An AS path of one sequence, "65001 7"; "" is the empty path. */
export function path(text: string): PathAttributes['asPath'] {
  return text === '' ? [] : [{ type: 'sequence', asNumbers: text.split(' ').map(Number) }]
}

export type Sent = Partial<PathAttributes> & { readonly fourOctetAs?: boolean; readonly internal?: boolean }

export function attributesOf(sent: Sent): PathAttributes {
  return { origin: 0, asPath: path('65001'), nextHop: octets('10.0.0.2'), unknown: [], ...sent }
}

/** "10.1.0.0/24", or "7>10.1.0.0/24" with a path identifier (RFC 7911). */
export function nlri(prefixes: readonly string[]): Uint8Array {
  const parts = prefixes.map((text) => {
    const [id, rest] = text.includes('>') ? text.split('>') : [undefined, text]
    const prefix = parsePrefix(rest ?? '')
    if (prefix === undefined) throw new Error(`"${text}" is no prefix`)
    const identifier = id === undefined ? [] : [24, 16, 8, 0].map((shift) => (Number(id) >>> shift) & 255)
    return [...identifier, prefix.length, ...prefix.bytes.subarray(0, Math.ceil(prefix.length / 8))]
  })
  return Uint8Array.from(parts.flat())
}

function isIpv6(prefixes: readonly string[]): boolean {
  return prefixes[0]?.includes(':') ?? false
}

/** The body of an UPDATE for prefixes of one family. */
export function announcement(prefixes: readonly string[], sent: Sent = {}): Uint8Array {
  const { fourOctetAs = true, internal = false } = sent
  const attributes = attributesOf(sent)
  const octets = nlri(prefixes)
  const into = new Uint8Array(octets.length + 65535)
  if (!isIpv6(prefixes) && (attributes.nextHop.length === 4 || prefixes.length === 0)) {
    const at = startAnnounce(into, 0, encodeAttributes(attributes, { fourOctetAs, internal }))
    into.set(octets, at)
    return into.slice(headerLength, finishAnnounce(into, 0, at + octets.length))
  }
  const at = startReach(into, 0, isIpv6(prefixes) ? 'ipv6-unicast' : 'ipv4-unicast', attributes.nextHop)
  into.set(octets, at)
  return into.slice(headerLength, finishReach(into, 0, at + octets.length, encodeAttributes(attributes, { fourOctetAs, internal })))
}

export function withdrawal(prefixes: readonly string[]): Uint8Array {
  const octets = nlri(prefixes)
  const into = new Uint8Array(octets.length + 100)
  const at = isIpv6(prefixes) ? startUnreach(into, 0, 'ipv6-unicast') : startWithdraw(0)
  into.set(octets, at)
  const end = at + octets.length
  return into.slice(headerLength, isIpv6(prefixes) ? finishUnreach(into, 0, end) : finishWithdraw(into, 0, end))
}

/** @param withIds each has a path identifier before it (RFC 7911) */
export function prefixesOf(family: AddressFamily, bytes: Uint8Array, start: number, end: number, withIds = false): string[] {
  const prefixes: string[] = []
  for (let at = start; at < end; at += 1 + (((bytes[at] as number) + 7) >>> 3)) {
    const id = withIds ? `${u32At(bytes, at)}>` : ''
    if (withIds) at += 4
    const length = bytes[at] as number
    const octets = new Uint8Array(family === 'ipv4-unicast' ? 4 : 16)
    octets.set(bytes.subarray(at + 1, at + 1 + ((length + 7) >>> 3)))
    prefixes.push(`${id}${formatPrefix({ family: family === 'ipv4-unicast' ? 4 : 6, bytes: octets, length })}`)
  }
  return prefixes
}

/** One line: what matters of attributes. */
export function summary(attributes: PathAttributes): string {
  const { origin, asPath, nextHop, med, localPref, originatorId, clusterList, communities, largeCommunities, unknown } = attributes
  const said = {
    path: asPath.map(({ asNumbers }) => asNumbers.join(' ')).join(' '),
    origin,
    via: nextHop.length === 0 ? '' : formatAddress(nextHop, 0, Math.min(16, nextHop.length)),
    med,
    localPref,
    originatorId,
    clusters: clusterList?.join(),
    communities: communities?.join(),
    large: largeCommunities?.map((parts) => parts.join(':')).join(),
    unknown: unknown.map(({ type, flags, data }) => `${type} ${flags.toString(16)} ${Buffer.from(data).toString('hex')}`).join(),
  }
  return Object.entries(said)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

/** A peer that applies what it reads, in the order it comes. */
export class Reader {
  readonly routes = new Map<string, PathAttributes>()
  /** "+ prefix", "- prefix", "end family", "refresh subtype family": one for each. */
  readonly events: string[] = []
  /** Octets of each message. */
  readonly lengths: number[] = []
  readonly #rib: Rib
  readonly #peer: PeerId
  readonly #terms: SessionTerms
  readonly #internal: boolean
  readonly #ourAs: number

  /** @param ourAs what the RIB's side is to the peer */
  constructor(rib: Rib, peer: PeerId, terms: SessionTerms, internal: boolean, ourAs = localAs) {
    this.#rib = rib
    this.#peer = peer
    this.#terms = terms
    this.#internal = internal
    this.#ourAs = ourAs
  }

  /** Reads once. @returns whether there was something */
  read(maxBytes = 65535): boolean {
    const bytes = this.#rib.read(this.#peer, maxBytes)
    if (bytes === undefined) return false
    for (let at = 0; at < bytes.length; at += u16At(bytes, at + 16)) this.#message(bytes, at, at + u16At(bytes, at + 16))
    return true
  }

  readAll(maxBytes?: number): this {
    while (this.read(maxBytes));
    return this
  }

  /** What it knows, as texts; with path identifiers where they were agreed on. */
  get known(): Record<string, string> {
    return Object.fromEntries([...this.routes].map(([prefix, attributes]) => [prefix, summary(attributes)]))
  }

  #message(bytes: Uint8Array, start: number, end: number): void {
    if (end > bytes.length || end - start > this.#terms.maxMessageLength) throw new Error(`a message of ${end - start} octets`)
    this.lengths.push(end - start)
    if (bytes[start + 18] === messageType.routeRefresh) {
      this.events.push(`refresh ${bytes[start + 21]} ${familyOfAfiSafi(u16At(bytes, start + 19), bytes[start + 22] as number)}`)
      return
    }
    const update = emptyUpdateRanges()
    const mp = emptyMpRanges()
    const fault = splitUpdate(bytes, start + headerLength, end, update) ?? locateMp(bytes, update.attributesStart, update.attributesEnd, mp)
    if (fault !== undefined) throw new Error('an UPDATE cannot be read', { cause: fault })
    const finished = isEndOfRib(update, mp)
    if (finished !== undefined) this.events.push(`end ${finished}`)
    const read = (family: AddressFamily, from: number, to: number) =>
      prefixesOf(family, bytes, from, to, this.#terms.addPathSend?.includes(family))
    this.#withdraw(read('ipv4-unicast', update.withdrawnStart, update.withdrawnEnd))
    this.#withdraw(read('ipv6-unicast', mp.unreachNlriStart, mp.unreachNlriEnd))
    const announced = [
      ...read('ipv4-unicast', update.nlriStart, update.nlriEnd),
      ...read(mp.reachAfi === 1 ? 'ipv4-unicast' : 'ipv6-unicast', mp.reachNlriStart, mp.reachNlriEnd),
    ]
    if (announced.length === 0) return
    const context = { fourOctetAs: this.#terms.fourOctetAs, internal: this.#internal, peerAs: this.#ourAs, localAs, allowAsSet: true }
    const decoded = decodeAttributes(bytes, update.attributesStart, update.attributesEnd, context, true)
    if (decoded instanceof BgpError || decoded.attributes === undefined || decoded.notes.length > 0)
      throw new Error('attributes cannot be read', { cause: decoded })
    for (const prefix of announced) {
      this.routes.set(prefix, decoded.attributes)
      this.events.push(`+ ${prefix}`)
    }
  }

  #withdraw(prefixes: readonly string[]): void {
    for (const prefix of prefixes) {
      this.routes.delete(prefix)
      this.events.push(`- ${prefix}`)
    }
  }
}

/** A RIB with all it says, and short words for what happens to it. */
export class RibLab {
  readonly rib: Rib
  readonly notes: string[] = []
  readonly finished: string[] = []
  readonly outputs: PeerId[] = []
  /** What the kernel would have: best learned routes and their next hops, in the order of their texts. */
  readonly best = new Map<string, string>()

  constructor(options: RibOptions & { readonly backlogLimit?: number } = ribOptions, over: Partial<RibDependencies> = {}) {
    this.rib = new Rib(options, {
      nextHopMetric: () => 0,
      onBest: (batch) => {
        for (const id of batch.ids.slice(0, batch.count)) {
          const prefix = batch.table.format(id)
          const nextHops = batch.nextHopsOf(id).map(({ address }) => address)
          if (nextHops.length === 0) this.best.delete(prefix)
          else this.best.set(prefix, nextHops.toSorted().join(' '))
        }
      },
      onOutput: (peer) => this.outputs.push(peer),
      onEndOfRib: (peer, family) => this.finished.push(`${peer} ${family}`),
      onNote: (peer, note) => this.notes.push(`${peer} ${note}`),
      ...over,
    })
  }

  /** A configured peer with its session. */
  peer(name: string, over: Parameters<typeof peerConfig>[1] = {}, terms: Partial<SessionTerms> = {}): Peer {
    return new Peer(this.rib, peerConfig(name, over), sessionTerms(terms))
  }

  originate(prefixes: readonly string[]): void {
    this.rib.originate(prefixes.flatMap((prefix) => parseCidr(prefix) ?? []))
  }

  settle(): void {
    while (this.rib.flush(0));
  }
}

export class Peer {
  readonly id: PeerId
  readonly config: PeerConfig
  readonly #rib: Rib
  reader: Reader

  constructor(rib: Rib, config: PeerConfig, terms: SessionTerms) {
    this.#rib = rib
    this.config = config
    this.id = rib.addPeer(config)
    this.reader = this.up(terms)
  }

  up(terms: SessionTerms): Reader {
    this.#rib.sessionUp(this.id, terms)
    this.reader = new Reader(this.#rib, this.id, terms, this.internal, this.config.localAs)
    return this.reader
  }

  get internal(): boolean {
    return this.config.asNumber === (this.config.localAs ?? localAs)
  }

  receive(body: Uint8Array): BgpError | undefined {
    return this.#rib.receive(this.id, body, 0, body.length)
  }

  announce(prefixes: readonly string[], sent: Sent = {}): void {
    const fault = this.receive(
      announcement(prefixes, { asPath: path(this.internal ? '' : `${this.config.asNumber}`), ...sent, internal: this.internal }),
    )
    if (fault !== undefined) throw fault
  }

  withdraw(prefixes: readonly string[]): void {
    const fault = this.receive(withdrawal(prefixes))
    if (fault !== undefined) throw fault
  }

  /** What the peer knows after it has read all. */
  get known(): Record<string, string> {
    return this.reader.readAll().known
  }
}
