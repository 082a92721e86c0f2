import t from 'tap'
import { cease } from './cease.ts'

t.test('RFC 4486 §3 each reason has its subcode, and a name for the log', async (t) => {
  const reasons = [
    'maxPrefixes',
    'administrativeShutdown',
    'peerDeconfigured',
    'otherConfigurationChange',
    'connectionCollisionResolution',
  ] as const
  t.strictSame(
    reasons.map(cease).map(({ code, subcode, message }) => [code, subcode, message]),
    [
      [6, 1, 'Cease: max prefixes'],
      [6, 2, 'Cease: administrative shutdown'],
      [6, 3, 'Cease: peer deconfigured'],
      [6, 6, 'Cease: other configuration change'],
      [6, 7, 'Cease: connection collision resolution'],
    ],
  )
})
