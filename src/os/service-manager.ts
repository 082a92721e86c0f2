/** Tells systemd how the service is (sd_notify(3)). Node.js has no AF_UNIX datagrams: libc is called. Nothing happens where no service manager asked. */
import { getSystemErrorName } from 'node:util'

/** What systemd knows of the service; texts are shown by `systemctl status`. */
export interface ServiceManager {
  ready(status: string): void
  /** Not ready yet, and why. */
  waiting(status: string): void
  /** To be followed by `ready`. */
  reloading(): void
  stopping(): void
}

export type ServiceEnvironment = Readonly<Record<string, string | undefined>>

/** @property onFailure is told, once, why nothing more reaches the service manager */
export type ServiceDependencies = { readonly onFailure: (reason: string) => void }

const nobody: ServiceManager = { ready() {}, waiting() {}, reloading() {}, stopping() {} }

/**
 * Begins to answer the watchdog, if there is one: at half its time and from the event loop, so that an agent whose loop hangs is
 * restarted.
 * @param environment NOTIFY_SOCKET: a path, or "@name" in the abstract namespace; WATCHDOG_USEC and WATCHDOG_PID
 */
export async function openServiceManager(environment: ServiceEnvironment, { onFailure }: ServiceDependencies): Promise<ServiceManager> {
  const { NOTIFY_SOCKET: address } = environment
  if (address === undefined || !/^[/@]./.test(address)) return nobody
  try {
    const send = await openSender(address)
    let told = false
    const notify = (...fields: readonly string[]) => {
      const problem = send(fields.join('\n'))
      if (problem !== undefined && !told) onFailure(problem)
      told ||= problem !== undefined
    }
    const everyMs = watchdogMs(environment)
    const watchdog = everyMs === undefined ? undefined : setInterval(() => notify('WATCHDOG=1'), everyMs / 2).unref()
    return {
      ready: (status) => notify('READY=1', statusLine(status)),
      waiting: (status) => notify(statusLine(status)),
      reloading: () => notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
      stopping: () => {
        clearInterval(watchdog)
        notify('STOPPING=1')
      },
    }
  } catch (error) {
    onFailure(error instanceof Error ? error.message : String(error))
    return nobody
  }
}

function statusLine(status: string): string {
  return `STATUS=${status.replaceAll('\n', ' ')}`
}

/** @returns undefined where no watchdog waits for this process */
function watchdogMs({ WATCHDOG_USEC: time, WATCHDOG_PID: pid }: ServiceEnvironment): number | undefined {
  if (time === undefined || !/^[1-9]\d*$/.test(time)) return undefined
  return pid === undefined || pid === String(process.pid) ? Number(time) / 1000 : undefined
}

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

/** @throws where koffi does not load. @returns a function that says why a datagram did not go */
async function openSender(address: string): Promise<(text: string) => string | undefined> {
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int, int, int)')
  const sendto = libc.func('intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)')
  const failure = (call: string) => `${call} ${address}: ${getSystemErrorName(-koffi.errno())}`
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as number
  if (fd < 0) throw new Error(failure('socket'))
  const to = socketAddress(address)
  return (text) => {
    const bytes = Buffer.from(text)
    return sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, to, to.length) < 0 ? failure('sendto') : undefined
  }
}

/** sockaddr_un: family u16 | path. An abstract name begins with a zero octet and ends where the address ends (unix(7)). */
export function socketAddress(address: string): Buffer {
  const path = address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`
  const family = Buffer.alloc(2)
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX
  return Buffer.concat([family, Buffer.from(path)])
}
