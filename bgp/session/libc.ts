/** The socket calls of libc that node:net and node:dgram do not make. The one file of bgp that loads koffi; throws where koffi has no binary for this machine. */
import { getSystemErrorName } from 'node:util'

const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26

export type Libc = {
  readonly socket: (domain: number, type: number, protocol: number) => number
  readonly bind: (fd: number, address: Uint8Array, length: number) => number
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number
  /** @param program classic BPF: struct sock_filter, 8 octets each */
  readonly attachFilter: (fd: number, program: Uint8Array) => number
  /** `length` holds the room in `value`, and then what is taken of it. */
  readonly getsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array) => number
  /** 0: there is no such interface. */
  readonly if_nametoindex: (name: string) => number
  readonly close: (fd: number) => number
  readonly errno: () => number
}

/** @throws an error of koffi */
export async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  const program = koffi.struct({ length: 'uint16_t', instructions: 'uint8_t *' }) // struct sock_fprog
  const attachFilter = libc.func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(program), 'uint32_t'])
  return {
    socket: libc.func('int socket(int, int, int)'),
    bind: libc.func('int bind(int, const void *, uint32_t)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const void *, uint32_t)'),
    attachFilter: (fd, instructions) =>
      attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, { length: instructions.length / 8, instructions }, koffi.sizeof(program)),
    getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)'),
    if_nametoindex: libc.func('unsigned int if_nametoindex(const char *)'),
    close: libc.func('int close(int)'),
    errno: () => koffi.errno(),
  }
}

/** A system call that failed; `code` is the errno name, as in Node's own errors. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError'
  readonly code: string

  /** @param what was called, on what */
  constructor(what: string, errno: number) {
    const code = getSystemErrorName(-errno)
    super(`${what}: ${code}`)
    this.code = code
  }
}
