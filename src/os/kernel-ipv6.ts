import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'

/** There in each network namespace as soon as the kernel speaks IPv6, also where `disable_ipv6` takes the addresses from all interfaces. */
const ADDRESSES = '/proc/net/if_inet6'

/**
 * Whether the kernel speaks IPv6. Not with the kernel parameter `ipv6.disable=1`, which holds until the next boot, nor without the
 * module; a socket is opened first where it is not loaded yet, as the kernel loads it for that.
 */
export async function kernelHasIpv6(): Promise<boolean> {
  if (!existsSync(ADDRESSES)) await openSocket()
  return existsSync(ADDRESSES)
}

/** Its refusal says no more than what is read afterwards. */
async function openSocket(): Promise<void> {
  const socket = createSocket('udp6')
  socket.bind(0, '::1')
  await once(socket, 'listening').catch(() => undefined)
  socket.close()
}
