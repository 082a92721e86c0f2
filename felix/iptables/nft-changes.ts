import type { Family } from '../../src/net/address.ts'
import type { TableName } from '../kernel.ts'
import { messagesIn } from '../netlink/netlink-message.ts'
import { NETLINK_NETFILTER, NetlinkSocket, NetlinkSocketError } from '../netlink/netlink-socket.ts'
import { NftEventReader, type NftTransaction } from './nft-events.ts'
import { CHAIN_PREFIX } from './saved-rules.ts'

/** One table of iptables. */
export type RulesPlace = { readonly family: Family; readonly table: TableName }

/** Tells of tables of iptables that are not as they were. */
export interface RulesSource {
  /** Which of them somebody else may have changed since the last look; undefined: nobody knows, all may be. @throws where the kernel cannot be asked any more */
  look(): readonly RulesPlace[] | undefined
  close(): void
}

/** NFNLGRP_NFTABLES as a bit. */
const GROUP = 1 << 6
/** Some 10,000 rules of others at once. Beyond, the kernel says that events were lost. */
const RECEIVE_BUFFER = 16 * 1024 * 1024
const kernelTables: ReadonlySet<string> = new Set<TableName>(['filter', 'nat', 'mangle', 'raw'])
const kernelChains: ReadonlySet<string> = new Set(['INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING'])

/** Reads what the kernel tells of nftables, a few system calls a look; what programs of our own wrote is left out. */
export class NftChanges implements RulesSource {
  readonly #socket: NetlinkSocket
  readonly #isOwn: (pid: number) => boolean
  readonly #reader = new NftEventReader()
  readonly #bytes = Buffer.alloc(65_536)

  /**
   * @param isOwn whether we started the program with this process id
   * @throws where netlink cannot be used
   */
  static async open(isOwn: (pid: number) => boolean): Promise<NftChanges> {
    return new NftChanges(await NetlinkSocket.open({ protocol: NETLINK_NETFILTER, groups: GROUP, receiveBuffer: RECEIVE_BUFFER }), isOwn)
  }

  private constructor(socket: NetlinkSocket, isOwn: (pid: number) => boolean) {
    this.#socket = socket
    this.#isOwn = isOwn
  }

  look(): readonly RulesPlace[] | undefined {
    const changed = new Map<string, RulesPlace>()
    try {
      for (let length = this.#receive(); length > 0; length = this.#receive()) {
        if (this.#isOwnDatagram(length)) continue
        for (const transaction of this.#reader.read(this.#bytes, length)) {
          for (const place of placesIn(transaction)) changed.set(`${place.family} ${place.table}`, place)
        }
      }
    } catch (error) {
      if (!(error instanceof NetlinkSocketError) || error.code !== 'ENOBUFS') throw error
      this.#reader.reset()
      return undefined
    }
    return [...changed.values()]
  }

  close(): void {
    this.#socket.close()
  }

  /** A datagram is of one transaction: thousands of rules that we wrote ourselves are not looked at one by one. */
  #isOwnDatagram(length: number): boolean {
    for (const { port } of messagesIn(this.#bytes, length)) return this.#isOwn(port)
    return false
  }

  #receive(): number {
    return this.#socket.receive(this.#bytes)
  }
}

/** The tables of iptables in which a chain of ours was touched, or one that holds our jumps. */
export function placesIn({ tables }: NftTransaction): RulesPlace[] {
  return tables.flatMap(({ family, table, names }) =>
    isKernelTable(table) && [...names].some((name) => name.startsWith(CHAIN_PREFIX) || kernelChains.has(name)) ? [{ family, table }] : [],
  )
}

function isKernelTable(table: string): table is TableName {
  return kernelTables.has(table)
}
