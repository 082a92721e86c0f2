import t from 'tap'
import { cease, hardReset, isForGood } from './cease.ts'

t.test('RFC 4486 §3 each reason has its subcode, and a name for the log', async (t) => {
  const reasons = [
    'maxPrefixes',
    'administrativeShutdown',
    'peerDeconfigured',
    'otherConfigurationChange',
    'connectionCollisionResolution',
  ] as const
  t.strictSame(
    reasons.map((reason) => cease(reason)).map(({ code, subcode, message }) => [code, subcode, message]),
    [
      [6, 1, 'Cease: max prefixes'],
      [6, 2, 'Cease: administrative shutdown'],
      [6, 3, 'Cease: peer deconfigured'],
      [6, 6, 'Cease: other configuration change'],
      [6, 7, 'Cease: connection collision resolution'],
    ],
  )
})

t.test('RFC 8538 §5.1, RFC 9384: which reasons end a session for good, in the order of their subcodes', async (t) => {
  const subcodes = Array.from({ length: 12 }, (_, subcode) => subcode)
  t.strictSame(
    subcodes.filter((subcode) => isForGood({ code: 6, subcode })),
    [1, 2, 3, 9, 10],
  )
  for (const code of [1, 2, 3, 4, 5, 7, 8]) t.equal(isForGood({ code, subcode: 2 }), false)
})

t.test('RFC 8538 §3: a Hard Reset carries code, subcode and data of what it stands for, and is never put into another', async (t) => {
  const data = Uint8Array.of(3, 98, 121, 101)
  const hard = hardReset({ code: 6, subcode: 2, data })
  t.strictSame(hard, { code: 6, subcode: 9, data: Uint8Array.of(6, 2, 3, 98, 121, 101) })
  t.strictSame(hardReset(hard), hard)
  t.strictSame(hardReset({ code: 6, subcode: 9 }), { code: 6, subcode: 9, data: new Uint8Array(0) })
})
