import { isDeepStrictEqual } from 'node:util'
import type { BestRouteBatch, LearnedNextHop } from '../bgp/peer.ts'
import type { LearnedRoutes, NextHop, UnicastHop } from '../felix/kernel.ts'
import { isReachable, nextHopFor, type Surroundings } from '../ipip/next-hop.ts'
import { type Encapsulation, noEncapsulation } from '../ipip/tunnel-plan.ts'
import type { EncapsulationMode } from './model/ip-pool.ts'
import type { IpAddress } from './net/address.ts'
import type { ConnectedSubnet } from './net/connected-subnet.ts'
import { formatIpv4, parseIpv4, readIpv4 } from './net/ipv4.ts'

/** So many are remembered: a whole Internet table may lead nowhere. */
const mostStranded = 10_000

const blackhole: NextHop = { type: 'blackhole' }

/** What was answered so far, by next hop: the same object for the same question, so that a route costs none. */
class Answers {
  readonly reachable = new Map<IpAddress, boolean>()
  readonly nextHops: Readonly<Record<EncapsulationMode, Map<IpAddress, UnicastHop | undefined>>> = {
    Never: new Map(),
    Always: new Map(),
    CrossSubnet: new Map(),
  }
  /** Of what a route has together. */
  readonly routes: Readonly<Record<EncapsulationMode, WeakMap<readonly LearnedNextHop[], NextHop>>> = {
    Never: new WeakMap(),
    Always: new WeakMap(),
    CrossSubnet: new WeakMap(),
  }
}

/** Hands the best routes of BGP to the kernel's route table: each distinct next hop is resolved once per IP-in-IP mode, no object per route. */
export class RouteHandover {
  readonly #routes: LearnedRoutes
  readonly #address = new Uint8Array(16)
  #answers = new Answers()
  #connected: readonly ConnectedSubnet[]
  #encapsulation = noEncapsulation
  /** Known nodes whose own address is in a pool: a route may lead to its own next hop there. */
  #nodesInPools: ReadonlySet<IpAddress> = new Set()
  /** IPv4 prefixes with a best route that leads nowhere, and its next hop. */
  readonly #stranded = new Map<number, IpAddress>()

  constructor(routes: LearnedRoutes, connected: readonly ConnectedSubnet[]) {
    this.#routes = routes
    this.#connected = connected
  }

  /** The node's subnets changed. @returns whether any answer so far is another one now: then all best routes are to be taken again */
  setConnected(connected: readonly ConnectedSubnet[]): boolean {
    const isSame = isDeepStrictEqual(connected, this.#connected)
    this.#connected = connected
    return !isSame && this.#askAgain()
  }

  /** Pools, known nodes or the tunnel changed. @returns as `setConnected` */
  setEncapsulation(encapsulation: Encapsulation): boolean {
    const before = this.#encapsulation
    if (encapsulation === before) return false
    const { modes, tunnelTo } = encapsulation
    this.#encapsulation = encapsulation
    const inPools = this.#nodesInPools
    this.#nodesInPools = new Set([...tunnelTo].filter((node) => modes.holds(node)))
    return this.#askAgain() || modes.key !== before.modes.key || !isDeepStrictEqual(inPools, this.#nodesInPools)
  }

  /** Whether the next hop of a route can be reached at all, directly or through the tunnel. */
  reaches(nextHop: IpAddress): boolean {
    const { reachable } = this.#answers
    let answer = reachable.get(nextHop)
    if (answer === undefined) {
      answer = isReachable(nextHop, this.#surroundings)
      reachable.set(nextHop, answer)
    }
    return answer
  }

  resolve(nextHop: IpAddress, mode: EncapsulationMode): UnicastHop | undefined {
    const known = this.#answers.nextHops[mode]
    if (!known.has(nextHop)) known.set(nextHop, nextHopFor(mode, nextHop, this.#surroundings))
    return known.get(nextHop)
  }

  take(batch: BestRouteBatch): void {
    const { table, ids, count } = batch
    const tunnelling = table.family === 4 && this.#encapsulation.modes.tunnelling
    for (let i = 0; i < count; i++) {
      const id = ids[i] as number
      const length = table.lengthOf(id)
      table.copyAddress(id, this.#address, 0)
      const nextHops = batch.nextHopsOf(id)
      const isLearned = nextHops.length > 0
      const nextHop = isLearned && batch.discards(id) ? blackhole : isLearned ? this.#nextHopOf(nextHops, length, tunnelling) : undefined
      if (nextHop === undefined) this.#routes.delete(table.family, this.#address, 0, length)
      else this.#routes.put(table.family, this.#address, 0, length, nextHop)
      if (table.family === 4) this.#note(length, nextHop === undefined ? nextHops[0]?.address : undefined)
    }
  }

  /** Of the prefix in `#address`. */
  #nextHopOf(nextHops: readonly LearnedNextHop[], length: number, tunnelling: boolean): NextHop | undefined {
    const mode = tunnelling ? this.#encapsulation.modes.of(readIpv4(this.#address, 0), length) : 'Never'
    if (mode !== 'Never' && nextHops.some(({ address }) => this.#nodesInPools.has(address)))
      return together(nextHops.flatMap((hop) => this.#hopsOf(hop, this.#contains(length, hop.address) ? 'Never' : mode)))
    const known = this.#answers.routes[mode]
    let nextHop = known.get(nextHops)
    if (nextHop === undefined) {
      nextHop = together(nextHops.flatMap((hop) => this.#hopsOf(hop, mode)))
      if (nextHop !== undefined) known.set(nextHops, nextHop)
    }
    return nextHop
  }

  /** How one next hop is reached: itself, or over those that lead to it. None: not at all. */
  #hopsOf({ address, gateways }: LearnedNextHop, mode: EncapsulationMode): readonly UnicastHop[] {
    const hop = this.resolve(address, mode)
    if (hop !== undefined) return [hop]
    return mode === 'Always' ? [] : gateways.flatMap((gateway) => this.resolve(gateway, 'Never') ?? [])
  }

  /** The best routes that lead nowhere, in one sentence; undefined without any. */
  get problem(): string | undefined {
    const [first] = this.#stranded
    if (first === undefined) return undefined
    const [key, nextHop] = first
    const prefix = `${formatIpv4(Math.floor(key / 64))}/${key % 64}`
    const { size } = this.#stranded
    const many = size === 1 ? 'a best route is' : `${size}${size < mostStranded ? '' : ' or more'} best routes are`
    return `${many} not programmed, as ${prefix}: its next hop ${nextHop} is reached neither directly nor, for this prefix, through a tunnel (a Node resource or a peer makes it a known node)`
  }

  get #surroundings(): Surroundings {
    return { connected: this.#connected, tunnelTo: this.#encapsulation.tunnelTo }
  }

  /**
   * Whether the prefix in `#address` contains the next hop. What contains its own next hop is never tunnelled: the outer packet would
   * take the same route again.
   */
  #contains(length: number, nextHop: IpAddress): boolean {
    const network = readIpv4(this.#address, 0)
    const target = parseIpv4(nextHop)
    return target !== undefined && Math.floor(target / 2 ** (32 - length)) === Math.floor(network / 2 ** (32 - length))
  }

  #note(length: number, strandedBy: IpAddress | undefined): void {
    if (strandedBy === undefined && this.#stranded.size === 0) return
    const key = readIpv4(this.#address, 0) * 64 + length
    if (strandedBy === undefined) this.#stranded.delete(key)
    else if (this.#stranded.size < mostStranded) this.#stranded.set(key, strandedBy)
  }

  #askAgain(): boolean {
    const { reachable, nextHops } = this.#answers
    this.#answers = new Answers()
    const modes = ['Never', 'Always', 'CrossSubnet'] as const
    const same =
      [...reachable].every(([nextHop, answer]) => this.reaches(nextHop) === answer) &&
      modes.every((mode) => [...nextHops[mode]].every(([nextHop, answer]) => isDeepStrictEqual(this.resolve(nextHop, mode), answer)))
    return !same
  }
}

/** One route over all of them (ECMP), each gateway and device once. */
function together(hops: readonly UnicastHop[]): NextHop | undefined {
  const distinct = new Map(hops.map((hop) => [`${hop.via} ${hop.device}`, hop]))
  const [first, second] = distinct.values()
  return first === undefined || second === undefined ? first : { type: 'multipath', hops: [...distinct.values()] }
}
