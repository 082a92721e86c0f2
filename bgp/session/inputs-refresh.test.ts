/** Bad input #71 and #72 where the peer and we have agreed on what it misuses: RFC 7313, restarts (RFC 4724, RFC 9494). */
import t, { type Test } from 'tap'
import { concat, hex, message } from '../wire/fixture.ts'
import { beginOfRefresh, endOfRefresh } from '../wire/route-refresh.ts'
import { until } from './fixture.ts'
import { before, InputLab, ipv6Unicast, notified, prefix, updateOf } from './inputs-lab.ts'
import { gracefulRestart, ipv4Unicast, longLived } from './raw-peer.ts'

const both = [ipv4Unicast, ipv6Unicast, { type: 'four-octet-as', asNumber: 65002 }] as const
const enhanced = [...both, { type: 'route-refresh' }, { type: 'enhanced-route-refresh' }] as const
const [begin, end] = [beginOfRefresh('ipv4-unicast'), endOfRefresh('ipv4-unicast')]
const gone = (nlri: string) => Buffer.from(updateOf('', '', nlri).subarray(16)).toString('hex')

async function refreshing(t: Test) {
  const lab = await InputLab.create(t)
  const raw = await lab.establish({ capabilities: enhanced })
  t.equal((await lab.told(raw, before())).length, 1)
  const stale = () => lab.watched.peer('bad').families['ipv4-unicast']?.stale
  return { lab, raw, stale }
}

t.test('#71 BoRR without EoRR, again and again: routes are stale, and used', async (t) => {
  const { lab, raw, stale } = await refreshing(t)
  t.strictSame(await lab.told(raw, begin), [])
  t.equal(stale(), 1) // `told` has announced the other one anew
  await lab.repeated(raw, 1000, begin)
  t.strictSame([stale(), lab.watched.best.get('203.0.113.0/24')], [2, '192.0.2.1'])
  lab.untouched()
})

t.test('#71 EoRR alone, again and again: ignored', async (t) => {
  const { lab, raw, stale } = await refreshing(t)
  t.strictSame(await lab.told(raw, end), [])
  await lab.repeated(raw, 1000, end)
  t.strictSame([stale(), lab.watched.best.get('203.0.113.0/24')], [0, '192.0.2.1'])
  lab.untouched()
})

t.test('#71 a refresh that is begun twice and ended twice: what was not told since the second BoRR goes, once', async (t) => {
  const { lab, raw } = await refreshing(t)
  t.strictSame(await lab.told(raw, begin, before(), begin), [])
  t.strictSame(await lab.told(raw, end, end), [gone(prefix)])
  t.equal((await lab.told(raw, before())).length, 1)
  lab.untouched()
})

for (const [name, subtype] of [['BoRR', '01'] as const, ['EoRR', '02'] as const])
  for (const more of ['01', '0140ffff00'])
    t.test(`#71 ${name} with ${more.length / 2} octets behind it: NOTIFICATION 7/1 with the message (RFC 7313 §5)`, async (t) => {
      const { lab, raw } = await refreshing(t)
      const input = message(5, concat(hex(`0001 ${subtype} 01`), hex(more)))
      t.strictSame(await lab.answers(raw, input), notified(7, 1, Buffer.from(input).toString('hex')))
      lab.untouched()
    })

t.test('#72 a peer that restarts, and again before it is done: what it has not told again goes at once (RFC 4724 §4.2)', async (t) => {
  const lab = await InputLab.create(t)
  const raw = await lab.establish({ capabilities: [...both, gracefulRestart()] })
  await lab.told(raw, before())
  raw.socket.end()
  await until(() => lab.watched.peer('bad').families['ipv4-unicast']?.stale === 2)
  await until(() => lab.watched.peer('bad').state === 'Active')
  const back = await lab.establish({ capabilities: [...both, gracefulRestart({ restarting: true })] })
  t.equal(lab.watched.peer('bad').families['ipv4-unicast']?.stale, 2)
  back.socket.end()
  t.equal(await lab.witness.nextOctets(), gone(`19c0000280 ${prefix}`))
  lab.untouched()
})

t.test('#72 a long-lived stale time of 2^24 - 1 s on both sides: kept for 194 days, and not for a moment (RFC 9494)', async (t) => {
  const lab = await InputLab.create(t, { peer: { longLivedStaleSec: 0xff_ffff } })
  const raw = await lab.establish({ capabilities: [...both, gracefulRestart({ restartTimeSec: 0 }), longLived(0xff_ffff)] })
  await lab.told(raw, before())
  raw.socket.end()
  const family = () => lab.watched.peer('bad').families['ipv4-unicast']
  await until(() => family()?.staleState === 'long-lived')
  await until(() => lab.watched.peer('bad').state === 'Active')
  t.match(family(), { stale: 2 })
  t.ok((family()?.staleLeftSec ?? 0) > 0xff_ffff - 60, `${family()?.staleLeftSec} s are left`)
  t.equal(lab.watched.best.get('203.0.113.0/24'), '192.0.2.1')
  lab.untouched()
})
