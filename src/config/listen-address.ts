import { addressBytes, type IpAddress, parseAddress } from '../net/address.ts'

export type ListenAddress = { readonly address: IpAddress; readonly port: number }

/** "127.0.0.1:9099", "[::1]:9099" or "localhost:9099". */
export function readListen(text: string): ListenAddress | undefined {
  const [, v6, other, portText] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const address = parseAddress(v6 ?? (other === 'localhost' ? '127.0.0.1' : (other ?? '')))
  const port = Number(portText)
  return address !== undefined && port >= 1 && port <= 65_535 ? { address, port } : undefined
}

/** Whether only programs of this machine can reach the address. */
export function isLoopback(address: IpAddress): boolean {
  return address === '::1' || (!address.includes(':') && addressBytes(address)?.[0] === 127)
}
