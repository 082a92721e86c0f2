/** Route refresh (RFC 2918) and its frames (RFC 7313), both ways, against peers that say exactly what the test wants. */
import t, { type Test } from 'tap'
import { beginOfRefresh, endOfRefresh, refreshRequest } from '../wire/route-refresh.ts'
import { lab, until } from './fixture.ts'
import { endOfRib, gracefulRestart, ipv4Unicast, marker, notification, octets, routes, update } from './raw-peer.ts'

const enhanced = { type: 'enhanced-route-refresh' } as const
const refresh = (subtype: number, afi = 1) => ({ type: 'route-refresh', afi, safi: 1, subtype })
/** 203.0.113.0/24 alone, as in `update`. */
const half = octets(`${marker} 002d 02 0000 0012 400101 00 400204 0201 fdea 400304 c0000201 18 cb0071`)

async function established(t: Test, ...capabilities: readonly Parameters<typeof gracefulRestart>[0][]) {
  const watched = await lab(t)
  const raw = await watched.dial()
  await raw.establish({ capabilities: [ipv4Unicast, { type: 'route-refresh' }, enhanced, ...capabilities.map(gracefulRestart)] })
  raw.send(update)
  await until(() => watched.best.size === 2)
  t.match(await raw.next(), { body: '00000000' }, 'our End-of-RIB')
  const stale = () => watched.peer().families['ipv4-unicast']
  return { ...watched, raw, stale }
}

t.test('RFC 7313 §4.1 a request is answered between BoRR and EoRR', async (t) => {
  const { speaker, raw } = await established(t)
  speaker.originate(['10.244.1.0/24' as never])
  t.match(await raw.next(), { body: /180af401$/ })
  raw.send(refreshRequest('ipv4-unicast'))
  t.match([await raw.next(), await raw.next(), await raw.next()], [refresh(1), { body: /180af401$/ }, refresh(2)])
})

t.test('RFC 2918 §4 a request for a family that was not agreed on, and an unknown subtype, are ignored', async (t) => {
  const { raw, peer } = await established(t)
  raw.send(refreshRequest('ipv6-unicast'), beginOfRefresh('ipv6-unicast'), octets(`${marker} 0017 05 0001 07 01`), half)
  await until(() => peer().messages.updatesReceived === 2)
  raw.send(refreshRequest('ipv4-unicast'))
  t.match([await raw.next(), await raw.next()], [refresh(1), refresh(2)])
})

t.test('RFC 7313 §4.2 between BoRR and EoRR routes are stale, and used; then what was not told again goes', async (t) => {
  const { raw, best, stale } = await established(t)
  raw.send(beginOfRefresh('ipv4-unicast'))
  await until(() => stale()?.stale === 2)
  t.match([stale(), Object.fromEntries(best)], [{ staleState: 'refreshing', staleLeftSec: 360 }, routes])
  raw.send(half, endOfRefresh('ipv4-unicast'))
  await until(() => best.size === 1)
  t.strictSame(Object.fromEntries(best), { '203.0.113.0/24': '192.0.2.1' })
  t.match(stale(), { received: 1, accepted: 1, stale: 0, staleState: undefined })
})

t.test('input 71: EoRR alone, and BoRR before End-of-RIB of a peer that tells of its restarts, are ignored', async (t) => {
  const { raw, best, peer, stale } = await established(t, {})
  raw.send(endOfRefresh('ipv4-unicast'), beginOfRefresh('ipv4-unicast'), half, endOfRefresh('ipv4-unicast'), endOfRib)
  await until(() => peer().messages.updatesReceived === 3)
  t.strictSame([Object.fromEntries(best), stale()?.stale], [routes, 0])
  raw.send(beginOfRefresh('ipv4-unicast'), half, endOfRefresh('ipv4-unicast'))
  await until(() => best.size === 1)
})

t.test('a session lost between BoRR and EoRR keeps its routes for the restart, if there is one', async (t) => {
  const { raw, best, peer, stale } = await established(t, {})
  raw.send(endOfRib, beginOfRefresh('ipv4-unicast'))
  await until(() => stale()?.stale === 2)
  raw.reset()
  await until(() => peer().state === 'Active')
  t.match([Object.fromEntries(best), stale()], [routes, { stale: 2, staleState: 'awaited' }])
})

for (const [title, body] of [
  ['RFC 7313 §5 BoRR of five octets is 7/1 with the whole message', '0018 05 0001 01 01 00'],
  ['RFC 7313 §5 EoRR of three octets likewise', '0016 05 0001 02'],
] as const)
  t.test(title, async (t) => {
    const { raw } = await established(t)
    raw.send(octets(`${marker} ${body}`))
    t.strictSame(await raw.next(), notification(7, 1, `${marker} ${body}`))
  })

t.test('Speaker.requestRefresh asks for every family of the session; who cannot be asked is not', async (t) => {
  const { speaker, raw } = await established(t)
  t.strictSame([speaker.requestRefresh('peer'), speaker.requestRefresh('nobody')], [true, false])
  t.strictSame(await raw.next(), refresh(0))
  const { speaker: other, dial, peer } = await lab(t)
  t.equal(other.requestRefresh('peer'), false, 'no session')
  await (await dial()).establish()
  await until(() => peer().state === 'Established')
  t.equal(other.requestRefresh('peer'), false, 'a peer without RFC 2918')
})
