import type { IpAddress } from '../../src/net/address.ts'
import type { AddressFamily } from '../wire/message.ts'
import type { BmpSession } from './bmp-message.ts'

/** An Established session, as monitors tell of it. */
export type MonitoredSession = BmpSession & {
  /** The peer's number in the RIB. */
  readonly peer: number
  readonly name: string
  readonly address: IpAddress
  readonly asNumber: number
  readonly routerId: number
  readonly families: readonly AddressFamily[]
  /** Milliseconds since 1970. */
  readonly sinceMs: number
}

/** This node, as monitors tell of it. */
export type MonitoredNode = {
  readonly name: string
  readonly version: string
  readonly asNumber: number
  readonly routerId: number
  readonly address: { readonly ipv4: IpAddress; readonly ipv6?: IpAddress }
}
