import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { hex, message } from './fixture.ts'
import type { Notification } from './message.ts'
import {
  decodeNotification,
  encodeNotification,
  encodeShutdownCommunication,
  notificationName,
  shutdownCommunication,
} from './notification.ts'

const decode = (body: string) => decodeNotification(hex(body), 0, hex(body).length)
const notification = (code: number, subcode: number, data = ''): Notification => ({ type: 'notification', code, subcode, data: hex(data) })

const bodies: [title: string, body: string, expected: Notification][] = [
  ['RFC 4271 §4.5: code and subcode', '0400', notification(4, 0)],
  ['RFC 4271 §4.5: data', '0201 0004', notification(2, 1, '0004')],
  ['RFC 4271 §6.4: no code', '', notification(0, 0)],
  ['RFC 4271 §6.4: no subcode', '06', notification(6, 0)],
  ['RFC 4271 §4.5: codes that nobody knows', 'ffff', notification(255, 255)],
]
for (const [title, body, expected] of bodies) t.test(title, async (t) => t.strictSame(decode(body), expected))

t.test('RFC 4271 §4.5: as it goes out', async (t) => {
  t.strictSame(encodeNotification(4, 0), message(3, '0400'))
  t.strictSame(encodeNotification(1, 2, hex('1001')), message(3, '0102 1001'))
})

t.test('RFC 4271 §4.1: data over 4096 octets is cut', async (t) => {
  const bytes = encodeNotification(3, 1, new Uint8Array(5000).fill(7))
  t.strictSame(bytes, message(3, Uint8Array.from([3, 1, ...new Uint8Array(4096 - 21).fill(7)])))
})

const names: [code: number, subcode: number, name: string][] = [
  [1, 2, 'Message Header Error/Bad Message Length'],
  [2, 2, 'OPEN Message Error/Bad Peer AS'],
  [2, 0, 'OPEN Message Error'],
  [2, 7, 'OPEN Message Error/Unsupported Capability'], // RFC 5492
  [2, 11, 'OPEN Message Error/Role Mismatch'], // RFC 9234
  [3, 10, 'UPDATE Message Error/Invalid Network Field'],
  [3, 99, 'UPDATE Message Error/99'],
  [4, 0, 'Hold Timer Expired'],
  [5, 3, 'Finite State Machine Error/Receive Unexpected Message in Established State'], // RFC 6608
  [6, 1, 'Cease/Maximum Number of Prefixes Reached'], // RFC 4486
  [6, 2, 'Cease/Administrative Shutdown'],
  [6, 9, 'Cease/Hard Reset'], // RFC 8538
  [6, 10, 'Cease/BFD Down'], // RFC 9384
  [7, 1, 'ROUTE-REFRESH Message Error/Invalid Message Length'], // RFC 7313
  [8, 0, 'Send Hold Timer Expired'], // RFC 9687
  [99, 1, 'Error 99/1'],
]
for (const [code, subcode, name] of names)
  t.test(`${code}/${subcode} is "${name}"`, async (t) => t.equal(notificationName(code, subcode), name))

const texts: [title: string, notification: Notification, expected: string | undefined][] = [
  ['the words of a shutdown', notification(6, 2, '03 627965'), 'bye'],
  ['the words of a reset', notification(6, 4, '03 627965'), 'bye'],
  ['UTF-8', notification(6, 2, '06 c3bc e282ac 21'), 'ü€!'],
  ['no data', notification(6, 2), undefined],
  ['length 0', notification(6, 2, '00'), undefined],
  ['a length over the data', notification(6, 2, 'ff 627965'), undefined],
  ['octets behind the text', notification(6, 2, '01 62 7965'), 'b'],
  ['no UTF-8', notification(6, 2, '04 62ff fe79'), 'b\ufffd\ufffdy'],
  ['NUL, line feed and an ANSI escape', notification(6, 2, '08 6200 0a 1b5b316d 79'), 'b   [1my'],
  ['a right-to-left override and a line separator', notification(6, 2, '08 62 e280ae e280a8 79'), 'b  y'],
  ['markup is text, escaped where it is shown', notification(6, 2, '08 3c7363726970743e'), '<script>'],
  ['another cease', notification(6, 3, '03 627965'), undefined],
  ['another error', notification(2, 2, '03 627965'), undefined],
]
for (const [title, value, expected] of texts) t.test(`RFC 9003 §2: ${title}`, async (t) => t.equal(shutdownCommunication(value), expected))

t.test('RFC 9003 §2: our words are cut between characters', async (t) => {
  t.strictSame(encodeShutdownCommunication('bye'), hex('03 627965'))
  const data = encodeShutdownCommunication('€'.repeat(200))
  t.equal(data.length, 256)
  t.equal(shutdownCommunication({ type: 'notification', code: 6, subcode: 2, data }), '€'.repeat(85))
})

t.test('any NOTIFICATION survives encoding and decoding, and noise never throws', async () => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 300 }), (code, subcode, data) => {
      const bytes = encodeNotification(code, subcode, data)
      const decoded = decodeNotification(bytes, 19, bytes.length)
      assert.deepEqual(decoded, { type: 'notification', code, subcode, data })
      assert.doesNotMatch(shutdownCommunication({ ...decoded, code: 6, subcode: 2 }) ?? '', /\p{Cc}/u)
      assert.equal(typeof notificationName(code, subcode), 'string')
    }),
  )
})
