/** Path attribute type codes (RFC 4271 §5 and the RFCs named). */
export const attributeType = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8, // RFC 1997
  originatorId: 9, // RFC 4456
  clusterList: 10, // RFC 4456
  mpReach: 14, // RFC 4760
  mpUnreach: 15, // RFC 4760
  extendedCommunities: 16, // RFC 4360
  as4Path: 17, // RFC 6793
  as4Aggregator: 18, // RFC 6793
  ipv6ExtendedCommunities: 25, // RFC 5701
  largeCommunities: 32, // RFC 8092
  onlyToCustomer: 35, // RFC 9234
} as const

/** Attribute flags (RFC 4271 §4.3). The low four bits mean nothing. */
export const attributeFlag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const
