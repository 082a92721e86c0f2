/** Schemas that only FelixConfiguration needs (resource reference §6.13). */
import Type from 'typebox'
import { parseCidr } from '../net/prefix.ts'
import { duration } from './duration.ts'
import { cidr, portNumber } from './scalars.ts'
import { closedObject, crossChecked, text, textOrInteger } from './schema-check.ts'
import { word } from './word.ts'

export const onOff = word('Enabled', 'Disabled')
export const acceptOrReturn = word('Accept', 'Return')
export const dropOrReject = word('Drop', 'Reject')
export const count = Type.Integer({ minimum: 0, maximum: 0x7fff_ffff })
/** -1 stands for no limit. */
export const limit = Type.Integer({ minimum: -1, maximum: 0x7fff_ffff })

export const expression = text((value) => (isExpression(value) ? value : undefined), 'a regular expression')

export const interfaceFilter = text(
  (value) => (/^[A-Za-z0-9:._+-]{1,15}$/.test(value) ? value : undefined),
  'an interface name of at most 15 characters, with "+" at the end for any that begin so',
)

/** One prefix of a name, short enough that names can differ behind it. */
export function isInterfacePrefix(value: string): boolean {
  return /^[A-Za-z0-9_-]{1,12}$/.test(value)
}

/** Calico takes several; the agent has one. */
export const interfacePrefixes = text(
  (value) => (/^[A-Za-z0-9_-]{1,15}(,[A-Za-z0-9_-]{1,15})*$/.test(value) ? value : undefined),
  'name prefixes of 1 to 15 of A-Z, a-z, 0-9, "_" and "-", separated by commas',
)

/** An empty list disables the default ones. */
export const failsafePorts = Type.Array(closedObject({ protocol: word('TCP', 'UDP', 'SCTP'), port: portNumber, net: Type.Optional(cidr) }))

export const routeTable = crossChecked(
  closedObject({ min: Type.Integer({ minimum: 1, maximum: 250 }), max: Type.Integer({ minimum: 1, maximum: 250 }) }),
  rangeProblems,
)

export const routeTables = crossChecked(
  Type.Array(
    crossChecked(
      closedObject({ min: Type.Integer({ minimum: 1, maximum: 0xffff_ffff }), max: Type.Integer({ minimum: 1, maximum: 0xffff_ffff }) }),
      rangeProblems,
    ),
  ),
  (ranges) => (tablesIn(ranges) <= 0xffff ? [] : [{ path: '', reason: 'has more than 65535 tables in total' }]),
)

const numericPort = textOrInteger(readPortRange, 'a port 1 to 65535 or a range "a:b" with a <= b')

/** A multiport match has 15 slots and a range takes two. */
export const nodePorts = Type.Array(numericPort, { maxItems: 7 })

export const natPorts = textOrInteger((value) => (value === 0 || value === '0' ? 0 : readPortRange(value)), 'a port or a range "a:b"')

export const logRate = text(
  (value) => (/^[1-9]\d{0,3}\/(second|minute|hour|day)$/.test(value) ? value : undefined),
  'N/second, N/minute, N/hour or N/day with N 1 to 9999',
)

/** iptables shows 29 characters of it. */
export const logPrefix = text(
  (value) => (/^[A-Za-z0-9%: /_-]*$/.test(value) ? value : undefined),
  'of A-Z, a-z, 0-9, "%", ":", "/", "_", "-" and space',
)

/** The bits of the packet mark that are ours. */
export const markMask = Type.Refine(
  Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
  (value) => bitsIn(value) >= 2,
  () => 'must have at least 2 bits set',
)

export const healthTimeouts = Type.Array(
  closedObject({
    name: text((value) => (/^[A-Za-z0-9_ -]+$/.test(value) ? value : undefined), 'of A-Z, a-z, 0-9, "_", "-" and space'),
    timeout: duration,
  }),
)

export const dscp = textOrInteger(
  (value) => (isDscp(String(value).toUpperCase()) ? value : undefined),
  'a DSCP: 0 to 63, DF, EF, AF11 to AF43 or CS0 to CS6',
)

export const ipv4Nets = Type.Array(text<string>((value) => (value.includes(':') ? undefined : parseCidr(value)), 'an IPv4 CIDR or address'))

type Range = { readonly min: number; readonly max: number }

function rangeProblems({ min, max }: Range) {
  return min <= max ? [] : [{ path: 'max', reason: 'is less than min', value: max }]
}

function tablesIn(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { min, max }) => sum + max - min + 1, 0)
}

function readPortRange(value: string | number): string | number | undefined {
  const [, from, to = from] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(String(value)) ?? []
  return from !== undefined && Number(from) >= 1 && Number(from) <= Number(to) && Number(to) <= 65_535 ? value : undefined
}

function bitsIn(value: number): number {
  return value.toString(2).replaceAll('0', '').length
}

function isDscp(value: string): boolean {
  return /^(\d|[1-5]\d|6[0-3]|DF|EF|AF[1-4][1-3]|CS[0-6])$/.test(value)
}

function isExpression(value: string): boolean {
  try {
    new RegExp(value)
    return true
  } catch {
    return false
  }
}
