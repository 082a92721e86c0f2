/** Error codes and subcodes of NOTIFICATION (RFC 4271 §4.5 and the RFCs named). */

export const errorCode = { header: 1, open: 2, update: 3, holdTimer: 4, fsm: 5, cease: 6, routeRefresh: 7, sendHoldTimer: 8 } as const

export const headerError = { connectionNotSynchronized: 1, badMessageLength: 2, badMessageType: 3 } as const

export const openError = {
  unspecific: 0,
  unsupportedVersion: 1,
  badPeerAs: 2,
  badBgpIdentifier: 3,
  unsupportedOptionalParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7, // RFC 5492 §5
  roleMismatch: 11, // RFC 9234 §4.2
} as const

export const updateError = {
  malformedAttributeList: 1,
  unrecognizedWellKnownAttribute: 2,
  optionalAttribute: 9,
  invalidNetworkField: 10,
} as const

/** RFC 7313 §5 */
export const routeRefreshError = { invalidMessageLength: 1 } as const

/** RFC 6608 §3 */
export const fsmError = { unspecified: 0, inOpenSent: 1, inOpenConfirm: 2, inEstablished: 3 } as const

/** RFC 4486 §3, RFC 8538 §3, RFC 9384 §3 */
export const ceaseReason = {
  maxPrefixes: 1,
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollisionResolution: 7,
  outOfResources: 8,
  hardReset: 9,
  bfdDown: 10,
} as const
