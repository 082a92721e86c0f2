import t from 'tap'
import { encodeKeepAlive } from '../wire/keepalive.ts'
import { encodeNotification } from '../wire/notification.ts'
import { ConnectionTrace } from './connection-trace.ts'
import { openMessage } from './raw-peer.ts'

t.test('RFC 7854 §4.10: both OPENs are kept as they were, copied from where they lay', async (t) => {
  const trace = new ConnectionTrace()
  const chunk = openMessage({ holdTimeSec: 30 })
  trace.keep('sent', openMessage())
  trace.keep('received', chunk)
  chunk.fill(0)
  trace.keep('received', encodeKeepAlive())
  t.strictSame(trace.opens, { sent: openMessage(), received: openMessage({ holdTimeSec: 30 }) })
  t.equal(trace.notification, undefined)
})

t.test('RFC 7854 §4.9: the NOTIFICATION that ended it is kept until it begins again', async (t) => {
  const trace = new ConnectionTrace()
  trace.keep('received', encodeNotification(6, 2))
  t.strictSame(trace.notification, { direction: 'received', message: encodeNotification(6, 2) })
  trace.keep('sent', openMessage())
  t.equal(trace.notification, undefined)
})
