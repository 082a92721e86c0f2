import { addressBytes, type IpAddress } from '../../src/net/address.ts'
import { bareAddress, parsePrefix } from '../../src/net/prefix.ts'

/** Ids filed under one key; nearly always there is one, which then needs no set. */
type Holders = string | Set<string>

/**
 * Who has an address: ids of endpoints and network sets by the CIDRs they hold. A lookup costs one probe for the address itself and
 * one for each prefix length in use, however many are known.
 */
export class AddressIndex {
  /** By address: the texts are those of the items, no copies. */
  readonly #hosts = new Map<string, Holders>()
  /** By number of octets of an address, then prefix length, then the octets of the prefix. */
  readonly #nets = new Map<number, Map<number, Map<string, Holders>>>()

  /** @param cidrs canonical, each once; an address alone is one too */
  add(id: string, cidrs: readonly string[]): void {
    for (const cidr of cidrs) {
      const host = bareAddress(cidr)
      if (!host.includes('/')) file(this.#hosts, host, id)
      else this.#changeNet(cidr, (nets, key) => file(nets, key, id))
    }
  }

  /** @param cidrs as they were added */
  delete(id: string, cidrs: readonly string[]): void {
    for (const cidr of cidrs) {
      const host = bareAddress(cidr)
      if (!host.includes('/')) unfile(this.#hosts, host, id)
      else this.#changeNet(cidr, (nets, key) => unfile(nets, key, id))
    }
  }

  /** Everybody who has the address or a net around it, in no order; nobody twice who holds it once. */
  at(address: IpAddress): readonly string[] {
    const found: string[] = []
    collect(this.#hosts.get(address), found)
    const bytes = this.#nets.size === 0 ? undefined : addressBytes(address)
    if (bytes === undefined) return found
    for (const [length, nets] of this.#nets.get(bytes.length) ?? []) collect(nets.get(keyOf(bytes, length)), found)
    return found.length > 1 ? [...new Set(found)] : found
  }

  #changeNet(cidr: string, change: (nets: Map<string, Holders>, key: string) => void): void {
    const prefix = parsePrefix(cidr)
    if (prefix === undefined) throw new Error(`${cidr} is no CIDR`)
    const { bytes, length } = prefix
    const lengths = this.#nets.get(bytes.length) ?? new Map<number, Map<string, Holders>>()
    const nets = lengths.get(length) ?? new Map<string, Holders>()
    change(nets, keyOf(bytes, length))
    if (nets.size > 0) lengths.set(length, nets)
    else lengths.delete(length)
    if (lengths.size > 0) this.#nets.set(bytes.length, lengths)
    else this.#nets.delete(bytes.length)
  }
}

/** The first `length` bits as text, one character an octet. */
function keyOf(bytes: Uint8Array, length: number): string {
  let key = ''
  for (let i = 0; i * 8 < length; i++) key += String.fromCharCode((bytes[i] ?? 0) & (0xff00 >> Math.min(8, length - i * 8)) & 0xff)
  return key
}

function file(map: Map<string, Holders>, key: string, id: string): void {
  const holders = map.get(key)
  if (holders === undefined) map.set(key, id)
  else if (typeof holders === 'string') map.set(key, new Set([holders, id]))
  else holders.add(id)
}

function unfile(map: Map<string, Holders>, key: string, id: string): void {
  const holders = map.get(key)
  if (holders === id) map.delete(key)
  if (holders === undefined || typeof holders === 'string') return
  holders.delete(id)
  const [only] = holders
  if (holders.size === 1 && only !== undefined) map.set(key, only)
}

function collect(holders: Holders | undefined, into: string[]): void {
  if (typeof holders === 'string') into.push(holders)
  else if (holders !== undefined) into.push(...holders)
}
