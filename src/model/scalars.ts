/** The scalar types of the resource reference §6.0.3: which texts they take, and the one form in which each is stored. */
import Type from 'typebox'
import { parseSelector } from '../../policy/selector/parse.ts'
import type { SelectorError } from '../../policy/selector/selector.ts'
import { selectorHint } from '../../policy/selector/selector-hint.ts'
import { familyOf, parseAddress } from '../net/address.ts'
import { parseCidr, parseInterfaceAddress } from '../net/prefix.ts'
import { nearest } from './did-you-mean.ts'
import { text, textOrInteger } from './schema-check.ts'

export const labelPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

export function isDnsLabel(value: string): boolean {
  return labelPattern.test(value)
}

/** DNS-1123 subdomain, at most 253 characters. */
export function isDnsSubdomain(value: string): boolean {
  return value.length <= 253 && subdomainPattern.test(value)
}

/** Kubernetes' qualified name: an optional DNS prefix of at most 253 characters, "/", a name of at most 63. */
export function isQualifiedName(value: string): boolean {
  const slash = value.indexOf('/')
  if (slash >= 0 && !isDnsSubdomain(value.slice(0, slash))) return false
  return /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(value.slice(slash + 1))
}

export function isLabelValue(value: string): boolean {
  return /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value)
}

export const name = text(
  (value) => (isDnsSubdomain(value) ? value : undefined),
  'a DNS-1123 subdomain: at most 253 of a-z, 0-9, "-" and ".", beginning and ending with a letter or digit',
)

/** `net`: host bits are a mistake. */
export const net = text<string>(
  (value) => parseCidr(value, { strict: true }),
  'a CIDR whose host bits are zero, or an address',
  (value) => parseCidr(value),
)

/** `cidr`: host bits are masked. */
export const cidr = text<string>((value) => parseCidr(value), 'a CIDR or an address')

export const address = text<string>(parseAddress, 'an IPv4 or IPv6 address')
export const ipv4 = text((value) => addressOf(value, 4), 'an IPv4 address')
export const ipv6 = text((value) => addressOf(value, 6), 'an IPv6 address')
export const ipv4WithLength = text((value) => interfaceAddressOf(value, 4), 'an IPv4 address with its prefix length, as in 192.0.2.10/24')
export const ipv6WithLength = text((value) => interfaceAddressOf(value, 6), 'an IPv6 address with its prefix length, as in 2001:db8::1/64')

export const mac = text(
  (value) => (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(value) ? value.toLowerCase().replaceAll('-', ':') : undefined),
  'a MAC address of six octets',
)

export const interfaceName = text(
  (value) => (/^[\w.-]{1,15}$/.test(value) && value !== '.' && value !== '..' ? value : undefined),
  'an interface name: 1 to 15 of A-Z, a-z, 0-9, "_", "." and "-"',
)

const protocolNames = ['TCP', 'UDP', 'ICMP', 'ICMPv6', 'SCTP', 'UDPLite']

export const protocol = textOrInteger(
  (value) => {
    const number = /^\d+$/.test(String(value)) ? Number(value) : value
    if (typeof number === 'number') return number >= 1 && number <= 255 ? number : undefined
    return protocolNames.find((candidate) => candidate.toLowerCase() === number.toLowerCase())
  },
  `${protocolNames.join(', ')} or a number 1 to 255`,
  (value) => nearest(String(value), protocolNames),
)

/** Protocols of endpoint ports and of Kubernetes policies. */
export const transportProtocol = text(
  (value) => ['TCP', 'UDP', 'SCTP'].find((candidate) => candidate === value.toUpperCase()),
  'TCP, UDP or SCTP',
)

/** A port in a rule: number, range or name. One that is written as digits, or a range of one, is stored as a number. */
export const port = textOrInteger(
  readPort,
  'a port 1 to 65535, a range "a:b" with a <= b, or a port name of at most 128 of A-Z, a-z, 0-9, "_", "." and "-", with a letter',
  meantPort,
)

export const portNumber = Type.Integer({ minimum: 1, maximum: 65_535 })

/** Kubernetes' port name, stricter than a name in a rule. */
export function isPortName(value: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/.test(value) && /[a-z]/.test(value) && !value.includes('--')
}

/** An AS number 1..4294967295, plain or "high.low" (RFC 5396); stored plain. RFC 7607 forbids 0. */
export const asNumber = textOrInteger(readAsNumber, 'an AS number 1 to 4294967295, or "high.low" with both at most 65535')

export function readAsNumber(value: string | number): number | undefined {
  const [, high = '0', low] = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(String(value)) ?? []
  const dotted = String(value).includes('.')
  if (low === undefined || (dotted && (typeof value === 'number' || Number(high) > 65_535 || Number(low) > 65_535))) return undefined
  const number = Number(high) * 65_536 + Number(low)
  return number >= 1 && number <= 0xffff_ffff ? number : undefined
}

/** Why a text is no selector for a field of at most 1024 characters; undefined if it is one. @param mayBeGlobal `global()` alone is meant */
export function selectorProblem(value: string, mayBeGlobal = false): string | undefined {
  if (value.length > 1_024) return 'must not have more than 1024 characters'
  const selector = parseSelector(value)
  if (selector.type === 'error') return `is not a selector: ${selector.message}, ${placeOf(value, selector)}`
  // as text, also inside a string: what others refuse must not depend on our reading of it
  if (!value.includes('global(') || (mayBeGlobal && selector.type === 'global')) return undefined
  return mayBeGlobal ? 'global() can only stand alone' : 'global() has no meaning here'
}

/** "at character 8, "app == ▸web": put the value in quotes" */
function placeOf(value: string, error: SelectorError): string {
  const { position } = error
  const before = value.slice(Math.max(0, position - 24), position)
  const after = value.slice(position, position + 24)
  const clue = selectorHint(value, error)
  const excerpt = `${position > 24 ? '…' : ''}${before}▸${after}${value.length > position + 24 ? '…' : ''}`.replaceAll(/\p{Cc}/gu, '␤')
  return `at character ${position + 1} (${excerpt})${clue === undefined ? '' : `: ${clue}`}`
}

export const selector = selectorField(false)
/** A rule's `namespaceSelector`: the one place where `global()` may stand, alone. */
export const ruleNamespaceSelector = selectorField(true)

function selectorField(mayBeGlobal: boolean) {
  return Type.Refine(
    Type.String({ examples: ["app == 'web'"] }),
    (value) => selectorProblem(value, mayBeGlobal) === undefined,
    (value) => selectorProblem(value, mayBeGlobal) ?? '',
  )
}

function readPort(value: string | number): string | number | undefined {
  if (typeof value === 'number' || /^\d+$/.test(value)) return isPort(Number(value)) ? Number(value) : undefined
  const range = /^(\d+):(\d+)$/.exec(value)
  // a name without a letter is that of no endpoint's port: "80-90" would match nothing
  if (range === null) return /^[\w.-]{1,128}$/.test(value) && /[A-Za-z]/.test(value) ? value : undefined
  const [from, to] = [Number(range[1]), Number(range[2])]
  if (!isPort(from) || !isPort(to) || from > to) return undefined
  return from === to ? from : `${from}:${to}`
}

/** "90:80", "80-90" and "80,443". */
function meantPort(value: string | number): string | undefined {
  const [, first = '', separator, second = ''] = /^ *(\d{1,5}) *([-:,]|\.\.) *(\d{1,5}) *$/.exec(String(value)) ?? []
  if (separator === undefined) return undefined
  if (separator === ',') return `the two ports ${first} and ${second}`
  const range = [Number(first), Number(second)].toSorted((a, b) => a - b)
  return range.every(isPort) ? `"${range.join(':')}"` : undefined
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535
}

function addressOf(value: string, family: 4 | 6): string | undefined {
  const parsed = parseAddress(value)
  return parsed !== undefined && familyOf(parsed) === family ? parsed : undefined
}

function interfaceAddressOf(value: string, family: 4 | 6): string | undefined {
  const parsed = parseInterfaceAddress(value)
  return parsed !== undefined && familyOf(parsed.address) === family ? `${parsed.address}/${parsed.length}` : undefined
}
