import { addressBytes, type Family, formatAddress, type IpAddress } from './address.ts'

/** A CIDR as text in canonical form: `parseAddress` form, host bits zero, always with its length ("10.0.0.1/32"). */
export type Cidr = string & { readonly brand: 'Cidr' }

/** A prefix taken apart: 4 or 16 network-order octets with the host bits zero. */
export type Prefix = { readonly family: Family; readonly bytes: Uint8Array; readonly length: number }

/** An address with the length of its subnet ("10.99.0.1/24"): host bits kept. */
export type InterfaceAddress = { readonly address: IpAddress; readonly subnet: Cidr; readonly length: number }

export type PrefixOptions = {
  /** Refuse host bits (`net` of the resource reference) instead of masking them (`cidr`). */
  readonly strict?: boolean
}

/** A CIDR or a bare address (then /32 or /128); undefined if it is neither, or has host bits where `strict` forbids them. */
export function parsePrefix(text: string, options: PrefixOptions = {}): Prefix | undefined {
  const [addressText = '', lengthText, ...rest] = text.split('/')
  const bytes = addressBytes(addressText)
  if (bytes === undefined || rest.length > 0) return undefined
  const bits = bytes.length * 8
  if (lengthText !== undefined && !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return undefined
  const length = lengthText === undefined ? bits : Number(lengthText)
  if (length > bits) return undefined
  const masked = maskBytes(bytes, length)
  if (options.strict && masked.some((octet, i) => octet !== bytes[i])) return undefined
  return { family: bits === 32 ? 4 : 6, bytes: masked, length }
}

/** Canonical text of what `parsePrefix` accepts. */
export function parseCidr(text: string, options: PrefixOptions = {}): Cidr | undefined {
  const prefix = parsePrefix(text, options)
  return prefix === undefined ? undefined : formatPrefix(prefix)
}

export function formatPrefix(prefix: Prefix): Cidr {
  return `${formatAddress(prefix.bytes)}/${prefix.length}` as Cidr
}

/** "10.99.0.1/24" with its host bits; a bare address is its own /32 or /128. */
export function parseInterfaceAddress(text: string): InterfaceAddress | undefined {
  const prefix = parsePrefix(text)
  const bytes = addressBytes(text.split('/')[0] ?? '')
  if (prefix === undefined || bytes === undefined) return undefined
  return { address: formatAddress(bytes), subnet: formatPrefix(prefix), length: prefix.length }
}

/** Whether `inner` (same family) is `outer` or lies inside it. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false
  const masked = maskBytes(inner.bytes, outer.length)
  return masked.every((octet, i) => octet === outer.bytes[i])
}

function maskBytes(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((octet, i) => octet & (0xff00 >> Math.min(8, Math.max(0, length - i * 8))) & 0xff)
}

/** "10.0.0.1/32" as "10.0.0.1", "fd00::1/128" as "fd00::1"; anything else as it is. */
export function bareAddress(net: string): string {
  return net.replace(net.includes(':') ? /\/128$/ : /\/32$/, '')
}
