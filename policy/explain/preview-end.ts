import type { Family, IpAddress } from '../../src/net/address.ts'
import type { Holder } from './explain-ends.ts'

/** @property name "shop/web-1", "GlobalNetworkSet office", "GlobalNetworkSet office, nets that come", "192.0.2.0/24" @property holder of an endpoint */
export type PreviewEnd = {
  readonly name: string
  readonly id: string
  readonly addresses: Readonly<Partial<Record<Family, IpAddress>>>
  readonly holder?: Holder
}
