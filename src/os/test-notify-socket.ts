/** For tests: the service manager's end of sd_notify, a real AF_UNIX datagram socket. */
import { getSystemErrorName } from 'node:util'
import { socketAddress } from './service-manager.ts'

const [AF_UNIX, SOCK_DGRAM, SOCK_CLOEXEC, MSG_DONTWAIT] = [1, 2, 0o2000000, 0x40]

export type NotifySocket = {
  /** The next datagram, waited for. */
  readonly next: () => Promise<string>
  readonly close: () => void
}

/** @param address as in NOTIFY_SOCKET */
export async function listenNotify(address: string): Promise<NotifySocket> {
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int, int, int)')
  const bind = libc.func('int bind(int, const void *, uint32_t)')
  const recv = libc.func('intptr_t recv(int, void *, size_t, int)')
  const close = libc.func('int close(int)')
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) as number
  const name = socketAddress(address)
  if (bind(fd, name, name.length) < 0) throw new Error(`bind ${address}: ${getSystemErrorName(-koffi.errno())}`)
  const into = Buffer.alloc(4096)
  const waiting: string[] = []
  const take = (): void => {
    for (let length = receive(); length >= 0; length = receive()) waiting.push(into.toString('utf8', 0, length))
  }
  const receive = () => recv(fd, into, into.length, MSG_DONTWAIT) as number
  const reading = setInterval(take, 5).unref() // the kernel keeps ten datagrams, then senders are refused
  const next = async (): Promise<string> => {
    for (;;) {
      const text = waiting.shift()
      if (text !== undefined) return text
      await new Promise((resolve) => setTimeout(resolve, 5))
      take()
    }
  }
  const end = () => {
    clearInterval(reading)
    close(fd)
  }
  return { next, close: end }
}
