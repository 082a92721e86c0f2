import t from 'tap'
import { connectRetrySec, idleHoldSec, jittered } from './backoff.ts'

const attempts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50]

t.test('RFC 4271 §10: jitter shortens by up to a quarter and never lengthens', async (t) => {
  t.strictSame([jittered(40, 0), jittered(40, 0.5), jittered(40, 0.999999) < 40], [30, 35, true])
})
t.test('§8.1.1 the ConnectRetryTimer doubles up to 30 s', async (t) => {
  const upper = attempts.map((attempt) => Math.round(connectRetrySec(attempt, 1)))
  t.strictSame(upper, [2, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30])
})
t.test('§8.1.1 the IdleHoldTimer forgives the first failure and doubles up to 60 s', async (t) => {
  const upper = attempts.map((attempt) => idleHoldSec(attempt, 1))
  t.strictSame(upper, [0.1, 0.1, 1, 2, 4, 8, 16, 32, 60, 60, 60])
})
