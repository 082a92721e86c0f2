import t from 'tap'
import type { PeerStatus } from '../peer.ts'
import { heldSentence, withRestarts } from './restart-status.ts'

const counts = { received: 3, accepted: 2, advertised: 1, stale: 2 }
const status = { families: { 'ipv4-unicast': counts, 'ipv6-unicast': counts } } as unknown as PeerStatus

t.test('a peer of which nothing is stale or awaited is shown as it is', async (t) => t.equal(withRestarts(status, [], []), status))

t.test('what is stale and what is awaited stand beside the counts of their family', async (t) => {
  const stale = [{ family: 'ipv6-unicast', state: 'long-lived', leftSec: 3599 }] as const
  t.strictSame(withRestarts(status, stale, ['ipv4-unicast']).families, {
    'ipv4-unicast': { ...counts, endOfRibAwaited: true },
    'ipv6-unicast': { ...counts, staleState: 'long-lived', staleLeftSec: 3599 },
  })
})

t.test('a family that is not configured any more is left out', async (t) => {
  const only = { families: { 'ipv4-unicast': counts } } as unknown as PeerStatus
  t.strictSame(withRestarts(only, [{ family: 'ipv6-unicast', state: 'awaited', leftSec: 1 }], ['ipv6-unicast']), only)
})

t.test('the reason why nothing is decided names those waited for, a few of them', async (t) => {
  const names = Array.from({ length: 7 }, (_, i) => `tor${i}`)
  const table: [peers: readonly string[], named: string][] = [
    [[], 'the peers'],
    [['tor0'], 'tor0'],
    [names, 'tor0, tor1, tor2, tor3, tor4 and 2 more'],
  ]
  for (const [peers, named] of table)
    t.equal(
      heldSentence(['ipv4-unicast', 'ipv6-unicast'], peers, 11.2),
      `this node restarted: ipv4-unicast and ipv6-unicast decisions wait for End-of-RIB of ${named}, 12 s at most (RFC 4724 §4.1)`,
    )
})
