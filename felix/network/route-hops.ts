import { addressBytes, type Family } from '../../src/net/address.ts'
import type { NextHop, UnicastHop } from '../kernel.ts'
import { hopKey, hopOfLegs, type KernelHop, type KernelLeg, SCOPE_GLOBAL, SCOPE_LINK, satisfies } from './kernel-route.ts'
import type { LinkView } from './link-view.ts'

/** A wanted next hop with the kernel hop it means now, per family; 0: it cannot be written now, `reason` says why. */
type Wish = { readonly nextHop: NextHop; ipv4: number; ipv6: number; reason: string }

/**
 * Next hops as small integers, so that a route is a row of numbers. Wish ids stand for what is wanted (device by name), hop ids for
 * what the kernel is told and tells (device by index). 0 is no id. There are few: they are kept for good.
 */
export class RouteHops {
  readonly #links: LinkView
  readonly #known = new WeakMap<NextHop, number>()
  readonly #wishIds = new Map<string, number>()
  readonly #wishes: Wish[] = []
  readonly #hopIds = new Map<string, number>()
  readonly #hops: KernelHop[] = []

  constructor(links: LinkView) {
    this.#links = links
  }

  wishId(nextHop: NextHop): number {
    const known = this.#known.get(nextHop)
    if (known !== undefined) return known
    const key = wishText(nextHop)
    let id = this.#wishIds.get(key)
    if (id === undefined) {
      const wish: Wish = { nextHop, ipv4: 0, ipv6: 0, reason: '' }
      this.#resolve(wish)
      id = this.#wishes.push(wish)
      this.#wishIds.set(key, id)
    }
    this.#known.set(nextHop, id)
    return id
  }

  /** The hop id a wish means now, 0 if it cannot be written. */
  hopOf(wishId: number, family: Family): number {
    const wish = this.#wishes[wishId - 1]
    return (family === 4 ? wish?.ipv4 : wish?.ipv6) ?? 0
  }

  reasonOf(wishId: number): string {
    return this.#wishes[wishId - 1]?.reason ?? ''
  }

  wishTextOf(wishId: number): string {
    const wish = this.#wishes[wishId - 1]
    return wish === undefined ? '' : wishText(wish.nextHop)
  }

  hopId(hop: KernelHop): number {
    const key = hopKey(hop)
    const known = this.#hopIds.get(key)
    if (known !== undefined) return known
    const id = this.#hops.push(hop)
    this.#hopIds.set(key, id)
    return id
  }

  hop(id: number): KernelHop | undefined {
    return this.#hops[id - 1]
  }

  /** Whether a route with hop `actual` is what hop `wanted` asks for. */
  fits(wanted: number, actual: number): boolean {
    const [a, b] = [this.#hops[wanted - 1], this.#hops[actual - 1]]
    return wanted === actual || (a !== undefined && b !== undefined && satisfies(a, b))
  }

  /** Links came, went or changed: the wishes that mean something else now. */
  linksChanged(): ReadonlySet<number> {
    const changed = new Set<number>()
    this.#wishes.forEach((wish, i) => {
      const { ipv4, ipv6 } = wish
      this.#resolve(wish)
      if (wish.ipv4 !== ipv4 || wish.ipv6 !== ipv6) changed.add(i + 1)
    })
    return changed
  }

  #resolve(wish: Wish): void {
    const { nextHop } = wish
    wish.ipv4 = 0
    wish.ipv6 = 0
    wish.reason = this.#waitsFor(nextHop)
    if (wish.reason !== '') return
    if (nextHop.type === 'multipath') {
      wish.ipv4 = wish.ipv6 = this.hopId(hopOfLegs(this.#legs(nextHop.hops)))
      return
    }
    wish.ipv4 = this.hopId(this.#kernelHop(nextHop, 4))
    wish.ipv6 = this.hopId(this.#kernelHop(nextHop, 6))
  }

  #waitsFor(nextHop: NextHop): string {
    if (nextHop.type === 'multipath') {
      const reasons = nextHop.hops.map((hop) => this.#waitsFor(hop))
      return reasons.includes('') ? '' : [...new Set(reasons)].join(', ')
    }
    if (nextHop.type === 'blackhole' || nextHop.device === undefined) return ''
    const link = this.#links.byName(nextHop.device)
    if (link === undefined) return `link ${nextHop.device} does not exist`
    return link.up ? '' : `link ${nextHop.device} is down`
  }

  /** Those whose device is up: the kernel refuses a route as a whole if one of them is not. */
  #legs(hops: readonly UnicastHop[]): KernelLeg[] {
    return hops
      .filter((hop) => this.#waitsFor(hop) === '')
      .map((hop) => {
        const { index, via, onlink } = this.#kernelHop(hop, 4)
        if (via === undefined) throw new RangeError('a multipath route needs gateways')
        return { index, via, onlink }
      })
  }

  #kernelHop(nextHop: UnicastHop | { readonly type: 'blackhole' }, family: Family): KernelHop {
    if (nextHop.type === 'blackhole') return { type: 'blackhole', index: 0, onlink: false, scope: SCOPE_GLOBAL }
    const via = nextHop.via === undefined ? undefined : addressBytes(nextHop.via)
    const source = nextHop.source === undefined ? undefined : addressBytes(nextHop.source)
    const isLink = nextHop.scope === undefined ? via === undefined : nextHop.scope === 'link'
    return {
      type: 'unicast',
      index: nextHop.device === undefined ? 0 : (this.#links.byName(nextHop.device)?.index ?? 0),
      onlink: nextHop.onlink ?? false,
      scope: family === 4 && isLink ? SCOPE_LINK : SCOPE_GLOBAL,
      ...(via === undefined ? {} : { via }),
      ...(source === undefined ? {} : { source }),
    }
  }
}

/** As `ip route` would say it: equal for equal next hops. */
function wishText(nextHop: NextHop): string {
  if (nextHop.type === 'blackhole') return 'blackhole'
  if (nextHop.type === 'multipath') return nextHop.hops.map((hop) => `nexthop ${wishText(hop)}`).join(' ')
  const { via, device, source, scope, onlink } = nextHop
  const words = [via && `via ${via}`, device && `dev ${device}`, source && `src ${source}`, scope && `scope ${scope}`, onlink && 'onlink']
  return words.filter(Boolean).join(' ')
}
