import { closeSync, readFileSync } from 'node:fs'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const SOL_IP = 0
const SOL_IPV6 = 41
/** IPT_SO_GET_INFO and IP6T_SO_GET_INFO. */
const GET_INFO = 64
/** ipt_getinfo: name 32 | valid hooks u32 | hook entries 5 u32 | underflows 5 u32 | number of entries u32 | size u32 */
const NAME_LENGTH = 32
const INFO_LENGTH = 84

const families = [
  { domain: AF_INET, level: SOL_IP, names: '/proc/net/ip_tables_names' },
  { domain: AF_INET6, level: SOL_IPV6, names: '/proc/net/ip6_tables_names' },
] as const

type FamilySocket = { readonly fd: number; readonly level: number; readonly names: string }
type GetSockOpt = (fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array) => number

/** How many rules each legacy table of this network namespace has and how large they are: the least the kernel tells of a change there. */
export class LegacyGeneration {
  readonly #getsockopt: GetSockOpt
  readonly #sockets: readonly FamilySocket[]

  /** @throws where libc cannot be called */
  static async open(): Promise<LegacyGeneration> {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    const socket = libc.func('int socket(int, int, int)')
    const sockets = families.map(({ domain, level, names }) => ({ fd: Number(socket(domain, SOCK_DGRAM | SOCK_CLOEXEC, 0)), level, names }))
    return new LegacyGeneration(
      libc.func('int getsockopt(int, int, int, void *, void *)'),
      sockets.filter(({ fd }) => fd >= 0), // a kernel without IPv6 has no such socket
    )
  }

  private constructor(getsockopt: GetSockOpt, sockets: readonly FamilySocket[]) {
    this.#getsockopt = getsockopt
    this.#sockets = sockets
  }

  /** Undefined where the kernel has no legacy iptables. */
  read(): string | undefined {
    const infos = this.#sockets.flatMap(({ fd, level, names }) => tablesIn(names).map((table) => this.#info(fd, level, table)))
    return infos.length === 0 ? undefined : infos.join(' ')
  }

  close(): void {
    for (const { fd } of this.#sockets) closeSync(fd)
  }

  #info(fd: number, level: number, table: string): string {
    const info = Buffer.alloc(INFO_LENGTH)
    info.write(table, 0, NAME_LENGTH - 1, 'latin1')
    const failed = this.#getsockopt(fd, level, GET_INFO, info, Uint32Array.of(INFO_LENGTH)) !== 0
    return `${level} ${table} ${failed ? 'unknown' : info.toString('hex', NAME_LENGTH)}`
  }
}

/** Only tables that exist: asking for another would make it. */
function tablesIn(file: string): readonly string[] {
  try {
    return readFileSync(file, 'latin1')
      .split('\n')
      .filter((name) => name !== '')
  } catch {
    return [] // no such file: no legacy iptables in this kernel
  }
}
