/** What `ip` is told and what it says (iproute2), as text. Pure. */
import { addressBytes, type Family, formatAddress } from '../../src/net/address.ts'
import { formatPrefix, parseInterfaceAddress, parsePrefix } from '../../src/net/prefix.ts'
import {
  defaultMetric,
  hopOfLegs,
  type KernelHop,
  type KernelLeg,
  type KernelRoute,
  legsOf,
  MAIN_TABLE,
  type Refusal,
  type RouteChange,
  SCOPE_GLOBAL,
  SCOPE_LINK,
} from './kernel-route.ts'
import type { KernelAddress } from './netlink-address.ts'
import type { KernelLink } from './netlink-link.ts'

/** One line for `ip -batch`. @param nameOf the device of an index */
export function changeLine(change: RouteChange, nameOf: (index: number) => string | undefined): string {
  const { operation, family, address, length, protocol, hop, metric = defaultMetric(family) } = change
  const prefix = formatPrefix({ family, bytes: address.slice(0, family === 4 ? 4 : 16), length })
  const verb = { create: 'add', replace: 'replace', delete: 'del' }[operation]
  const isDelete = operation === 'delete'
  const type = !isDelete && hop?.type === 'blackhole' ? 'blackhole ' : ''
  return [
    `route ${verb} ${type}${prefix}`,
    ...(isDelete ? [] : hopWords(family, hop, nameOf)),
    `proto ${protocol}`,
    ...(metric === 0 ? [] : [`metric ${metric}`]),
    ...((isDelete ? family === 6 : hop?.legs !== undefined) ? nexthopWords(family, hop, nameOf) : []),
  ].join(' ')
}

function hopWords(family: Family, hop: KernelHop | undefined, nameOf: (index: number) => string | undefined): string[] {
  if (hop === undefined || hop.type !== 'unicast') return []
  const words: string[] = []
  if (hop.via !== undefined) words.push(viaWords(family, hop.via))
  if (hop.index !== 0) words.push(`dev ${nameOf(hop.index) ?? `if${hop.index}`}`)
  if (hop.source !== undefined) words.push(`src ${formatAddress(hop.source)}`)
  if (family === 4) words.push(`scope ${hop.scope}`)
  if (hop.onlink) words.push('onlink')
  return words
}

/** An IPv4 route may have an IPv6 gateway (RFC 8950). */
function viaWords(family: Family, via: Uint8Array): string {
  return `via ${family === 4 && via.length === 16 ? 'inet6 ' : ''}${formatAddress(via)}`
}

/**
 * Gateways at the end, as `ip` demands: of a multipath route, and of an IPv6 route that is deleted, so that what somebody joined to ours
 * (ECMP) is left to him.
 */
function nexthopWords(family: Family, hop: KernelHop | undefined, nameOf: (index: number) => string | undefined): string[] {
  if (hop === undefined) return []
  return legsOf(hop).map(
    ({ index, via, onlink }) => `nexthop ${viaWords(family, via)} dev ${nameOf(index) ?? `if${index}`}${onlink ? ' onlink' : ''}`,
  )
}

/**
 * The refusals in what `ip -force -batch -` writes to stderr: the kernel's word, then "Command failed -:LINE".
 * @param count of lines given, so that a number out of range is not believed
 */
export function readRefusals(stderr: string, count: number): Refusal[] {
  const refusals: Refusal[] = []
  let words: string[] = []
  for (const line of stderr.split('\n')) {
    const number = Number(/^Command failed -:(\d+)/.exec(line)?.[1] ?? 0)
    if (number === 0) words.push(line.replace(/^(RTNETLINK answers|Error): /, '').trim())
    else {
      const text = words.filter((word) => word !== '').join(' ') || 'refused'
      if (number <= count) refusals.push({ at: number - 1, errno: errnoOf(text), text })
      words = []
    }
  }
  return refusals
}

function errnoOf(text: string): string {
  const names: [pattern: RegExp, errno: string][] = [
    [/File exists|already assigned/, 'EEXIST'],
    [/No such process/, 'ESRCH'],
    [/No such device/, 'ENODEV'],
    [/Network is unreachable|invalid gateway/, 'ENETUNREACH'],
    [/Network is down|device is not up/i, 'ENETDOWN'],
    [/not permitted/, 'EPERM'],
    [/Unknown device type|not supported/, 'ENOTSUP'],
  ]
  return names.find(([pattern]) => pattern.test(text))?.[1] ?? 'EINVAL'
}

/** The routes in the output of `ip -details -json route show`. @throws SyntaxError if it is no JSON */
export function readRoutes(json: string, family: Family, indexOf: (name: string) => number): KernelRoute[] {
  return objects(json).flatMap((entry) => {
    const destination = entry.dst === 'default' ? (family === 4 ? '0.0.0.0/0' : '::/0') : text(entry.dst)
    const prefix = parsePrefix(destination)
    if (prefix === undefined) return []
    const metric = typeof entry.metric === 'number' ? entry.metric : 0
    const { bytes, length } = prefix
    return [
      {
        family,
        bytes,
        length,
        table: MAIN_TABLE,
        tos: entry.tos === undefined ? 0 : 1,
        protocol: Number(entry.protocol),
        metric,
        hop: readHop(entry, family, indexOf),
      },
    ]
  })
}

function readHop(entry: Entry, family: Family, indexOf: (name: string) => number): KernelHop {
  const [via, source] = [readGateway(entry), addressBytes(text(entry.prefsrc))]
  const legs = readLegs(entry.nexthops, indexOf)
  if (legs !== undefined && source === undefined) return hopOfLegs(legs)
  const isBeyond = entry.nexthops !== undefined || (entry.via !== undefined && via === undefined)
  return {
    type: isBeyond ? 'other' : (routeTypes[text(entry.type) || 'unicast'] ?? 'other'),
    index: entry.dev === undefined ? 0 : indexOf(text(entry.dev)),
    onlink: Array.isArray(entry.flags) && entry.flags.includes('onlink'),
    scope: family === 4 && (entry.scope === 'link' || entry.scope === String(SCOPE_LINK)) ? SCOPE_LINK : SCOPE_GLOBAL,
    ...(via === undefined ? {} : { via }),
    ...(source === undefined ? {} : { source }),
  }
}

/** "via" is there for a gateway of the other family: of IPv6, for an IPv4 route. */
function readGateway({ gateway, via }: Entry): Uint8Array | undefined {
  return isEntry(via) && via.family === 'inet6' ? addressBytes(text(via.host)) : addressBytes(text(gateway))
}

/** undefined where there are none, or such as we never write: with weights, or without a gateway. */
function readLegs(nexthops: unknown, indexOf: (name: string) => number): readonly KernelLeg[] | undefined {
  if (!Array.isArray(nexthops) || nexthops.length === 0) return undefined
  const legs: KernelLeg[] = []
  for (const hop of nexthops.filter(isEntry)) {
    const via = readGateway(hop)
    if (via === undefined || hop.weight !== 1) return undefined
    legs.push({ index: indexOf(text(hop.dev)), via, onlink: Array.isArray(hop.flags) && hop.flags.includes('onlink') })
  }
  return legs
}

/** By name, and by number as `-N` prints them. */
const routeTypes: Record<string, KernelHop['type']> = { unicast: 'unicast', blackhole: 'blackhole', '1': 'unicast', '6': 'blackhole' }

/** The links in the output of `ip -json address show`. @throws SyntaxError if it is no JSON */
export function readLinks(json: string): KernelLink[] {
  return objects(json).flatMap(({ ifindex, ifname, flags, mtu, link_type: type }) => {
    if (typeof ifindex !== 'number') return []
    const up = Array.isArray(flags) && flags.includes('UP')
    return [{ index: ifindex, name: text(ifname), up, mtu: typeof mtu === 'number' ? mtu : 0, ipip: type === 'ipip' }]
  })
}

/** The addresses in the same output. @throws SyntaxError if it is no JSON */
export function readLinkAddresses(json: string): KernelAddress[] {
  return objects(json).flatMap(({ ifindex, addr_info: infos }) =>
    !Array.isArray(infos) || typeof ifindex !== 'number'
      ? []
      : infos.filter(isEntry).flatMap((info) => {
          const parsed = parseInterfaceAddress(`${text(info.local)}/${String(info.prefixlen)}`)
          if (parsed === undefined) return []
          const { address, length } = parsed
          const label = typeof info.label === 'string' ? { label: info.label } : {}
          return [{ index: ifindex, family: info.family === 'inet' ? 4 : 6, address, length, ...label } as const]
        }),
  )
}

type Entry = { readonly [name: string]: unknown }

function objects(json: string): Entry[] {
  const parsed: unknown = json.trim() === '' ? [] : JSON.parse(json)
  return Array.isArray(parsed) ? parsed.filter(isEntry) : []
}

function isEntry(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
