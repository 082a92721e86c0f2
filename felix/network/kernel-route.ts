/** How the kernel itself describes a route: what is written to it and what it tells. Pure data. */
import type { Family } from '../../src/net/address.ts'

/** One of the gateways of a multipath route; all weigh the same. */
export type KernelLeg = { readonly index: number; readonly via: Uint8Array; readonly onlink: boolean }

/**
 * Where a kernel route leads. Two hops that lead to the same place have equal content.
 *
 * @property type `other`: local, unreachable, with weights … : nothing we write, so it satisfies nobody's wish
 * @property legs of `multipath`, at least two in the order of `hopOfLegs`; index, via, source and onlink say nothing then
 * @property index of the output device; 0: the kernel picks (when writing), none (blackhole)
 * @property scope 0 global, 253 link; always 0 for IPv6, which has no scopes
 */
export type KernelHop = {
  readonly type: 'unicast' | 'multipath' | 'blackhole' | 'other'
  readonly legs?: readonly KernelLeg[]
  readonly index: number
  readonly via?: Uint8Array
  readonly source?: Uint8Array
  readonly onlink: boolean
  readonly scope: number
}

/** A route as the kernel tells it. `protocol` is rtm_protocol, the owner; `metric` is the priority within (prefix, tos). */
export type KernelRoute = {
  readonly family: Family
  readonly bytes: Uint8Array
  readonly length: number
  readonly table: number
  readonly tos: number
  readonly protocol: number
  readonly metric: number
  readonly hop: KernelHop
}

/** `create` fails if the slot (prefix, tos, metric) is taken by anybody, `replace` takes the slot over, `delete` removes only what has our protocol. */
export type RouteOperation = 'create' | 'replace' | 'delete'

/** One change of the main table. */
export type RouteChange = {
  readonly operation: RouteOperation
  readonly family: Family
  /** Network-order octets of the address, host bits zero, read from `at` 0. */
  readonly address: Uint8Array
  readonly length: number
  readonly protocol: number
  /** Default: that of the family. */
  readonly metric?: number
  /** To delete: the hop that is there, so that an IPv6 route that somebody joined to ours (ECMP) is left to him. */
  readonly hop?: KernelHop
}

/** The kernel's refusal of one change: its place in the batch, the errno name ("EEXIST") and a sentence. */
export type Refusal = { readonly at: number; readonly errno: string; readonly text: string }

/** A refusal for an operator: the kernel's words, and what to do where that is known. */
export function refusalText({ errno, text }: Pick<Refusal, 'errno' | 'text'>): string {
  const advice = errno === 'EPERM' || errno === 'EACCES' ? ': run Tortie as root or with CAP_NET_ADMIN' : ''
  return `${errno}: ${text}${advice}`
}

export const MAIN_TABLE = 254
export const SCOPE_GLOBAL = 0
export const SCOPE_LINK = 253

/** The metric a route gets that is given none: it is the slot `ip route` uses too, so both see each other's routes. */
export function defaultMetric(family: Family): number {
  return family === 4 ? 0 : 1024
}

/** One leg is a plain route; the order in which several were given means nothing, and each counts once. @param legs at least one */
export function hopOfLegs(legs: readonly KernelLeg[]): KernelHop {
  const distinct = new Map(legs.map((leg) => [legKey(leg), leg]))
  const [first, ...more] = [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, leg]) => leg)
  if (first === undefined) throw new RangeError('a route without a next hop')
  if (more.length === 0) return { type: 'unicast', scope: SCOPE_GLOBAL, ...first }
  return { type: 'multipath', legs: [first, ...more], index: 0, onlink: false, scope: SCOPE_GLOBAL }
}

/** What is left of a route when somebody took `gone` away, a leg of it or all; undefined: nothing. */
export function hopWithout(hop: KernelHop, gone: KernelHop): KernelHop | undefined {
  const taken = new Set(legsOf(gone).map(legKey))
  const left = legsOf(hop).filter((leg) => !taken.has(legKey(leg)))
  return hop.type === 'multipath' && left.length > 0 ? hopOfLegs(left) : undefined
}

/** The gateways of a route; none of one that has no gateway. */
export function legsOf({ legs, index, via, onlink }: KernelHop): readonly KernelLeg[] {
  return legs ?? (via === undefined ? [] : [{ index, via, onlink }])
}

function legKey({ index, via, onlink }: KernelLeg): string {
  return `${index} ${via.join('.')} ${onlink}`
}

/** Equal for hops with equal content. */
export function hopKey(hop: KernelHop): string {
  if (hop.legs !== undefined) return `multipath ${hop.legs.map(legKey).join(', ')}`
  return `${hop.type} ${hop.index} ${hop.via?.join('.')} ${hop.source?.join('.')} ${hop.onlink} ${hop.scope}`
}

/** Whether a route that leads to `actual` is what `wanted` asks for: what a wish leaves open the kernel may fill in. */
export function satisfies(wanted: KernelHop, actual: KernelHop): boolean {
  if (wanted.type !== actual.type || wanted.type === 'other') return false
  if (wanted.type === 'blackhole') return true
  if (wanted.type === 'multipath') return hopKey(wanted) === hopKey(actual)
  return (
    (wanted.index === 0 || wanted.index === actual.index) &&
    sameBytes(wanted.via, actual.via) &&
    (wanted.source === undefined || sameBytes(wanted.source, actual.source)) &&
    wanted.onlink === actual.onlink &&
    wanted.scope === actual.scope
  )
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((octet, i) => octet === b[i])
}
