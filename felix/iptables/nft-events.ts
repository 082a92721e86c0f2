/** What the kernel tells of changes of nftables (NFNLGRP_NFTABLES), over bytes only. `iptables-nft` changes nftables too. */
import type { Family } from '../../src/net/address.ts'
import { eachAttribute, messagesIn, type NetlinkMessage, readText } from '../netlink/netlink-message.ts'

/** Chains and sets of one table that somebody changed, by name. */
export type TouchedTable = { readonly family: Family; readonly table: string; readonly names: ReadonlySet<string> }

/**
 * What one writer changed at once.
 *
 * @property port its address on the netlink bus: for iptables and nft, which open one socket, the process id
 * @property program as the kernel names it, at most 15 characters: "iptables-nft-re"
 */
export type NftTransaction = { readonly port: number; readonly program: string; readonly tables: readonly TouchedTable[] }

// linux/netfilter/nf_tables.h, with the subsystem in the upper octet of the type
const SUBSYSTEM = 10
const NEWGEN = 15
const GEN_PROGRAM = 3
const GENERIC_LENGTH = 4
const families: Readonly<Record<number, Family>> = { 2: 4, 10: 6 } // NFPROTO_IPV4, NFPROTO_IPV6

/** The attributes that hold the table's and the object's name, by message: NEW and DEL of chains, rules, sets and elements. */
const named = new Map<number, readonly [table: number, object: number]>([
  [3, [1, 3]],
  [5, [1, 3]],
  [6, [1, 2]],
  [8, [1, 2]],
  [9, [1, 2]],
  [11, [1, 2]],
  [12, [1, 2]],
  [14, [1, 2]],
])

/**
 * Puts messages together to transactions: each is closed by a message about the new generation, which may be in a later datagram.
 *
 *   header 16 | family u8 | version u8 | resource u16 | attributes
 */
export class NftEventReader {
  #open = new Map<string, { readonly family: Family; readonly table: string; readonly names: Set<string> }>()

  /** The transactions that end in `bytes[0, length)`. Never throws: what cannot be read says nothing. */
  read(bytes: Uint8Array, length: number): NftTransaction[] {
    const ended: NftTransaction[] = []
    for (const message of messagesIn(bytes, length)) {
      if (message.type >>> 8 !== SUBSYSTEM) continue
      const type = message.type & 0xff
      if (type !== NEWGEN) this.#note(bytes, message, type)
      else {
        ended.push({ port: message.port, program: textOf(bytes, message, GEN_PROGRAM), tables: [...this.#open.values()] })
        this.#open = new Map()
      }
    }
    return ended
  }

  /** Messages were lost: the end of what is open may be among them. */
  reset(): void {
    this.#open = new Map()
  }

  #note(bytes: Uint8Array, message: NetlinkMessage, type: number): void {
    const family = families[bytes[message.body] ?? 0]
    const attributes = named.get(type)
    if (family === undefined || attributes === undefined) return
    const table = textOf(bytes, message, attributes[0])
    const key = `${family} ${table}`
    const touched = this.#open.get(key) ?? { family, table, names: new Set() }
    this.#open.set(key, touched)
    touched.names.add(textOf(bytes, message, attributes[1]))
  }
}

function textOf(bytes: Uint8Array, message: NetlinkMessage, attribute: number): string {
  let text = ''
  eachAttribute(bytes, message.body + GENERIC_LENGTH, message.end, (type, from, to) => {
    if (type === attribute) text = readText(bytes, from, to)
  })
  return text
}
