import t from 'tap'
import { terms } from '../fsm/fixture.ts'
import { address } from './fixture.ts'
import { ribTerms } from './rib-terms.ts'

const usual = {
  families: ['ipv4-unicast'],
  fourOctetAs: true,
  maxMessageLength: 4096,
  remoteRouterId: 0x0a00_0002,
  localAddress: '127.0.0.1',
  longLived: false,
  enhancedRouteRefresh: false,
  addPathReceive: [],
  addPathSend: [],
  extendedNextHop: false,
}

t.test('what the OPENs agreed on, as far as routes are concerned', async (t) => t.strictSame(ribTerms(terms, address('127.0.0.1')), usual))

t.test('RFC 9494 §4.3: who announced the capability is told of LLGR_STALE, whatever we offered', async (t) => {
  const capabilities = [{ type: 'long-lived-graceful-restart', families: [] }] as const
  t.strictSame(ribTerms({ ...terms, capabilities }, address('127.0.0.1')), { ...usual, longLived: true })
})
