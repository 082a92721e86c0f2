import type { IpAddress } from '../../src/net/address.ts'

/** This node, as monitors tell of it. */
export type MonitoredNode = {
  readonly name: string
  readonly version: string
  readonly asNumber: number
  readonly routerId: number
  readonly address: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }
}
