/** Link-local addresses, which say something only together with their link (RFC 4007 §11: fe80::1%eth0); pure. */
import { type IpAddress, parseAddress } from './address.ts'

type Zoned = { readonly address: IpAddress; readonly interface?: string }

export function isLinkLocal(address: IpAddress): boolean {
  return /^fe[89ab]/.test(address)
}

/** The text by which the system and we know the end of a connection. The link of any other address is of no account. */
export function zoned(end: Zoned): string {
  return isLinkLocal(end.address) && end.interface !== undefined ? `${end.address}%${end.interface}` : end.address
}

/** undefined for what is no address, or has a link without being link-local. */
export function parseZoned(text: string): Zoned | undefined {
  const [addressText = '', link, ...rest] = text.split('%')
  const address = parseAddress(addressText)
  if (address === undefined || rest.length > 0) return undefined
  if (link === undefined) return { address }
  return isLinkLocal(address) && isInterfaceName(link) ? { address, interface: link } : undefined
}

/** As the kernel has it (dev_valid_name), and without the sign that sets it off. */
function isInterfaceName(name: string): boolean {
  return /^[^\s/:%]{1,15}$/.test(name) && name !== '.' && name !== '..'
}
