import type { IpAddress } from '../../src/net/address.ts'

/** The first packet of a connection. @property protocol IANA number; ports only with TCP, UDP, SCTP; ICMP numbers only with ICMP */
export type Flow = {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly protocol: number
  readonly sourcePort?: number
  readonly destinationPort?: number
  readonly icmpType?: number
  readonly icmpCode?: number
}
