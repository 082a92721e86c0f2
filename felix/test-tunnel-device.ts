/**
 * For tests only: a device that the kernel shows as IP-in-IP on a kernel without `ipip`. It is a TUN device whose link type is set to
 * ARPHRD_TUNNEL (linux/if_tun.h); addresses, labels, MTU, flags and routes are the kernel's own. Needs root.
 */
import { closeSync, existsSync, openSync } from 'node:fs'

const TUNSETIFF = 0x4004_54ca
const TUNSETPERSIST = 0x4004_54cb
const TUNSETLINK = 0x4004_54cd
const IFF_TUN = 0x1
const IFF_NO_PI = 0x1000
const ARPHRD_TUNNEL = 768

/** Makes the device in the network namespace of this process; it goes with the namespace. A kernel with `ipip` has its own there already. */
export async function makeTunnelDevice(name: string): Promise<void> {
  if (existsSync(`/proc/sys/net/ipv4/conf/${name}`)) return
  const { default: koffi } = await import('koffi')
  const libc = koffi.load(null)
  const ioctl = libc.func('int ioctl(int, ulong, ulong)')
  const ioctlOf = libc.func('int ioctl(int, ulong, const void *)')
  const request = Buffer.alloc(40)
  request.write(name)
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI, 16)
  const fd = openSync('/dev/net/tun', 'r+')
  try {
    const results = [ioctlOf(fd, TUNSETIFF, request), ioctl(fd, TUNSETLINK, ARPHRD_TUNNEL), ioctl(fd, TUNSETPERSIST, 1)]
    if (results.some((result) => result !== 0)) throw new Error(`/dev/net/tun made no device ${name}`)
  } finally {
    closeSync(fd)
  }
}
