/** Graceful restart (RFC 4724), both sides, against peers that say exactly what the test wants. */
import t from 'tap'
import { encodeNotification } from '../wire/notification.ts'
import { address, lab, peerConfig, until } from './fixture.ts'
import { endOfRib, gracefulRestart, ipv4Unicast, longLived, marker, notification, octets, openMessage, routes, update } from './raw-peer.ts'

t.test('RFC 4724 §4.2 helper: TCP is lost, routes stay stale; back with End-of-RIB, the rest is swept', async (t) => {
  const { dial, best, peer } = await lab(t)
  const first = await dial()
  await first.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  first.send(update, endOfRib)
  await until(() => best.size === 2)
  first.reset()
  await until(() => peer().state !== 'Established')
  t.match(peer().families, { 'ipv4-unicast': { stale: 2 } })
  await until(() => peer().state === 'Active')
  const second = await dial()
  await second.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restarting: true })] })
  t.strictSame(Object.fromEntries(best), routes, 'kept over the restart')
  second.send(octets(`${marker} 002d 02 0000 0012 400101 00 400204 0201 fdea 400304 c0000201 18 cb0071`), endOfRib)
  await until(() => best.size === 1)
  t.strictSame(Object.fromEntries(best), { '203.0.113.0/24': '192.0.2.1' })
  t.match(peer().families, { 'ipv4-unicast': { received: 1, stale: 0 } })
})

t.test('RFC 4724 §4.2 helper: F bit 0 on return drops the family at once', async (t) => {
  const { dial, best, peer } = await lab(t)
  const first = await dial()
  await first.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  first.send(update)
  await until(() => best.size === 2)
  first.reset()
  await until(() => peer().state === 'Active')
  t.equal(best.size, 2)
  const families = [{ family: 'ipv4-unicast', forwardingPreserved: false }] as const
  await (await dial()).establish({ capabilities: [ipv4Unicast, gracefulRestart({ restarting: true, families })] })
  await until(() => best.size === 0)
})

t.test('RFC 4724 §4.2 helper: the restart time passes and the routes go', async (t) => {
  const { dial, best, peer } = await lab(t)
  const first = await dial()
  await first.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restartTimeSec: 1 })] })
  first.send(update)
  await until(() => best.size === 2)
  first.reset()
  await until(() => peer().state === 'Active')
  t.equal(best.size, 2)
  await until(() => best.size === 0)
})

t.test('RFC 4724 §4 a NOTIFICATION ends the help', async (t) => {
  const { dial, best } = await lab(t)
  const first = await dial()
  await first.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  first.send(update)
  await until(() => best.size === 2)
  first.send(encodeNotification(6, 2))
  await until(() => best.size === 0)
})

t.test('RFC 4724 §5 a restarted peer calls while its old session still looks alive: the new one replaces it', async (t) => {
  const { dial, best, peer } = await lab(t)
  const old = await dial()
  await old.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  old.send(update)
  await until(() => best.size === 2)
  const reborn = await dial()
  await reborn.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restarting: true })] })
  await until(() => peer().state === 'Established' && peer().flaps === 1)
  t.strictSame(Object.fromEntries(best), routes, 'kept over the restart')
  reborn.send(endOfRib)
  await until(() => best.size === 0)
  for (let heard = await old.next(); heard.type !== 'closed'; heard = await old.next())
    t.equal(heard.type, 'update', 'no NOTIFICATION on the old one')
})

t.test('RFC 4724 §4 stop() ends TCP without a word; with cease it is Administrative Shutdown', async (t) => {
  for (const [options, expected] of [
    [{}, { type: 'closed' }],
    [{ cease: 'shutdown' }, notification(6, 2)],
  ] as const) {
    const { speaker, dial, best } = await lab(t)
    const raw = await dial()
    await raw.establish()
    raw.send(update)
    await until(() => best.size === 2)
    t.match(await raw.next(), { type: 'update' })
    await speaker.stop(options)
    t.strictSame(await raw.next(), expected)
    t.strictSame(Object.fromEntries(best), routes, 'the kernel keeps forwarding by what was learnt')
  }
})

t.test('RFC 4724 §4.1 restarter: R bit, nothing decided or sent until End-of-RIB of all peers, then all at once', async (t) => {
  const { speaker, port, dial, best } = await lab(t, { options: { restarting: true } })
  const two = peerConfig({ name: 'two', address: address('127.0.0.3'), port, passive: true })
  speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port, passive: true }), two])
  let converged = false
  void speaker.converged.then(() => {
    converged = true
  })
  const raw = await dial()
  const capabilities = [ipv4Unicast, gracefulRestart()]
  t.match(await raw.establish({ capabilities }), {
    capabilities: [{}, {}, {}, {}, gracefulRestart({ restarting: true, notification: true, restartTimeSec: 120 })],
  })
  raw.send(update, endOfRib)
  const other = await dial('127.0.0.3')
  await other.establish({ capabilities })
  await until(() => speaker.peers().every(({ state }) => state === 'Established'))
  await until(() => speaker.peers()[0]?.messages.updatesReceived === 2)
  t.strictSame([converged, best.size], [false, 0])
  other.send(endOfRib)
  await speaker.converged
  t.equal(best.size, 2)
  t.match(await raw.next(), { type: 'update' })
})

t.test('RFC 4724 §4.1 restarter: converged means that all of a large table was handed over, in however many turns', async (t) => {
  const { speaker, dial, best } = await lab(t, { options: { restarting: true } })
  const raw = await dial()
  await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  // 100 messages of 500 prefixes 100.N.M.0/24 each: too much for one turn
  const tables = Array.from({ length: 100 }, (_, n) =>
    Array.from({ length: 500 }, (_, m) => `18 64 ${hex(n * 2 + (m >> 8))} ${hex(m & 255)}`).join(''),
  )
  raw.send(...tables.map((nlri) => octets(`${marker} 07f9 02 0000 0012 400101 00 400204 0201 fdea 400304 c0000201 ${nlri}`)), endOfRib)
  await speaker.converged
  t.equal(best.size, 50_000)
})

const hex = (value: number) => value.toString(16).padStart(2, '0')

t.test('RFC 4724 §4.1 restarter: a peer that never comes costs the deferral time, no more', async (t) => {
  const { speaker } = await lab(t, { options: { restarting: true, restartTimeSec: 1 } })
  await speaker.converged
  t.equal(speaker.peers()[0]?.state, 'Active')
})

t.test('without a restart everything is decided from the start', async (t) => {
  const { speaker } = await lab(t)
  await speaker.converged
  t.equal(speaker.peers()[0]?.state, 'Active', 'its peer is not there yet')
})

t.test('RFC 4724 §3 F bit: not after a cold start, the kernel has nothing of ours; from the first session on it has', async (t) => {
  const { dial, peer } = await lab(t)
  const offered = (forwardingPreserved: boolean) =>
    gracefulRestart({ notification: true, restartTimeSec: 120, families: [{ family: 'ipv4-unicast', forwardingPreserved }] })
  const first = await dial()
  t.match(await first.establish(), { capabilities: [{}, {}, {}, {}, offered(false)] })
  first.reset()
  await until(() => peer().state === 'Active')
  t.match(await (await dial()).establish(), { capabilities: [{}, {}, {}, {}, offered(true)] })
})

t.test('RFC 4724 §4.2 a restarting peer is let in at once, however its sessions were damped before', async (t) => {
  const { dial, best, peer } = await lab(t)
  for (let restarts = 0; restarts < 4; restarts++) {
    const raw = await dial()
    await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restarting: restarts > 0 })] })
    raw.send(update)
    await until(() => best.size === 2 && peer().state === 'Established')
    raw.reset()
    await until(() => peer().state !== 'Established')
    t.equal(peer().state, 'Idle')
  }
  await (await dial()).establish({ capabilities: [ipv4Unicast, gracefulRestart({ restarting: true })] })
  t.strictSame(Object.fromEntries(best), routes)
})

t.test(
  'a host that came up anew without graceful restart is asked on the old session, and its RST makes room for the new one',
  async (t) => {
    const { dial, best, peer } = await lab(t)
    const old = await dial()
    await old.establish({ capabilities: [ipv4Unicast] })
    old.send(update)
    await until(() => best.size === 2)
    const reborn = await dial()
    reborn.send(openMessage())
    t.match(await reborn.next(), { type: 'open' })
    t.strictSame(await reborn.next(), notification(6, 7), 'RFC 4271 §6.8: the established one stays')
    for (let heard = await old.nextOfAll(); heard.type !== 'keepalive'; heard = await old.nextOfAll()) t.not(heard.type, 'closed')
    t.equal(peer().state, 'Established')
  },
)

t.test('RFC 4724 §4.2 the state of stale routes and the time they have left are shown', async (t) => {
  const { dial, peer } = await lab(t)
  const first = await dial()
  await first.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  first.send(update)
  await until(() => peer().families['ipv4-unicast']?.received === 2)
  t.match(peer().families['ipv4-unicast'], { received: 2, accepted: 2, stale: 0, staleState: undefined })
  first.reset()
  await until(() => peer().state === 'Active')
  t.match(peer().families['ipv4-unicast'], { stale: 2, staleState: 'awaited', staleLeftSec: 60 })
  const second = await dial()
  await second.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restarting: true })] })
  await until(() => peer().state === 'Established')
  t.match(peer().families['ipv4-unicast'], { stale: 2, staleState: 'returned' })
  second.send(endOfRib)
  await until(() => peer().families['ipv4-unicast']?.stale === 0)
  t.equal(peer().families['ipv4-unicast']?.staleState, undefined)
})

t.test('RFC 4724 §4.1 restarter: whom it waits for is shown, and why nothing is decided', async (t) => {
  const { speaker, dial, peer } = await lab(t, { options: { restarting: true } })
  t.match(speaker.problems(), [
    {
      severity: 'warning',
      subject: 'bgp/restart',
      message: /^this node restarted: ipv4-unicast decisions wait for End-of-RIB of peer, (30|29|28) s at most \(RFC 4724 §4.1\)$/,
    },
  ])
  t.equal(peer().families['ipv4-unicast']?.endOfRibAwaited, true)
  const raw = await dial()
  await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  raw.send(endOfRib)
  await speaker.converged
  t.strictSame([speaker.problems(), peer().families['ipv4-unicast']?.endOfRibAwaited], [[], undefined])
})

t.test('RFC 4724 §4.1 restarter: a change of its only peer does not end the wait', async (t) => {
  const { speaker, port, dial, peer } = await lab(t, { options: { restarting: true } })
  speaker.setPeers([peerConfig({ address: address('127.0.0.2'), port, passive: true, holdTimeSec: 30 })])
  t.equal(peer().families['ipv4-unicast']?.endOfRibAwaited, true)
  const raw = await dial()
  await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  raw.send(update, endOfRib)
  await speaker.converged
  t.strictSame(speaker.problems(), [])
})

t.test('RFC 4486 §4 what is stale does not count towards the prefix limit: a peer may come back with other prefixes', async (t) => {
  const { dial, best, peer } = await lab(t, { peer: { maxPrefixes: 2 } })
  const first = await dial()
  await first.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
  first.send(update)
  await until(() => best.size === 2)
  first.reset()
  await until(() => peer().state === 'Active')
  const second = await dial()
  await second.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restarting: true })] })
  const others = '18 0a0a01 18 0a0a02'
  second.send(octets(`${marker} 0031 02 0000 0012 400101 00 400204 0201 fdea 400304 c0000201 ${others}`), endOfRib)
  await until(() => peer().families['ipv4-unicast']?.stale === 0 && best.size === 2)
  t.strictSame([peer().state, [...best.keys()].toSorted()], ['Established', ['10.10.1.0/24', '10.10.2.0/24']])
})

t.test('RFC 4724 §4.1 restarter: a peer that is to stay down is not waited for', async (t) => {
  const { speaker } = await lab(t, { options: { restarting: true }, peer: { shutdown: 'maintenance' } })
  await speaker.converged
  t.strictSame(speaker.problems(), [])
})

t.test(
  'RFC 9494 §4.2: long-lived after the restart time, told with LLGR_STALE to those that know it, and gone after its own',
  async (t) => {
    const { speaker, port, dial, best, peer } = await lab(t)
    const common = { port, passive: true, longLivedStaleSec: 2 }
    speaker.setPeers([
      peerConfig({ address: address('127.0.0.2'), ...common }),
      peerConfig({ name: 'aware', address: address('127.0.0.3'), ...common }),
      peerConfig({ name: 'plain', address: address('127.0.0.4'), ...common }),
    ])
    const [raw, aware, plain] = [await dial(), await dial('127.0.0.3'), await dial('127.0.0.4')]
    const opened = await raw.establish({ capabilities: [ipv4Unicast, gracefulRestart({ restartTimeSec: 1 }), longLived(3600)] })
    t.match(opened, { capabilities: [{}, {}, {}, {}, {}, longLived(2, false)] })
    await aware.establish({ capabilities: [ipv4Unicast, gracefulRestart(), longLived(60)] })
    await plain.establish({ capabilities: [ipv4Unicast, gracefulRestart()] })
    raw.send(update, endOfRib)
    for (const other of [aware, plain]) t.match([await other.next(), await other.next()], [{ body: '00000000' }, { type: 'update' }])
    raw.reset()
    await until(() => peer().families['ipv4-unicast']?.staleState === 'long-lived')
    t.strictSame(Object.fromEntries(best), routes)
    t.match(await aware.next(), { body: /c00804ffff0006/ })
    t.match(await plain.next(), { body: /^000818(cb0071|c63364)18(cb0071|c63364)0000$/ })
    await until(() => best.size === 0)
  },
)
