import t from 'tap'
import { encodeShutdownCommunication } from '../wire/notification.ts'
import { isHardReset, isVersionError, notificationFailure, receivedFailure, tcpFailure, withKeyHint } from './failure.ts'

const none = new Uint8Array(0)

t.test('a NOTIFICATION is named as its RFC names it, with numbers and direction', async (t) => {
  t.strictSame(notificationFailure(4, 0, 'sent'), { name: 'Hold Timer Expired (4/0), sent', code: 4, subcode: 0, direction: 'sent' })
  t.strictSame(receivedFailure({ type: 'notification', code: 6, subcode: 2, data: encodeShutdownCommunication('bye\u0007 now') }), {
    name: 'Cease/Administrative Shutdown (6/2), received',
    code: 6,
    subcode: 2,
    direction: 'received',
    message: 'bye  now',
  })
})
t.test('RFC 8538 §3 a Hard Reset shows what it stands for', async (t) => {
  const hardReset = (...data: readonly number[]) => ({ type: 'notification', code: 6, subcode: 9, data: Uint8Array.from(data) }) as const
  t.strictSame(receivedFailure(hardReset(6, 2, ...encodeShutdownCommunication('maintenance'))), {
    name: 'Cease/Hard Reset (6/9), received',
    code: 6,
    subcode: 9,
    direction: 'received',
    message: 'Cease/Administrative Shutdown (6/2): maintenance',
  })
  const inside: [data: readonly number[], message: string | undefined][] = [
    [[], undefined],
    [[6], 'data 06'],
    [[6, 3], 'Cease/Peer De-configured (6/3)'],
    [[3, 1, 0xff], 'UPDATE Message Error/Malformed Attribute List (3/1): data ff'],
  ]
  for (const [data, message] of inside) t.equal(receivedFailure(hardReset(...data)).message, message)
  t.strictSame(
    [
      [6, 9],
      [6, 2],
      [5, 9],
    ].map(([code = 0, subcode = 0]) => isHardReset({ ...hardReset(), code, subcode })),
    [true, false, false],
  )
})
t.test('unread data is shown as octets, bounded', async (t) => {
  t.equal(receivedFailure({ type: 'notification', code: 2, subcode: 7, data: Uint8Array.of(1, 4) }).message, 'data 0104')
  t.equal(receivedFailure({ type: 'notification', code: 9, subcode: 9, data: new Uint8Array(4000) }).message?.length, 5 + 128)
})
t.test('TCP trouble has no code', async (t) => {
  t.strictSame(tcpFailure(undefined), { name: 'TCP connection closed by the peer', direction: 'local' })
  t.strictSame(tcpFailure(new Error('connect ECONNREFUSED')), {
    name: 'TCP connection failed',
    direction: 'local',
    message: 'connect ECONNREFUSED',
  })
})
t.test('RFC 4271 §8.1.5 event 24 is 2/1 alone', async (t) => {
  t.strictSame(
    [
      [2, 1],
      [2, 2],
      [1, 1],
    ].map(([code = 0, subcode = 0]) => isVersionError({ type: 'notification', code, subcode, data: none })),
    [true, false, false],
  )
})

t.test('RFC 2385 silence where there is a key may be another key on the other side; what somebody answered is not', async (t) => {
  const hint = 'the TCP MD5 key may differ on the other side'
  const expired = notificationFailure(4, 0, 'sent')
  const timedOut = tcpFailure(new Error('connect ETIMEDOUT 10.0.0.2:179'))
  t.strictSame(withKeyHint(expired), { ...expired, message: hint })
  t.equal(withKeyHint(timedOut).message, `connect ETIMEDOUT 10.0.0.2:179; ${hint}`)
  for (const other of [notificationFailure(4, 0, 'received'), tcpFailure(new Error('bind EADDRNOTAVAIL 10.0.0.9')), tcpFailure(undefined)])
    t.strictSame(withKeyHint(other), other)
})
