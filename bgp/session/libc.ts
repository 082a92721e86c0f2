/** The socket calls of libc that node:net does not make. The one file of bgp/session that loads koffi; throws where koffi has no binary for this machine. */
import { getSystemErrorName } from 'node:util'

export type Libc = {
  readonly socket: (domain: number, type: number, protocol: number) => number
  readonly bind: (fd: number, address: Uint8Array, length: number) => number
  readonly setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number
  /** 0: there is no such interface. */
  readonly if_nametoindex: (name: string) => number
  readonly close: (fd: number) => number
  readonly errno: () => number
}

/** @throws an error of koffi */
export async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  return {
    socket: libc.func('int socket(int, int, int)'),
    bind: libc.func('int bind(int, const void *, uint32_t)'),
    setsockopt: libc.func('int setsockopt(int, int, int, const void *, uint32_t)'),
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
