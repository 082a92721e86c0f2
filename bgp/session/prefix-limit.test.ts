import t, { type Test } from 'tap'
import type { PeerConfig } from '../peer.ts'
import { address, peerConfig, until } from './fixture.ts'
import { PrefixLimit } from './prefix-limit.ts'

const config = (changes: Partial<PeerConfig>) => peerConfig({ address: address('192.0.2.1'), port: 179, ...changes })

function watched(_t: Test, changes: Partial<PeerConfig>) {
  const lines: object[] = []
  const restarted = Promise.withResolvers<void>()
  const counts = { 'ipv4-unicast': 0, 'ipv6-unicast': 0 }
  const quiet = () => {}
  const limit = new PrefixLimit(config(changes), {
    log: { debug: quiet, info: quiet, error: quiet, warn: (fields) => void lines.push(fields) },
    received: (family) => counts[family],
    onRestart: restarted.resolve,
    settleSec: 0,
  })
  const watch = (received: number) => {
    counts['ipv4-unicast'] = received
    return limit.watch()?.message
  }
  return { limit, lines, counts, watch, restarted: restarted.promise }
}

t.test('a warning at 75 %, once, and again after it has been fewer', async (t) => {
  const { watch, lines } = watched(t, { maxPrefixes: 4 })
  const line = { peer: 'peer', family: 'ipv4-unicast', received: 3, limit: 4 }
  t.strictSame([2, 3].map(watch), [undefined, undefined])
  await until(() => lines.length > 0)
  t.strictSame([4, 3, 2, 3].map(watch), [undefined, undefined, undefined, undefined])
  await until(() => lines.length > 1)
  t.strictSame(lines, [line, line])
})

t.test('the percentage is the configured one', async (t) => {
  const { watch, lines } = watched(t, { maxPrefixes: 4, maxPrefixesWarnPercent: 100 })
  watch(3)
  t.strictSame(lines, [])
  watch(4)
  await until(() => lines.length > 0)
  t.strictSame(lines, [{ peer: 'peer', family: 'ipv4-unicast', received: 4, limit: 4 }])
})

t.test('no arithmetic of 32 bits: the greatest limit there is', async (t) => {
  const { watch, lines } = watched(t, { maxPrefixes: 0xffff_ffff, maxPrefixesWarnPercent: 1 })
  watch(42_949_672)
  t.strictSame(lines, [])
  watch(42_949_673)
  await until(() => lines.length > 0)
  t.equal(lines.length, 1)
})

t.test('RFC 4486 §4 one more is too many, in each family of its own', async (t) => {
  const { watch, counts, limit } = watched(t, { maxPrefixes: 2, families: ['ipv4-unicast', 'ipv6-unicast'] })
  t.strictSame([watch(2), watch(3)], [undefined, 'Maximum Number of Prefixes Reached: over 2'])
  watch(2)
  counts['ipv6-unicast'] = 3
  t.match(limit.watch(), { code: 6, subcode: 1, data: Uint8Array.of(0, 2, 1, 0, 0, 0, 2) })
})

t.test('who goes over it at once was never near it', async (t) => {
  const { limit, watch, lines } = watched(t, { maxPrefixes: 4 })
  t.strictSame([3, 4].map(watch), [undefined, undefined], 'UPDATE by UPDATE')
  t.equal(watch(5), 'Maximum Number of Prefixes Reached: over 4')
  limit.keepOut()
  const other = watched(t, { maxPrefixes: 4 })
  other.watch(3)
  await until(() => other.lines.length > 0)
  t.strictSame(lines, [], 'also after another was told')
})

t.test('without a limit nothing is watched', async (t) => {
  const { watch, lines } = watched(t, {})
  t.strictSame([watch(1_000_000), lines], [undefined, []])
})

t.test('who is kept out comes back after the time that is set', async (t) => {
  const { limit, restarted } = watched(t, { maxPrefixes: 1, maxPrefixesRestartSec: 0.01 })
  limit.keepOut()
  await restarted
  t.equal(limit.lift(), false)
})

t.test('without a time who is kept out waits for a change of the limit', async (t) => {
  const { limit } = watched(t, { maxPrefixes: 1 })
  limit.keepOut()
  t.equal(limit.configure(config({ maxPrefixes: 1, holdTimeSec: 3 })), false, 'another change')
  t.equal(limit.configure(config({ maxPrefixes: 2 })), true)
  t.equal(limit.configure(config({ maxPrefixes: 3 })), false, 'it is kept out no more')
})
