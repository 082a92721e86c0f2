import type { IpAddress } from '../../src/net/address.ts'

export type RibOptions = {
  readonly asNumber: number
  readonly routerId: number
  readonly clusterId?: number
  readonly localAddress: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }
}
