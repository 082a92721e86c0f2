import type { IpAddress } from '../../src/net/address.ts'
import type { Terms } from '../fsm/terms.ts'
import type { SessionTerms } from '../rib/session-terms.ts'

/** What of the OPENs concerns routes. @param localAddress our end of the session */
export function ribTerms(terms: Terms, localAddress: IpAddress): SessionTerms {
  const { families, fourOctetAs, maxMessageLength, remoteRouterId, enhancedRouteRefresh, addPathReceive = [], addPathSend = [] } = terms
  const longLived = terms.capabilities.some(({ type }) => type === 'long-lived-graceful-restart')
  return {
    families,
    fourOctetAs,
    maxMessageLength,
    remoteRouterId,
    localAddress,
    longLived,
    enhancedRouteRefresh,
    addPathReceive,
    addPathSend,
    extendedNextHop: terms.extendedNextHop ?? false,
  }
}
