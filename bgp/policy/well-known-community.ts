/** Communities that mean the same everywhere (IANA: BGP Well-known Communities). */
export const wellKnownCommunity = {
  gracefulShutdown: 0xffff_0000, // RFC 8326 §5
  llgrStale: 0xffff_0006, // RFC 9494 §6
  noLlgr: 0xffff_0007, // RFC 9494 §6
  blackhole: 0xffff_029a, // RFC 7999 §5
  noExport: 0xffff_ff01, // RFC 1997
  noAdvertise: 0xffff_ff02, // RFC 1997
  noExportSubconfed: 0xffff_ff03, // RFC 1997
} as const
