import { createHash } from 'node:crypto'
import { closeSync, readFileSync } from 'node:fs'
import type { Family } from '../../src/net/address.ts'
import type { TableName } from '../kernel.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const SOL_IP = 0
const SOL_IPV6 = 41
/** IPT_SO_GET_INFO and IP6T_SO_GET_INFO, IPT_SO_GET_ENTRIES and IP6T_SO_GET_ENTRIES. */
const GET_INFO = 64
const GET_ENTRIES = 65
/** ipt_getinfo: name 32 | valid hooks u32 | hook entries 5 u32 | underflows 5 u32 | number of entries u32 | size u32 */
const NAME_LENGTH = 32
const INFO_LENGTH = 84
/** ipt_get_entries: name 32 | size u32 | padding 4 | entries */
const ENTRIES_AT = 40
const ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 'LE' : 'BE'

/**
 * Where in an entry stand the offset of the next one (u16), and what changes with each packet (packets and octets, 2 u64):
 * ipt_entry is 112 octets long, ip6t_entry 168.
 */
const families = [
  { family: 4, domain: AF_INET, level: SOL_IP, names: '/proc/net/ip_tables_names', nextAt: 90, countersAt: 96, entryLength: 112 },
  { family: 6, domain: AF_INET6, level: SOL_IPV6, names: '/proc/net/ip6_tables_names', nextAt: 142, countersAt: 152, entryLength: 168 },
] as const

type FamilySocket = (typeof families)[number] & { readonly fd: number }
type GetSockOpt = (fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array) => number

/** One legacy table of this network namespace, and a text that is another when the table is. */
export type TableGeneration = { readonly family: Family; readonly table: TableName; readonly generation: string }

/** What legacy iptables tells of its tables without a program: nothing tells of changes there, so they have to be looked at. */
export class LegacyGeneration {
  readonly #getsockopt: GetSockOpt
  readonly #sockets: readonly FamilySocket[]

  /** @throws where libc cannot be called */
  static async open(): Promise<LegacyGeneration> {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    const socket = libc.func('int socket(int, int, int)')
    const sockets = families.map((family) => ({ ...family, fd: Number(socket(family.domain, SOCK_DGRAM | SOCK_CLOEXEC, 0)) }))
    return new LegacyGeneration(
      libc.func('int getsockopt(int, int, int, void *, void *)'),
      sockets.filter(({ fd }) => fd >= 0), // a kernel without IPv6 has no such socket
    )
  }

  private constructor(getsockopt: GetSockOpt, sockets: readonly FamilySocket[]) {
    this.#getsockopt = getsockopt
    this.#sockets = sockets
  }

  /** How many rules each table has and where its hooks begin: a few system calls, however big it is. */
  counts(): TableGeneration[] {
    return this.#each((socket, table) => this.#info(socket, table)?.toString('hex', NAME_LENGTH))
  }

  /** What is in each table, in its order, without the counters. Costs about a microsecond a rule. */
  contents(): TableGeneration[] {
    return this.#each((socket, table) => this.#digest(socket, table))
  }

  close(): void {
    for (const { fd } of this.#sockets) closeSync(fd)
  }

  #each(generation: (socket: FamilySocket, table: TableName) => string | undefined): TableGeneration[] {
    return this.#sockets.flatMap((socket) =>
      tablesIn(socket.names).map((table) => ({ family: socket.family, table, generation: generation(socket, table) ?? 'unknown' })),
    )
  }

  #info({ fd, level }: FamilySocket, table: TableName): Buffer | undefined {
    const info = Buffer.alloc(INFO_LENGTH)
    info.write(table, 0, NAME_LENGTH - 1, 'latin1')
    return this.#getsockopt(fd, level, GET_INFO, info, Uint32Array.of(INFO_LENGTH)) === 0 ? info : undefined
  }

  /** Undefined where the table was replaced between its size and its entries. */
  #digest(socket: FamilySocket, table: TableName): string | undefined {
    const info = this.#info(socket, table)
    if (info === undefined) return undefined
    const size = info[`readUInt32${ENDIAN}`](INFO_LENGTH - 4)
    const entries = Buffer.alloc(ENTRIES_AT + size)
    info.copy(entries, 0, 0, NAME_LENGTH)
    entries[`writeUInt32${ENDIAN}`](size, NAME_LENGTH)
    if (this.#getsockopt(socket.fd, socket.level, GET_ENTRIES, entries, Uint32Array.of(entries.length)) !== 0) return undefined
    clearCounters(entries, socket)
    return createHash('sha1').update(entries).digest('base64')
  }
}

function clearCounters(entries: Buffer, { nextAt, countersAt, entryLength }: FamilySocket): void {
  for (let at = ENTRIES_AT; at + entryLength <= entries.length; ) {
    entries.fill(0, at + countersAt, at + countersAt + 16)
    const length = entries[`readUInt16${ENDIAN}`](at + nextAt)
    if (length < entryLength) return
    at += length
  }
}

/** Only tables that exist: asking for another would make it. */
function tablesIn(file: string): TableName[] {
  try {
    return readFileSync(file, 'latin1')
      .split('\n')
      .filter((name) => name === 'filter' || name === 'nat' || name === 'mangle' || name === 'raw')
  } catch {
    return [] // no such file: no legacy iptables in this kernel
  }
}
